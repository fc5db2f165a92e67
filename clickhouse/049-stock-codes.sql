-- Codes in the place of an SKU that say that a line is no sale of an article. In: people.

CREATE TABLE IF NOT EXISTS stock_codes
(
    stock_code String COMMENT 'Code in upper case, compared with the whole upper-cased stock_code of a line',
    line_kind Enum8('manual' = 1, 'non_product' = 2, 'none' = 0) COMMENT 'What such a line is; none = an article like any other',
    description String COMMENT 'What it means',
    updated_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'When the row was written; the latest row of a code counts. Rows that come with the software carry a time in 1970'
)
ENGINE = ReplacingMergeTree(updated_at)
ORDER BY stock_code
SETTINGS min_age_to_force_merge_seconds = 1
COMMENT 'Reference: stock codes that are no articles. Processors take a change up when they start.';

INSERT INTO stock_codes (stock_code, line_kind, description, updated_at) VALUES
    ('M', 'manual', 'Manual entry', 1),
    ('C2', 'manual', 'Carriage, entered by hand', 1),
    ('POST', 'non_product', 'Postage', 1),
    ('DOT', 'non_product', 'Postage of web orders', 1),
    ('D', 'non_product', 'Discount', 1),
    ('S', 'non_product', 'Samples', 1),
    ('B', 'non_product', 'Adjustment of bad debt', 1),
    ('CRUK', 'non_product', 'Commission to a charity', 1),
    ('PADS', 'non_product', 'Pads to match all cushions', 1),
    ('BANK CHARGES', 'non_product', 'Charges of the bank', 1),
    ('AMAZONFEE', 'non_product', 'Fee of a marketplace', 1);
