-- In: a number of users and of days. Users begin on any of {spread} days, the first of them {before} days before the first
-- day, and stay for {life} days. Out: their user-days of three events each, in user_day_rows.
INSERT INTO user_day_rows
(
    event_date, bucket, user_id, source, events, event_counts, first_event_at, last_event_at, first_event_id,
    first_platform, first_utm_source, first_country, platforms, platform_counts, miles_earned, miles_redeemed,
    miles_earned_events, miles_redeemed_events, session_fragments, miles_ledger, version
)
SELECT
    toDate('2025-01-01') + day AS event_date,
    toUInt8(cityHash64(user) % 64) AS bucket,
    concat('user-', leftPad(toString(user), 7, '0')) AS user_id,
    concat('app-events/', toString(user % 4)) AS source,
    3 AS events,
    map('page_view', 2, kind, 1) AS event_counts,
    toDateTime64(event_date, 6, 'UTC') + (h % 40000) AS first_event_at,
    first_event_at + 5000 AS last_event_at,
    toString(h) AS first_event_id,
    ['ios', 'android', 'web'][1 + h % 3] AS first_platform,
    ['google', 'organic', 'facebook', 'referral', 'elsewhere'][1 + user % 5] AS first_utm_source,
    'DE' AS first_country,
    [assumeNotNull(first_platform)] AS platforms,
    CAST(map((assumeNotNull(first_platform), 'page_view'), 2, (assumeNotNull(first_platform), kind), 1), 'Map(Tuple(String, String), UInt32)') AS platform_counts,
    if(kind = 'miles_earned', 50, 0) AS miles_earned,
    if(kind = 'miles_redeemed', 70, 0) AS miles_redeemed,
    miles_earned > 0 AS miles_earned_events,
    miles_redeemed > 0 AS miles_redeemed_events,
    [(first_event_at, first_event_at + 60, 2, map('page_view', 2)), (last_event_at, last_event_at, 1, map(kind, 1))] AS session_fragments,
    if(startsWith(kind, 'miles'), [(last_event_at, toString(h), miles_earned - miles_redeemed)], []) AS miles_ledger,
    4294967296 + 3 AS version
FROM
(
    SELECT
        intDiv(number, {days: UInt32}) AS user,
        toInt32(number % {days: UInt32}) AS day,
        toInt32(cityHash64(user) % {spread: UInt32}) - {before: Int32} AS first_day,
        cityHash64(number) AS h,
        ['share', 'like', 'reward_search', 'miles_earned', 'miles_redeemed'][1 + intDiv(h, 1000) % 5] AS kind
    FROM numbers(toUInt64({users: UInt32}) * {days: UInt32})
    WHERE day >= first_day
        AND day < first_day + {life: UInt32}
        AND (intDiv(h, 100000) % 100 < 58 + cityHash64(user, 2) % 5 OR day = first_day)
)
SETTINGS optimize_on_insert = 0, max_insert_threads = 2
