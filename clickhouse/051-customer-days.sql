-- What each customer bought each day. In: the processor. Out: the view `customer_days`.

CREATE TABLE IF NOT EXISTS customer_day_rows
(
    event_date Date COMMENT 'Calendar day in the configured time zone',
    bucket UInt8 COMMENT 'Bucket of the customer, a hash of customer_id: the unit in which the processor loads customers',
    customer_id String COMMENT 'Customer; empty for the lines of unknown ones',
    source LowCardinality(String) COMMENT 'Source whose lines are folded here: topic/partition, file:NAME, or SOURCE#late',
    lines UInt32 COMMENT 'Number of distinct accepted lines of any kind' CODEC(T64, LZ4),
    parts Array(Tuple(invoice_no String, country String, line_kind String, lines UInt32, units Int64, amount Decimal(38, 4))) COMMENT 'The lines summed by invoice, country (as the shop writes it, empty when unknown) and kind, sorted by them: their number, their units, and the sum of quantity * unit_price',
    version UInt64 COMMENT 'rules epoch * 2^32 + number of distinct accepted lines: the highest row of a key counts',
    updated_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'When the row was stored' CODEC(Delta, LZ4)
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY toYYYYMM(event_date)
ORDER BY (event_date, bucket, customer_id, source)
SETTINGS min_age_to_force_merge_seconds = 600, min_age_to_force_merge_on_partition_only = 1
COMMENT 'Aggregates per day, customer and source as stored; the row with the highest version of a key counts. Read the view customer_days.';

CREATE OR REPLACE VIEW customer_days
(
    event_date Date COMMENT 'Calendar day in the configured time zone',
    customer_id String COMMENT 'Customer; lines without one are not here',
    country Nullable(String) COMMENT 'Country of most of the day''s lines in one spelling (see countries), of equally many the first by name; NULL unknown',
    orders UInt64 COMMENT 'Distinct invoices with a sale; 0 on a day of returns only',
    invoices Array(String) COMMENT 'These invoices, sorted',
    lines UInt64 COMMENT 'Number of lines of the kind sale',
    units Int64 COMMENT 'Units sold',
    revenue Decimal(38, 4) COMMENT 'Sum of quantity * unit_price of the sales, in the shop''s currency',
    returned_lines UInt64 COMMENT 'Number of lines of the kind return',
    returned_revenue Decimal(38, 4) COMMENT 'What was returned or cancelled, never below 0: the amounts of the returns summed by invoice, without their sign',
    net_revenue Decimal(38, 4) COMMENT 'Revenue less returned_revenue',
    updated_at DateTime64(3, 'UTC') COMMENT 'When the latest of the rows was stored',
    computed_at DateTime64(3, 'UTC') COMMENT 'When the row was computed: at the moment of reading'
)
AS
WITH
    (SELECT (groupArray(name), groupArray(country), groupArrayIf(name, excluded)) FROM countries FINAL) AS spellings
SELECT
    event_date,
    customer_id,
    sumMap([mapped_country], [lines_of_invoice]) AS lines_by_country,
    nullIf(lines_by_country.1[indexOf(lines_by_country.2, arrayMax(lines_by_country.2))], '') AS country,
    uniqExactIf(invoice_no, is_sale) AS orders,
    arraySort(groupUniqArrayIf(invoice_no, is_sale)) AS invoices,
    sumIf(lines_of_invoice, is_sale) AS lines,
    sumIf(units_of_invoice, is_sale) AS units,
    sumIf(amount_of_invoice, is_sale) AS revenue,
    sumIf(lines_of_invoice, NOT is_sale) AS returned_lines,
    sumIf(abs(amount_of_invoice), NOT is_sale) AS returned_revenue,
    revenue - returned_revenue AS net_revenue,
    max(stored_at) AS updated_at,
    now64(3, 'UTC') AS computed_at
FROM
(
    -- The sources of a customer's day are combined here: an invoice may come by several.
    SELECT
        event_date,
        customer_id,
        part.invoice_no AS invoice_no,
        part.line_kind = 'sale' AS is_sale,
        transform(part.country, spellings.1, spellings.2, part.country) AS mapped_country,
        sum(part.lines) AS lines_of_invoice,
        sum(part.units) AS units_of_invoice,
        sum(part.amount) AS amount_of_invoice,
        max(updated_at) AS stored_at
    FROM customer_day_rows FINAL
    ARRAY JOIN parts AS part
    WHERE customer_id != '' AND part.line_kind IN ('sale', 'return') AND NOT has(spellings.3, part.country)
    GROUP BY
        event_date,
        customer_id,
        invoice_no,
        is_sale,
        mapped_country
)
GROUP BY
    event_date,
    customer_id
COMMENT 'What each customer bought and returned each day: one row per day and known customer with a sale or a return. Countries that count for nothing (see countries) are left out.';
