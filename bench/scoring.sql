-- In: {users: UInt64}, {customers: UInt64}. Out: first weeks of users with 23 event types on 3 platforms, and customers' days.
INSERT INTO event_types (event_type, label)
SELECT concat('bench_', toString(number)), concat('bench ', toString(number)) FROM numbers(23);

INSERT INTO source_progress_rows (stream, source, next_offset, watermark, last_record_time, rules_epoch)
VALUES ('app-events', 'app-events/0', 1, '2025-06-01 00:00:00', '2025-06-01 00:00:00', 1), ('order-lines', 'order-lines/0', 1, '2025-12-31 12:00:00', '2025-12-31 12:00:00', 1);

INSERT INTO user_first_week_rows (user_id, creation_date, first_platform, event_counts, event_days, is_retained, version, made_by)
WITH
    range(23) AS types,
    arrayMap(t -> toUInt64(floor(-2 * log((cityHash64(number, t) % 1000003 + 1) / 1000004))), types) AS counts,
    ['ios', 'android', 'web'][1 + cityHash64(number, 'p') % 3] AS platform,
    -1 + 0.15 * counts[1] - 0.1 * counts[2] + if(platform = 'ios', 0.3, 0) AS score
SELECT
    concat('user-', leftPad(toString(number), 8, '0')),
    toDate('2025-03-01') + number % 60,
    platform,
    mapFromArrays(arrayMap(t -> concat('bench_', toString(t)), types), counts),
    mapFromArrays(arrayMap(t -> concat('bench_', toString(t)), types), arrayMap(n -> least(n, 7), counts)),
    (cityHash64(number, 'y') % 1000003) / 1000003 < 1 / (1 + exp(-score)),
    1,
    1
FROM numbers({users});

INSERT INTO customer_day_rows (event_date, bucket, customer_id, source, lines, parts, version)
WITH cityHash64(number, 'first') % 300 AS first, cityHash64(number, 'n') AS n
SELECT
    toDate('2025-01-01') + day,
    cityHash64(number) % 64,
    concat('customer-', toString(number)),
    'order-lines/0',
    1,
    [(toString(cityHash64(number, day)), 'United Kingdom', 'sale', 1, 1, toDecimal128((5 + n % 40) * (50 + cityHash64(number, day) % 100) / 100, 4))],
    4294967297
FROM numbers({customers})
ARRAY JOIN arrayDistinct(arrayMap(k -> if(k = 0, first, first + cityHash64(number, k) % (365 - first)), range(1 + toUInt64(floor(-3 * log((n % 1000003 + 1) / 1000004)))))) AS day;
