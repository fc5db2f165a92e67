-- The rules under which events were accepted and folded. In: the processor. Out: people, views.

CREATE TABLE IF NOT EXISTS rules
(
    epoch UInt32 COMMENT 'Number of this set of rules: 1, 2, 3, … in the order in which they were taken into use; the highest one counts',
    fingerprint String COMMENT 'Hash of whatever in the rules decides an outcome or a fold; hexadecimal',
    rules String COMMENT 'The rules as JSON',
    timezone String DEFAULT JSONExtractString(rules, 'timezone') COMMENT 'IANA time zone that decides to which calendar day an event belongs',
    lookback_days Nullable(UInt32) DEFAULT JSONExtract(rules, 'lookbackDays', 'Nullable(UInt32)') COMMENT 'How many calendar days an event may be behind the watermark''s day; NULL = any number',
    session_gap_seconds Float64 DEFAULT JSONExtractFloat(rules, 'sessionGapSeconds') COMMENT 'Largest gap between neighbouring events of one session, in seconds',
    recorded_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'When they were taken into use'
)
ENGINE = MergeTree
ORDER BY epoch
-- An insert that names the epoch as its deduplication token is taken only if none was before it.
SETTINGS non_replicated_deduplication_window = 1000
COMMENT 'Every set of rules that was ever in use: time zone, lookback, session gap, event types and the like.';
