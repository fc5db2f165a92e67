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
