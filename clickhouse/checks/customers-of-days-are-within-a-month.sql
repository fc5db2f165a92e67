-- error: The customers of a day are at most those of its 30 days.
-- Kind: range
-- Stream: order-lines
-- Remedy: customer_engagement_daily is a view of customer_days: look there for days that were changed by hand
SELECT event_date, dau, mau, stickiness
FROM customer_engagement_daily
WHERE event_date >= {from: Date} AND event_date <= {to: Date} AND (dau > mau OR ifNull(stickiness > 1, false))
