-- Numbers that views are computed with, besides the rules. In: the processor, from its configuration. Out: views.

CREATE TABLE IF NOT EXISTS view_settings
(
    name LowCardinality(String) COMMENT 'Name of the setting',
    value Float64 COMMENT 'Its value',
    description String COMMENT 'What it decides, with its unit',
    updated_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'When the row was written; the latest row of a name counts. Rows that come with the software carry a time in 1970'
)
ENGINE = ReplacingMergeTree(updated_at)
ORDER BY name
SETTINGS min_age_to_force_merge_seconds = 1
COMMENT 'Settings of views: what decides neither an outcome nor a fold, but what a view shows. Read with FINAL.';

INSERT INTO view_settings (name, value, description, updated_at) VALUES
    ('source_idle_seconds', 3600, 'A Kafka partition is idle when its last record is more than so many seconds of record time behind the newest of its stream', 1);
