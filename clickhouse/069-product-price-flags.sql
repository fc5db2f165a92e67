-- How the price of each article behaves. In: order_lines_rows. Out: people.

CREATE OR REPLACE VIEW product_price_flags
(
    stock_code String COMMENT 'SKU, or a code of stock_codes; case-sensitive',
    description Nullable(String) COMMENT 'Name of the article on a latest one of its lines that have one',
    price_flag LowCardinality(String) COMMENT 'First match: zero_or_manual = it was given away, entered by hand or is a code of stock_codes: its price says nothing; normal = one price; one_off_price_change = two prices, one after the other; oscillating_or_promotional = two prices in turns, such as a discount for quantity or an offer; complex = three prices or more: look at the price list',
    prices UInt64 COMMENT 'Number of distinct prices',
    min_price Decimal(18, 4) COMMENT 'Lowest price of one unit in the shop''s currency',
    max_price Decimal(18, 4) COMMENT 'Highest price of one unit',
    lines UInt64 COMMENT 'Number of lines',
    units Int64 COMMENT 'Number of units',
    first_invoiced_at DateTime64(6, 'UTC') COMMENT 'When the first of the lines was invoiced; microseconds',
    last_invoiced_at DateTime64(6, 'UTC') COMMENT 'When the last of the lines was invoiced; microseconds',
    computed_at DateTime64(3, 'UTC') COMMENT 'When the row was computed: at the moment of reading'
)
AS
SELECT
    stock_code,
    argMax(latest_description, until) AS description,
    count() AS prices,
    multiIf(
        max(is_unpriced), 'zero_or_manual',
        prices = 1, 'normal',
        prices > 2, 'complex',
        -- Of two periods, one is over before the other begins, or they overlap.
        min(until) < max(since), 'one_off_price_change',
        'oscillating_or_promotional'
    ) AS price_flag,
    min(unit_price) AS min_price,
    max(unit_price) AS max_price,
    sum(lines_of_price) AS lines,
    sum(units_of_price) AS units,
    min(since) AS first_invoiced_at,
    max(until) AS last_invoiced_at,
    now64(3, 'UTC') AS computed_at
FROM
(
    SELECT
        stock_code,
        unit_price,
        max(line_kind IN ('free', 'manual', 'non_product')) AS is_unpriced,
        min(invoiced_at) AS since,
        max(invoiced_at) AS until,
        count() AS lines_of_price,
        sum(quantity) AS units_of_price,
        argMax(o.description, invoiced_at) AS latest_description
    FROM order_lines_rows AS o FINAL
    WHERE line_kind NOT IN ('return', 'bad_debt')
    GROUP BY
        stock_code,
        unit_price
)
GROUP BY stock_code
ORDER BY stock_code
COMMENT 'One row per SKU, over its lines that are no returns or bad debts, lines without a customer and of any country included.';
