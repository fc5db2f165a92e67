-- Where every order line went. In: order_lines, customer_days. Out: people.

CREATE OR REPLACE VIEW order_line_reconciliation
(
    step LowCardinality(String) COMMENT 'rows_in = all accepted lines; return, bad_debt, manual, non_product, free, incomplete, sale = the lines of this kind (see line_kind of order_lines), which add up to rows_in; excluded_country = sales that the table countries leaves out; rows_out = sales that count for customers = sale less excluded_country',
    lines UInt64 COMMENT 'Number of lines, counted one by one in order_lines',
    lines_of_days UInt64 COMMENT 'The same number from what is stored per customer and day, and rows_out from customer_days',
    agrees Bool COMMENT 'Whether both are equal; while a processor writes they may differ for a moment',
    amount Decimal(38, 4) COMMENT 'Sum of quantity * unit_price of these lines, in the shop''s currency',
    computed_at DateTime64(3, 'UTC') COMMENT 'When the row was computed: at the moment of reading'
)
AS
WITH
    ['rows_in', 'return', 'bad_debt', 'manual', 'non_product', 'free', 'incomplete', 'sale', 'excluded_country', 'rows_out'] AS steps,
    (SELECT groupArrayIf(name, excluded) FROM countries FINAL) AS excluded_names,
    counted AS
    (
        SELECT
            arrayJoin(multiIf(
                line_kind != 'sale', ['rows_in', line_kind],
                has(excluded_names, ifNull(country, '')), ['rows_in', 'sale', 'excluded_country'],
                ['rows_in', 'sale', 'rows_out']
            )) AS step,
            sum(lines) AS lines,
            sum(amount) AS amount
        FROM
        (
            SELECT
                toString(line_kind) AS line_kind,
                country,
                count() AS lines,
                sum(quantity * toDecimal128(unit_price, 4)) AS amount
            FROM order_lines_rows FINAL
            GROUP BY
                line_kind,
                country
        )
        GROUP BY step
    ),
    folded AS
    (
        SELECT
            arrayJoin(multiIf(
                part.line_kind != 'sale', ['rows_in', part.line_kind],
                has(excluded_names, part.country), ['rows_in', 'sale', 'excluded_country'],
                ['rows_in', 'sale']
            )) AS step,
            sum(part.lines) AS lines
        FROM customer_day_rows FINAL
        ARRAY JOIN parts AS part
        GROUP BY step
        UNION ALL
        SELECT
            'rows_out' AS step,
            sum(lines) AS lines
        FROM customer_days
    )
SELECT
    s.step AS step,
    ifNull(c.lines, 0) AS lines,
    ifNull(f.lines, 0) AS lines_of_days,
    (lines = lines_of_days)::Bool AS agrees,
    ifNull(c.amount, 0) AS amount,
    now64(3, 'UTC') AS computed_at
FROM (SELECT arrayJoin(steps) AS step) AS s
LEFT JOIN counted AS c ON c.step = s.step
LEFT JOIN folded AS f ON f.step = s.step
ORDER BY indexOf(steps, step)
COMMENT 'What became of the order lines: rows in, rows of each kind, rows out, counted in two independent ways.';
