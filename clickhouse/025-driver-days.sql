-- What was done on each day. In: user_day_rows and the catalogue. Out: growth_drivers, miles_analytics.

CREATE TABLE IF NOT EXISTS driver_days_rows
(
    event_date Date COMMENT 'Calendar day in the configured time zone',
    active_events UInt64 COMMENT 'Accepted events of active types',
    active_miles_earned Int64 COMMENT 'Miles earned, of active types; where a user earned by active and by other types on one day, all of that day',
    active_miles_redeemed Int64 COMMENT 'Miles redeemed, likewise',
    active_earning_users UInt64 COMMENT 'Distinct users who earned miles, likewise',
    active_redeeming_users UInt64 COMMENT 'Distinct users who redeemed miles, likewise',
    active_earning_events UInt64 COMMENT 'Events that earned miles, likewise',
    active_redeeming_events UInt64 COMMENT 'Events that redeemed miles, likewise',
    miles_earned Int64 COMMENT 'Miles earned, of all types',
    miles_redeemed Int64 COMMENT 'Miles redeemed, of all types',
    earning_users UInt64 COMMENT 'Distinct users who earned miles, of all types',
    redeeming_users UInt64 COMMENT 'Distinct users who redeemed miles, of all types',
    earning_events UInt64 COMMENT 'Events that earned miles, of all types',
    redeeming_events UInt64 COMMENT 'Events that redeemed miles, of all types',
    shares UInt64 COMMENT 'Events of the type share, 0 while it is not active',
    likes UInt64 COMMENT 'Events of the type like, 0 while it is not active',
    searches UInt64 COMMENT 'Events of the type reward_search, 0 while it is not active',
    sharing_users UInt64 COMMENT 'Distinct users of these shares',
    liking_users UInt64 COMMENT 'Distinct users of these likes',
    searching_users UInt64 COMMENT 'Distinct users of these searches',
    social_users UInt64 COMMENT 'Distinct users who share or like',
    ios_users UInt64 COMMENT 'Distinct users with an event of an active type on ios',
    android_users UInt64 COMMENT 'Distinct users with an event of an active type on android',
    web_users UInt64 COMMENT 'Distinct users with an event of an active type on web',
    ios_events UInt64 COMMENT 'Events of active types on ios',
    android_events UInt64 COMMENT 'Events of active types on android',
    web_events UInt64 COMMENT 'Events of active types on web',
    version UInt64 COMMENT 'Sum of the versions of the rows that it was computed from',
    made_by UInt64 COMMENT 'Checksum of the statement that computed it and of the reference data that the statement reads',
    computed_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'When it was computed'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY event_date
SETTINGS min_age_to_force_merge_seconds = 60
COMMENT 'Events, miles and distinct users by what they did, per day, as stored; the row with the highest version of a day counts.';

-- refresh driver_days_rows by event_date from user_day_rows, 15 at a time
INSERT INTO driver_days_rows
(
    event_date, active_events, active_miles_earned, active_miles_redeemed,
    active_earning_users, active_redeeming_users, active_earning_events, active_redeeming_events,
    miles_earned, miles_redeemed, earning_users, redeeming_users, earning_events, redeeming_events,
    shares, likes, searches, sharing_users, liking_users, searching_users, social_users,
    ios_users, android_users, web_users, ios_events, android_events, web_events, version, made_by
)
WITH
    (SELECT groupArray(event_type) FROM event_types FINAL WHERE NOT counts_as_active) AS inactive_types,
    (SELECT groupArray(event_type) FROM event_types FINAL WHERE NOT counts_as_active AND miles = 'earned') AS inactive_earning,
    (SELECT groupArray(event_type) FROM event_types FINAL WHERE NOT counts_as_active AND miles = 'redeemed') AS inactive_redeeming,
    (SELECT groupArray(event_type) FROM event_types FINAL WHERE counts_as_active AND miles = 'earned') AS active_earning,
    (SELECT groupArray(event_type) FROM event_types FINAL WHERE counts_as_active AND miles = 'redeemed') AS active_redeeming
SELECT
    event_date,
    sum(active_events),
    sum(active_earned),
    sum(active_redeemed),
    countIf(active_earned_count > 0),
    countIf(active_redeemed_count > 0),
    sum(active_earned_count),
    sum(active_redeemed_count),
    sum(earned),
    sum(redeemed),
    countIf(earned_count > 0),
    countIf(redeemed_count > 0),
    sum(earned_count),
    sum(redeemed_count),
    sum(shares),
    sum(likes),
    sum(searches),
    countIf(shares > 0),
    countIf(likes > 0),
    countIf(searches > 0),
    countIf(shares > 0 OR likes > 0),
    countIf(ios > 0),
    countIf(android > 0),
    countIf(web > 0),
    sum(ios),
    sum(android),
    sum(web),
    sum(version),
    {made_by: UInt64}
FROM
(
    -- One row per user, whatever the number of their sources.
    SELECT
        event_date,
        user_id,
        sum(of_active) AS active_events,
        sumIf(d.miles_earned, earning_counts) AS active_earned,
        sumIf(d.miles_redeemed, redeeming_counts) AS active_redeemed,
        sumIf(d.miles_earned_events, earning_counts) AS active_earned_count,
        sumIf(d.miles_redeemed_events, redeeming_counts) AS active_redeemed_count,
        sum(d.miles_earned) AS earned,
        sum(d.miles_redeemed) AS redeemed,
        sum(d.miles_earned_events) AS earned_count,
        sum(d.miles_redeemed_events) AS redeemed_count,
        sum(if(has(inactive_types, 'share'), 0, d.event_counts['share'])) AS shares,
        sum(if(has(inactive_types, 'like'), 0, d.event_counts['like'])) AS likes,
        sum(if(has(inactive_types, 'reward_search'), 0, d.event_counts['reward_search'])) AS searches,
        sum(of_ios) AS ios,
        sum(of_android) AS android,
        sum(of_web) AS web,
        sum(d.version) AS version
    FROM
    (
        SELECT
            *,
            event_counts.keys AS types,
            mapKeys(platform_counts) AS pairs,
            mapValues(platform_counts) AS pair_counts,
            arraySum((type, count) -> if(has(inactive_types, type), 0, count), types, mapValues(event_counts)) AS of_active,
            arraySum((pair, count) -> if(pair.1 = 'ios' AND NOT has(inactive_types, pair.2), count, 0), pairs, pair_counts) AS of_ios,
            arraySum((pair, count) -> if(pair.1 = 'android' AND NOT has(inactive_types, pair.2), count, 0), pairs, pair_counts) AS of_android,
            arraySum((pair, count) -> if(pair.1 = 'web' AND NOT has(inactive_types, pair.2), count, 0), pairs, pair_counts) AS of_web,
            -- The sums are by direction and not by type, so they count unless every type of theirs is inactive.
            NOT hasAny(inactive_earning, types) OR hasAny(active_earning, types) AS earning_counts,
            NOT hasAny(inactive_redeeming, types) OR hasAny(active_redeeming, types) AS redeeming_counts
        FROM user_day_rows FINAL
        WHERE event_date IN ({stale})
    ) AS d
    GROUP BY
        event_date,
        bucket,
        user_id
)
GROUP BY event_date;
