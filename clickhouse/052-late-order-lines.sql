-- Order lines that came too late for their day. In: the processor. Out: the view `late_order_lines`.

CREATE TABLE IF NOT EXISTS late_order_lines_rows
(
    event_date Date COMMENT 'Calendar day of invoiced_at in the configured time zone',
    bucket UInt8 COMMENT 'Bucket of the customer, a hash of customer_id: the unit in which the processor loads customers',
    customer_id String COMMENT 'Who bought; nobody named when unknown',
    line_id String COMMENT 'Identity of the line within its customer and day, as the producer gave it' CODEC(ZSTD(1)),
    invoice_no String COMMENT 'Invoice that the line belongs to',
    stock_code String COMMENT 'What was sold (SKU), or a code of stock_codes; case-sensitive',
    description Nullable(String) COMMENT 'Name of the article as printed on the invoice' CODEC(ZSTD(1)),
    quantity Int32 COMMENT 'Units; negative for a return, never 0',
    unit_price Decimal(18, 4) COMMENT 'Price of one unit in the shop''s currency',
    invoiced_at DateTime64(6, 'UTC') COMMENT 'When the invoice was made; microseconds' CODEC(Delta, LZ4),
    country LowCardinality(Nullable(String)) COMMENT 'Country of the customer as the shop writes it',
    line_kind LowCardinality(String) COMMENT 'What the line is, first match: return = quantity below 0, or an invoice that starts with C; bad_debt = the description is Adjust bad debt; manual, non_product = the code is one of stock_codes (entered by hand; postage, fees, samples and the like); free = the price is 0; incomplete = no customer or no description; sale = an article sold to a known customer',
    source LowCardinality(String) COMMENT 'Where it was read: topic/partition, file:NAME, or a branch of it such as SOURCE#late',
    offset UInt64 COMMENT 'Position of the record in its source' CODEC(T64, LZ4),
    record_time Nullable(DateTime64(3, 'UTC')) COMMENT 'Timestamp of the record (Kafka''s, or when the file was first read); milliseconds; NULL when it has none' CODEC(T64, LZ4),
    rules_epoch UInt32 COMMENT 'Epoch of the rules under which the row was made' CODEC(T64, LZ4),
    ingested_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'When the row was stored; milliseconds' CODEC(Delta, LZ4),
    days_late UInt16 COMMENT 'By how many calendar days the line is behind the watermark''s day',
    applied_at Nullable(DateTime64(3, 'UTC')) COMMENT 'When the line was applied on demand; NULL = not applied',
    version UInt64 MATERIALIZED ifNull(toUInt64(toUnixTimestamp64Milli(applied_at)), 0) COMMENT 'Which row of a record counts: one that was applied before one that was not, however often the record is read again'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (source, offset)
COMMENT 'Late order lines as stored; a record that was read twice counts once after merging. Read the view late_order_lines.';

CREATE OR REPLACE VIEW late_order_lines
(
    event_date Date COMMENT 'Calendar day of invoiced_at in the configured time zone',
    customer_id Nullable(String) COMMENT 'Who bought; nobody named when unknown',
    line_id String COMMENT 'Identity of the line within its customer and day, as the producer gave it',
    invoice_no String COMMENT 'Invoice that the line belongs to',
    stock_code String COMMENT 'What was sold (SKU), or a code of stock_codes; case-sensitive',
    description Nullable(String) COMMENT 'Name of the article as printed on the invoice',
    quantity Int32 COMMENT 'Units; negative for a return, never 0',
    unit_price Decimal(18, 4) COMMENT 'Price of one unit in the shop''s currency',
    amount Decimal(38, 4) COMMENT 'quantity * unit_price in the shop''s currency',
    invoiced_at DateTime64(6, 'UTC') COMMENT 'When the invoice was made; microseconds',
    country LowCardinality(Nullable(String)) COMMENT 'Country of the customer as the shop writes it',
    mapped_country LowCardinality(Nullable(String)) COMMENT 'The same in one spelling, by the table countries as it is now',
    country_excluded Bool COMMENT 'Whether the table countries says that it is none: the line counts for no customer',
    line_kind LowCardinality(String) COMMENT 'What the line is, first match: return = quantity below 0, or an invoice that starts with C; bad_debt = the description is Adjust bad debt; manual, non_product = the code is one of stock_codes (entered by hand; postage, fees, samples and the like); free = the price is 0; incomplete = no customer or no description; sale = an article sold to a known customer',
    source LowCardinality(String) COMMENT 'Where it was read: topic/partition, file:NAME, or a branch of it such as SOURCE#late',
    offset UInt64 COMMENT 'Position of the record in its source',
    record_time Nullable(DateTime64(3, 'UTC')) COMMENT 'Timestamp of the record (Kafka''s, or when the file was first read); milliseconds; NULL when it has none',
    ingested_at DateTime64(3, 'UTC') COMMENT 'When the row was stored; milliseconds',
    days_late UInt16 COMMENT 'By how many calendar days the line is behind the watermark''s day',
    applied_at Nullable(DateTime64(3, 'UTC')) COMMENT 'When the line was applied on demand; NULL = not applied'
)
AS
WITH
    (SELECT (groupArray(name), groupArray(country), groupArrayIf(name, excluded)) FROM countries FINAL) AS spellings
SELECT
    event_date,
    nullIf(customer_id, '') AS customer_id,
    line_id,
    invoice_no,
    stock_code,
    description,
    quantity,
    unit_price,
    quantity * toDecimal128(unit_price, 4) AS amount,
    invoiced_at,
    country,
    transform(country, spellings.1, spellings.2, country) AS mapped_country,
    has(spellings.3, ifNull(country, ''))::Bool AS country_excluded,
    line_kind,
    source,
    offset,
    record_time,
    ingested_at,
    days_late,
    applied_at
FROM late_order_lines_rows FINAL
COMMENT 'Lines of invoices behind the lookback of their source, kept until they are applied on demand; one row per record.';
