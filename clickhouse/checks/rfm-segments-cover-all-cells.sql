-- error: Each combination of RFM scores belongs to exactly one segment.
-- Kind: expression
-- Remedy: insert rows into rfm_segments until rfm_segment_cells names one segment for each cell; what comes with the
--   software is in clickhouse/061-rfm-segments.sql
SELECT r_score, f_score, m_score, segments
FROM rfm_segment_cells
WHERE length(segments) != 1
