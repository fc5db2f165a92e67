-- When users had spent more miles than they had. In: the ledgers in user_history_rows. Out: people, alerts.

CREATE TABLE IF NOT EXISTS balance_breaches_rows
(
    user_id String COMMENT 'User, as the producer names them',
    breaches Array(Tuple(opened_at DateTime64(6, 'UTC'), healed_at Nullable(DateTime64(6, 'UTC')), min_balance Int64, cause_event_id String)) COMMENT 'The times in which the balance was below zero, in order; empty = there was none',
    version UInt64 COMMENT 'Sum of the versions of the rows that it was computed from',
    made_by UInt64 COMMENT 'Checksum of the statement that computed it and of the reference data that the statement reads',
    computed_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'When it was computed'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY user_id
SETTINGS min_age_to_force_merge_seconds = 600, min_age_to_force_merge_on_partition_only = 1
COMMENT 'Breaches of every user as stored, one row per user whether they have any or not. Read the view balance_breaches.';

-- refresh balance_breaches_rows by user_id from user_history_rows
INSERT INTO balance_breaches_rows (user_id, breaches, version, made_by)
SELECT
    user_id,
    arrayMap(
        (opening, n) -> (
            ledger[opening].time,
            if(n <= length(healings), ledger[healings[n]].time, NULL),
            arrayMin(arraySlice(balances, opening, if(n <= length(healings), healings[n], length(balances) + 1) - opening)),
            ledger[opening].event_id
        ),
        openings,
        arrayEnumerate(openings)
    ) AS breaches,
    version,
    {made_by: UInt64} AS made_by
FROM
(
    SELECT
        user_id,
        arraySort(entry -> (entry.time, entry.event_id), groupArrayArrayIf(h.miles_ledger, h.events > 0)) AS ledger,
        arrayCumSum(entry -> entry.delta, ledger) AS balances,
        -- Before the first entry the balance is 0, so openings and healings take turns.
        arrayFilter(n -> balances[n] < 0 AND (n = 1 OR balances[n - 1] >= 0), arrayEnumerate(balances)) AS openings,
        arrayFilter(n -> balances[n] >= 0 AND n > 1 AND balances[n - 1] < 0, arrayEnumerate(balances)) AS healings,
        sum(h.version) AS version
    FROM user_history_rows AS h FINAL
    WHERE user_id IN ({stale})
    GROUP BY user_id
);

CREATE OR REPLACE VIEW balance_breaches
(
    user_id String COMMENT 'User, as the producer names them',
    opened_at DateTime64(6, 'UTC') COMMENT 'Time of the event that took the balance below zero; microseconds',
    healed_at Nullable(DateTime64(6, 'UTC')) COMMENT 'Time of the event that took it back to zero or above; NULL = it is still below',
    min_balance Int64 COMMENT 'Lowest balance meanwhile',
    cause_event_id String COMMENT 'event_id of the event that took the balance below zero',
    cause_event_time DateTime64(6, 'UTC') COMMENT 'Its time, which is opened_at',
    computed_at DateTime64(3, 'UTC') COMMENT 'When it was computed'
)
AS
SELECT
    user_id,
    breach.opened_at AS opened_at,
    breach.healed_at AS healed_at,
    breach.min_balance AS min_balance,
    breach.cause_event_id AS cause_event_id,
    breach.opened_at AS cause_event_time,
    computed_at
FROM balance_breaches_rows FINAL
ARRAY JOIN breaches AS breach
COMMENT 'Every time that a user''s miles balance, their events taken by (event_time, event_id), went from zero or above to below zero.';
