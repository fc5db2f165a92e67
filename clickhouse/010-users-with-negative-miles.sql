-- Who has spent more miles than they had. In: users and their ledgers. Out: people.

CREATE OR REPLACE VIEW users_with_negative_miles
(
    user_id String COMMENT 'User, as the producer names them',
    first_seen_at DateTime64(6, 'UTC') COMMENT 'Time of the first event; microseconds',
    first_seen_date Date COMMENT 'Calendar day of the first event in the configured time zone',
    last_seen_at DateTime64(6, 'UTC') COMMENT 'Time of the last event; microseconds',
    last_seen_date Date COMMENT 'Calendar day of the last event in the configured time zone',
    total_miles_earned Int64 COMMENT 'Sum of the miles earned',
    total_miles_redeemed Int64 COMMENT 'Sum of the miles redeemed',
    current_miles_balance Int64 COMMENT 'Miles earned less miles redeemed; below zero',
    negative_amount UInt64 COMMENT 'By how many miles the balance is below zero',
    miles_earned_transactions UInt64 COMMENT 'Number of events that earned miles',
    miles_redeemed_transactions UInt64 COMMENT 'Number of events that redeemed miles',
    flagged_at DateTime64(6, 'UTC') COMMENT 'Time of the event since which the balance has been below zero without a break, events taken by (event_time, event_id)',
    computed_at DateTime64(3, 'UTC') COMMENT 'When the row was computed: at the moment of reading'
)
AS
WITH
    debtors AS
    (
        SELECT *
        FROM dim_users
        WHERE has_negative_balance
    ),
    ledgers AS
    (
        SELECT
            user_id,
            arraySort(entry -> (entry.time, entry.event_id), groupArrayArray(miles_ledger)) AS ledger,
            arrayCumSum(entry -> entry.delta, ledger) AS balances,
            -- The balance is below zero at the end, so this is the entry after the last one at which it was not.
            ledger[arrayLastIndex(balance -> balance >= 0, balances) + 1].time AS flagged_at
        FROM user_day_rows FINAL
        WHERE events > 0 AND user_id IN (SELECT user_id FROM debtors)
        GROUP BY user_id
    )
SELECT
    u.user_id AS user_id,
    u.first_seen_at AS first_seen_at,
    u.first_seen_date AS first_seen_date,
    u.last_seen_at AS last_seen_at,
    u.last_seen_date AS last_seen_date,
    u.total_miles_earned AS total_miles_earned,
    u.total_miles_redeemed AS total_miles_redeemed,
    u.current_miles_balance AS current_miles_balance,
    abs(u.current_miles_balance) AS negative_amount,
    u.miles_earned_transactions AS miles_earned_transactions,
    u.miles_redeemed_transactions AS miles_redeemed_transactions,
    l.flagged_at AS flagged_at,
    u.computed_at AS computed_at
FROM debtors AS u
INNER JOIN ledgers AS l ON l.user_id = u.user_id
ORDER BY
    current_miles_balance,
    user_id
COMMENT 'Users whose miles balance is below zero, the worst first.';
