-- How many customers buy each day. In: customer_days, stream_watermarks. Out: people.

CREATE OR REPLACE VIEW customer_engagement_daily
(
    event_date Date COMMENT 'Calendar day in the configured time zone',
    dau UInt64 COMMENT 'Distinct customers with an order on this day',
    mau UInt64 COMMENT 'Distinct customers with an order on this day or the 29 before',
    stickiness Nullable(Float64) COMMENT 'dau / mau, 0 to 1, 4 decimals, rounded half up; NULL without customers in 30 days',
    orders UInt64 COMMENT 'Distinct invoices of a customer with a sale',
    revenue Decimal(38, 4) COMMENT 'Revenue of the sales, in the shop''s currency',
    is_complete Bool COMMENT 'Whether the day is settled: it changes only when late lines are applied, a file is added or an idle source wakes',
    computed_at DateTime64(3, 'UTC') COMMENT 'When the row was computed: at the moment of reading'
)
AS
WITH
    (SELECT (max(last_day), max(complete_before)) FROM stream_watermarks WHERE stream = 'order-lines') AS watermark,
    purchases AS
    (
        SELECT
            event_date,
            orders,
            revenue,
            -- Who buys is in the window of 30 days until it ends or the next purchase opens another.
            least(
                event_date + 30,
                leadInFrame(event_date, 1, event_date + 30) OVER (PARTITION BY customer_id ORDER BY event_date ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING)
            ) AS leaves_on
        FROM customer_days
        WHERE orders > 0
    ),
    changes AS
    (
        SELECT
            event_date AS day,
            toInt64(count()) AS change,
            count() AS buyers,
            sum(p.orders) AS day_orders,
            sum(p.revenue) AS day_revenue
        FROM purchases AS p
        GROUP BY day
        UNION ALL
        SELECT
            leaves_on AS day,
            -toInt64(count()) AS change,
            0 AS buyers,
            0 AS day_orders,
            0 AS day_revenue
        FROM purchases
        GROUP BY day
    )
SELECT
    c.day AS event_date,
    sum(ifNull(d.buyers, 0)) AS dau,
    toUInt64(sum(sum(ifNull(d.change, 0))) OVER (ORDER BY c.day)) AS mau,
    if(mau = 0, NULL, intDiv(20000 * dau + mau, 2 * mau) / 10000) AS stickiness,
    sum(ifNull(d.day_orders, 0)) AS orders,
    sum(ifNull(d.day_revenue, 0)) AS revenue,
    (c.day < watermark.2)::Bool AS is_complete,
    now64(3, 'UTC') AS computed_at
FROM
(
    SELECT arrayJoin(arrayMap(day -> toDate(day), range(toUInt32(first_day), toUInt32(watermark.1) + 1))) AS day
    FROM
    (
        SELECT min(event_date) AS first_day
        FROM purchases
        HAVING count() > 0
    )
) AS c
LEFT JOIN changes AS d ON d.day = c.day
GROUP BY c.day
ORDER BY c.day
COMMENT 'Buying customers by day, dense from the first day with an order to the day of the latest watermark.';
