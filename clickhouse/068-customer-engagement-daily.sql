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
    )
SELECT
    day AS event_date,
    buyers AS dau,
    toUInt64(sum(change) OVER (ORDER BY day)) AS mau,
    if(mau = 0, NULL, intDiv(20000 * dau + mau, 2 * mau) / 10000) AS stickiness,
    day_orders AS orders,
    day_revenue AS revenue,
    (day < watermark.2)::Bool AS is_complete,
    now64(3, 'UTC') AS computed_at
FROM
(
    SELECT
        step.day AS day,
        sum(step.change) AS change,
        countIf(step.change > 0) AS buyers,
        sum(step.orders) AS day_orders,
        sum(step.revenue) AS day_revenue
    FROM
    (
        SELECT CAST(
            arrayJoin([(event_date, 1, orders, revenue), (leaves_on, -1, 0, toDecimal128(0, 4))]),
            'Tuple(day Date, change Int64, orders UInt64, revenue Decimal(38, 4))'
        ) AS step
        FROM purchases
    )
    WHERE day <= watermark.1
    GROUP BY day
    ORDER BY day WITH FILL TO assumeNotNull(watermark.1) + 1
)
ORDER BY event_date
COMMENT 'Buying customers by day, dense from the first day with an order to the day of the latest watermark.';
