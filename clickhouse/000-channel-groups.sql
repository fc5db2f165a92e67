-- Which marketing sources belong to which channel. In: people. Out: the column channel_group of `events`.

CREATE TABLE IF NOT EXISTS channel_groups
(
    pattern String COMMENT 'A utm_source in lower case; * stands for any characters',
    channel_group LowCardinality(String) COMMENT 'organic, paid, social, referral or other',
    priority UInt16 DEFAULT 100 COMMENT 'Of several patterns that fit, the one with the lowest priority counts, then the first by name',
    updated_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'When the row was written; the latest row of a pattern counts. Rows that come with the software carry a time in 1970'
)
ENGINE = ReplacingMergeTree(updated_at)
ORDER BY pattern
SETTINGS min_age_to_force_merge_seconds = 1
COMMENT 'Reference: channel group of a utm_source. Insert a row to add or change one; events follow at once.';

INSERT INTO channel_groups (pattern, channel_group, priority, updated_at) VALUES
    ('organic', 'organic', 10, 1),
    ('google', 'paid', 10, 1),
    ('facebook', 'social', 10, 1),
    ('instagram', 'social', 10, 1),
    ('tiktok', 'social', 10, 1),
    ('twitter', 'social', 10, 1),
    ('x', 'social', 10, 1),
    ('linkedin', 'social', 10, 1),
    ('youtube', 'social', 10, 1),
    ('pinterest', 'social', 10, 1),
    ('reddit', 'social', 10, 1),
    ('snapchat', 'social', 10, 1),
    ('threads', 'social', 10, 1),
    ('referral', 'referral', 10, 1),
    ('*cpc*', 'paid', 20, 1),
    ('*ads*', 'paid', 20, 1);

CREATE OR REPLACE VIEW channel_group_expressions
(
    expression String COMMENT 'The pattern as a regular expression',
    channel_group LowCardinality(String) COMMENT 'organic, paid, social, referral or other'
)
AS
SELECT
    concat('^', replaceAll(regexpQuoteMeta(pattern), '\\*', '.*'), '$') AS expression,
    channel_group
FROM channel_groups FINAL
ORDER BY
    priority,
    pattern
COMMENT 'The patterns of channel_groups in the order in which they are tried.';
