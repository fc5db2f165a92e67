-- error: Every customer-day sums exactly the lines of its customer, day and source.
-- Kind: reconciliation
-- Stream: order-lines
-- Remedy: stop the processors, then: tidemark reprocess --from DAY --to DAY
-- What is between a line and its progress line is on its way: it may be counted already, or not yet.
WITH
    of_lines AS
    (
        SELECT
            event_date,
            customer_id,
            stored.source AS source,
            count() AS most,
            countIf(stored.offset < progress.next_offset) AS least,
            sum(toDecimal128(quantity, 0) * unit_price) AS amount
        FROM order_lines_rows AS stored FINAL
        LEFT JOIN {progress} AS progress ON progress.source = stored.source AND progress.stream = 'order-lines'
        WHERE event_date >= {from: Date} AND event_date <= {to: Date}
        GROUP BY event_date, customer_id, source
    ),
    of_days AS
    (
        SELECT event_date, customer_id, source, toUInt64(lines) AS counted, arraySum(parts.amount) AS summed
        FROM customer_day_rows FINAL
        WHERE lines > 0 AND event_date >= {from: Date} AND event_date <= {to: Date}
    )
SELECT
    event_date,
    customer_id,
    source,
    ifNull(counted, 0) AS counted,
    ifNull(least, 0) AS lines,
    ifNull(summed, 0) AS summed,
    ifNull(amount, 0) AS amount
FROM of_lines
FULL JOIN of_days USING (event_date, customer_id, source)
WHERE counted < lines OR counted > ifNull(most, 0) OR (counted = lines AND most = least AND summed != amount)
