-- error: Nothing is stored of anybody who was forgotten.
-- Kind: reconciliation
-- Remedy: a processor that was not told in time stored it: stop the processors, and forget the person again
WITH
    (SELECT groupUniqArray(toUInt8(hash % 64)) FROM forgotten_users WHERE field = 'user_id') AS buckets,
    people AS (SELECT unhex(sha256)::FixedString(32) FROM forgotten_users WHERE field = 'user_id')
SELECT 'events' AS stored_in, lower(hex(SHA256(user_id))) AS sha256, count() AS rows
FROM events_rows
WHERE has(buckets, bucket) AND SHA256(user_id) IN people
GROUP BY sha256
UNION ALL
SELECT 'user_days', lower(hex(SHA256(user_id))) AS sha256, count()
FROM user_day_rows
WHERE has(buckets, bucket) AND SHA256(user_id) IN people
GROUP BY sha256
UNION ALL
SELECT 'late_events', lower(hex(SHA256(user_id))) AS sha256, count()
FROM late_events_rows
WHERE has(buckets, bucket) AND SHA256(user_id) IN people
GROUP BY sha256
UNION ALL
SELECT 'user_attributes', lower(hex(SHA256(user_id))) AS sha256, count()
FROM user_attribute_rows
WHERE has(buckets, bucket) AND SHA256(user_id) IN people
GROUP BY sha256
UNION ALL
SELECT 'user_activity', lower(hex(SHA256(user_id))) AS sha256, count()
FROM user_activity_rows
WHERE length(buckets) > 0 AND SHA256(user_id) IN people
GROUP BY sha256
