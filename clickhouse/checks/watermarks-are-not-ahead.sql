-- warn: No source is ahead of the clock by more than a day: days up to there would be settled too early.
-- Kind: range
-- Remedy: a producer's clock was wrong and its record had no time to compare with; MAX_FUTURE_SKEW_SECONDS refuses such events where it has
SELECT stream, source, watermark
FROM source_progress
WHERE watermark > now() + INTERVAL 1 DAY
