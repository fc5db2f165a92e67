-- When users were there. In: the fragments of sessions in user_history_rows. Out: the view `sessions`, fct_events.

CREATE TABLE IF NOT EXISTS user_sessions_rows
(
    user_id String COMMENT 'User, as the producer names them',
    started_at Array(DateTime64(6, 'UTC')) COMMENT 'Times of the first events of the sessions, ascending; microseconds',
    ended_at Array(DateTime64(6, 'UTC')) COMMENT 'Times of the last events of the sessions, in the same order; microseconds',
    events Array(UInt32) COMMENT 'Numbers of events of the sessions, in the same order',
    event_counts Array(Map(String, UInt32)) COMMENT 'Numbers of events by event type, in the same order',
    carried Array(Tuple(event_date Date, started_at DateTime64(6, 'UTC'), events UInt32)) COMMENT 'The days that began within a session: the day, when the session started, and how many of its events were before the day',
    version UInt64 COMMENT 'Sum of the versions of the rows that it was computed from',
    made_by UInt64 COMMENT 'Checksum of the statement that computed it and of the reference data that the statement reads',
    computed_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'When it was computed'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY user_id
SETTINGS min_age_to_force_merge_seconds = 600, min_age_to_force_merge_on_partition_only = 1
COMMENT 'Sessions of every user as stored, one row per user whether they have any or not. Read the view sessions.';

-- refresh user_sessions_rows by user_id from user_history_rows, 10000 at a time
INSERT INTO user_sessions_rows (user_id, started_at, ended_at, events, event_counts, carried, version, made_by)
WITH
    assumeNotNull((SELECT toInt64(round(ifNull(argMaxOrNull(session_gap_seconds, epoch), 1800) * 1000000)) FROM rules)) AS gap_microseconds,
    (SELECT ifNull(argMaxOrNull(timezone, epoch), 'UTC') FROM rules) AS zone
SELECT
    user_id,
    arrayMap(run -> run[1].start, runs) AS started_at,
    arrayMap(run -> arrayMax(fragment -> fragment.end, run), runs) AS ended_at,
    arrayMap(run -> toUInt32(arraySum(fragment -> fragment.events, run)), runs) AS events,
    arrayMap((run, n) -> if(length(run) = 1, run[1].event_counts, added_up[greatest(n, 1)]), runs, arrayCumSum(run -> length(run) > 1, runs)) AS event_counts,
    arrayFlatten(arrayMap(
        run -> arrayMap(
            day -> (day, run[1].start, toUInt32(arraySum(fragment -> if(toDate(fragment.start, zone) < day, fragment.events, 0), run))),
            arrayFilter(day -> day > toDate(run[1].start, zone), arrayDistinct(arrayMap(fragment -> toDate(fragment.start, zone), run)))
        ),
        arrayFilter(run -> toDate(run[-1].start, zone) > toDate(run[1].start, zone), runs)
    )) AS carried,
    version,
    {made_by: UInt64} AS made_by
FROM
(
    SELECT
        user_id,
        arraySort(fragment -> fragment.start, groupArrayArrayIf(h.session_fragments, h.events > 0)) AS fragments,
        arraySort(arrayMap(fragment -> toUnixTimestamp64Micro(fragment.end), fragments)) AS ends,
        -- Fragments of several sources may overlap. All before the n-th one are over, by more than the
        -- gap, exactly when n - 1 of all ends are: those after it end after it starts.
        arraySplit(
            (fragment, n) -> n > 1 AND toUnixTimestamp64Micro(fragment.start) - ends[n - 1] > gap_microseconds,
            fragments,
            arrayEnumerate(fragments)
        ) AS runs,
        -- Nearly all sessions are one fragment; only of the others the counts have to be added up.
        arrayMap(
            run -> CAST(arrayReduce('sumMap', arrayMap(fragment -> fragment.event_counts, run)), 'Map(String, UInt32)'),
            arrayFilter(run -> length(run) > 1, runs)
        ) AS added_up,
        sum(h.version) AS version
    FROM user_history_rows AS h FINAL
    WHERE user_id IN ({stale})
    GROUP BY user_id
);

CREATE OR REPLACE VIEW sessions
(
    session_id String COMMENT 'Identity of the session: a hash of user_id and started_at, 32 hexadecimal digits',
    user_id String COMMENT 'User, as the producer names them',
    event_date Date COMMENT 'Calendar day on which the session started, in the configured time zone',
    started_at DateTime64(6, 'UTC') COMMENT 'Time of the first event; microseconds',
    ended_at DateTime64(6, 'UTC') COMMENT 'Time of the last event; microseconds',
    duration_seconds Float64 COMMENT 'From the first to the last event, in seconds, to the microsecond; 0 for a single event',
    events UInt32 COMMENT 'Number of events, without server-side ones',
    event_counts Map(String, UInt32) COMMENT 'Number of events by event type, without server-side ones',
    computed_at DateTime64(3, 'UTC') COMMENT 'When it was computed'
)
AS
WITH
    (SELECT ifNull(argMaxOrNull(timezone, epoch), 'UTC') FROM rules) AS zone
SELECT
    lower(hex(sipHash128(user_id, toUnixTimestamp64Micro(started)))) AS session_id,
    user_id,
    toDate(started, zone) AS event_date,
    started AS started_at,
    ended AS ended_at,
    (toUnixTimestamp64Micro(ended) - toUnixTimestamp64Micro(started)) / 1000000 AS duration_seconds,
    number_of_events AS events,
    counts AS event_counts,
    computed_at
FROM user_sessions_rows FINAL
ARRAY JOIN
    user_sessions_rows.started_at AS started,
    user_sessions_rows.ended_at AS ended,
    user_sessions_rows.events AS number_of_events,
    user_sessions_rows.event_counts AS counts
COMMENT 'One row per session: a maximal run of a user''s events, without server-side ones, in which no gap is longer than the session gap. It may cross midnight and belongs to the day on which it starts.';
