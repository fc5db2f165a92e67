-- The platforms that producers name. In: people.

CREATE TABLE IF NOT EXISTS platforms
(
    platform String COMMENT 'Name in lower case',
    aliases Array(String) COMMENT 'Other names under which producers send it; they are stored as platform',
    description String COMMENT 'What it means',
    updated_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'When the row was written; the latest row of a platform counts. Rows that come with the software carry a time in 1970'
)
ENGINE = ReplacingMergeTree(updated_at)
ORDER BY platform
SETTINGS min_age_to_force_merge_seconds = 1
COMMENT 'Reference: platforms and their other names. Processors take a change up when they start.';

INSERT INTO platforms (platform, aliases, description, updated_at) VALUES
    ('ios', ['iphone', 'ipad', 'iphone os', 'ipados'], 'Apple''s phones and tablets', 1),
    ('android', [], 'Android phones and tablets', 1),
    ('web', ['www', 'website', 'browser'], 'A browser', 1),
    ('desktop', [], 'A program on a desktop computer', 1),
    ('tablet', [], 'A tablet that names no system', 1);
