-- How far customers are on their way out. In: people. Out: churn_risk_group.

CREATE TABLE IF NOT EXISTS churn_groups
(
    churn_risk_group LowCardinality(String) COMMENT 'Name of the group',
    up_to_days Nullable(UInt32) COMMENT 'Longest recency_days of the group; of several that fit, the shortest counts; NULL: no limit',
    description String COMMENT 'What it means, and what to do about it',
    updated_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'When the row was written; the latest row of a group counts. Rows that come with the software carry a time in 1970'
)
ENGINE = ReplacingMergeTree(updated_at)
ORDER BY churn_risk_group
SETTINGS min_age_to_force_merge_seconds = 1
COMMENT 'Reference: groups of customers by the days since their last order. Who is churned (more than CHURN_DAYS) is in Churned, whatever else would fit. Insert a row to add or change one; every view follows at once. Read with FINAL.';

INSERT INTO churn_groups (churn_risk_group, up_to_days, description, updated_at) VALUES
    ('Low', 30, 'Bought lately: nothing to do', 1),
    ('Medium', 60, 'Has not bought for a while: remind them', 1),
    ('High', NULL, 'Is about to be gone: make an offer now', 1),
    ('Churned', 0, 'More than CHURN_DAYS without an order: counts as lost; winning back costs more than keeping', 1);
