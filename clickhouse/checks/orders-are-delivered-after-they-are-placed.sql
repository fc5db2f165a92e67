-- warn: No order is delivered before it was placed, and its parts cost nothing below zero.
-- Kind: expression
-- Remedy: correct the order where it is entered
SELECT order_id, customer_id, ordered_at, delivered_at, order_cost, shipping_cost, order_total
FROM orders
WHERE ifNull(delivered_at < ordered_at, false) OR ifNull(order_cost < 0, false) OR ifNull(shipping_cost < 0, false) OR ifNull(order_total < 0, false)
