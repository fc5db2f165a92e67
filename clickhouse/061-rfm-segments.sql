-- What the scores of recency, frequency and money say of a customer. In: people. Out: rfm_segmentation.

CREATE TABLE IF NOT EXISTS rfm_segments
(
    rfm_segmentation LowCardinality(String) COMMENT 'Name of the segment',
    part UInt8 COMMENT 'Number of the range within its segment, which may have several',
    r_from UInt8 COMMENT 'Lowest r_score of the range, 1 to 5; 5 = bought most recently',
    r_to UInt8 COMMENT 'Highest r_score; below r_from, the range is empty',
    f_from UInt8 COMMENT 'Lowest f_score of the range, 1 to 5; 5 = most orders',
    f_to UInt8 COMMENT 'Highest f_score',
    m_from UInt8 COMMENT 'Lowest m_score of the range, 1 to 5; 5 = most revenue',
    m_to UInt8 COMMENT 'Highest m_score',
    description String COMMENT 'Who these customers are, and what to do about them',
    updated_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'When the row was written; the latest row of a segment and part counts. Rows that come with the software carry a time in 1970'
)
ENGINE = ReplacingMergeTree(updated_at)
ORDER BY (rfm_segmentation, part)
SETTINGS min_age_to_force_merge_seconds = 1
COMMENT 'Reference: ranges of scores that make a segment. Together they cover each of the 125 cells exactly once, which `tidemark check` sees to. Insert rows to change them; every view follows at once. Read with FINAL.';

INSERT INTO rfm_segments (rfm_segmentation, part, r_from, r_to, f_from, f_to, m_from, m_to, description, updated_at) VALUES
    ('Champions', 1, 4, 5, 4, 5, 4, 5, 'Bought lately, buy often, spend most: reward them, let them see new things first', 1),
    ('Loyal Customers', 1, 3, 3, 4, 5, 1, 5, 'Buy often: offer what is worth more, ask for reviews', 1),
    ('Loyal Customers', 2, 4, 5, 4, 5, 1, 3, 'Buy often: offer what is worth more, ask for reviews', 1),
    ('Potential Loyalists', 1, 4, 5, 2, 3, 1, 5, 'Bought lately and more than once: offer a membership, recommend what goes with their purchases', 1),
    ('New Customers', 1, 5, 5, 1, 1, 1, 5, 'Have just begun: help them to a good start, bring them to a second order', 1),
    ('Promising', 1, 4, 4, 1, 1, 1, 5, 'Bought not long ago, once or nearly so: make the shop known to them', 1),
    ('Need Attention', 1, 3, 3, 3, 3, 1, 5, 'Middling in everything: offers that end soon, based on what they bought', 1),
    ('About to Sleep', 1, 3, 3, 1, 2, 1, 5, 'Buy seldom and have been away for a while: remind them before they are gone', 1),
    ('At Risk', 1, 1, 2, 1, 2, 3, 5, 'Used to spend or buy well, long ago: write to them in person', 1),
    ('At Risk', 2, 1, 2, 3, 3, 1, 5, 'Used to spend or buy well, long ago: write to them in person', 1),
    ('At Risk', 3, 1, 2, 4, 5, 1, 3, 'Used to spend or buy well, long ago: write to them in person', 1),
    ('Cannot Lose Them', 1, 1, 2, 4, 5, 4, 5, 'Were among the best and stay away: win them back, talk to them', 1),
    ('Hibernating', 1, 1, 2, 1, 2, 1, 2, 'Long ago, seldom, little: do not spend much on them', 1);

CREATE OR REPLACE VIEW rfm_segment_cells
(
    r_score UInt8 COMMENT 'Score of recency, 1 to 5',
    f_score UInt8 COMMENT 'Score of frequency, 1 to 5',
    m_score UInt8 COMMENT 'Score of money, 1 to 5',
    segments Array(String) COMMENT 'Segments whose ranges cover the cell, once per range: exactly one, or the ranges are wrong'
)
AS
SELECT
    toUInt8(intDiv(number, 25) + 1) AS r_score,
    toUInt8(intDiv(number, 5) % 5 + 1) AS f_score,
    toUInt8(number % 5 + 1) AS m_score,
    arraySort(groupArrayIf(
        toString(s.rfm_segmentation),
        (r_score BETWEEN s.r_from AND s.r_to) AND (f_score BETWEEN s.f_from AND s.f_to) AND (m_score BETWEEN s.m_from AND s.m_to)
    )) AS segments
FROM numbers(125) AS cells
LEFT JOIN
(
    SELECT *
    FROM rfm_segments FINAL
) AS s ON 1
GROUP BY number
ORDER BY number
COMMENT 'Each of the 125 cells of scores with the segments that cover it.';
