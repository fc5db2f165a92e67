-- Up to which day every stream is there. In: progress lines and rules. Out: the calendar of the day tables, is_complete.

CREATE OR REPLACE VIEW stream_watermarks
(
    stream LowCardinality(String) COMMENT 'Stream, such as app-events',
    live_sources UInt64 COMMENT 'Kafka partitions that are not idle and files that are being read just now, of those with a watermark',
    last_day Date COMMENT 'Calendar day of the latest watermark of any source',
    settled_day Date COMMENT 'Calendar day of the earliest watermark of the live sources; with none live, last_day',
    complete_before Date COMMENT 'Days before this one are complete: settled_day less the lookback',
    computed_at DateTime64(3, 'UTC') COMMENT 'When the row was computed: at the moment of reading'
)
AS
WITH
    (SELECT ifNull(argMaxOrNull(timezone, epoch), 'UTC') FROM rules) AS zone,
    -- Without any rules yet it is the default; a lookback without end completes no day.
    (SELECT if(count() = 0, 2, ifNull(argMax(tuple(lookback_days), epoch).1, 65535)) FROM rules) AS lookback,
    (SELECT argMax(value, updated_at) FROM view_settings WHERE name = 'source_idle_seconds') AS idle_seconds,
    (SELECT maxOrNull(expires_at) FROM leases_rows FINAL WHERE name = 'cold_writes' AND expires_at > now64(3)) AS cold_writes_until,
    sources AS
    (
        SELECT
            stream,
            watermark,
            extract(source, '^([^/:]+/[0-9]+)(?:@[0-9]+)?$') AS log,
            log != '' AS of_kafka,
            toUInt32OrZero(extract(source, '@([0-9]+)$')) AS generation,
            -- A recreated topic is another log: its forerunner gets no more records.
            generation = max(generation) OVER (PARTITION BY stream, log) AS newest_log,
            ifNull(last_record_time >= max(last_record_time) OVER (PARTITION BY stream) - toIntervalMillisecond(1000 * idle_seconds), true) AS recent,
            -- Whoever reads a file holds the lease, and stores its progress several times a minute.
            NOT endsWith(source, '#late') AND ifNull(updated_at > cold_writes_until - INTERVAL 1 MINUTE, false) AS being_read,
            if(of_kafka, newest_log AND recent, being_read) AS live
        FROM source_progress
    )
SELECT
    stream,
    countIf(live) AS live_sources,
    max(toDate(assumeNotNull(watermark), zone)) AS last_day,
    if(live_sources = 0, last_day, minIf(toDate(assumeNotNull(watermark), zone), live)) AS settled_day,
    toDate(greatest(toInt32(settled_day) - toInt32(lookback), 0)) AS complete_before,
    now64(3, 'UTC') AS computed_at
FROM sources
WHERE watermark IS NOT NULL
GROUP BY stream
COMMENT 'Per stream the day of the latest watermark, and before which day everything is complete: events are no longer taken in there, but for late ones that are applied on demand.';
