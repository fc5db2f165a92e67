-- error: Returns are negative or cancelled, sales are positive, priced and of a known customer, and no line has quantity 0.
-- Kind: expression
-- Stream: order-lines
-- Remedy: the kind is decided when a line is taken in: these were changed by hand or added by another program
SELECT event_date, customer_id, line_id, invoice_no, line_kind, quantity, unit_price
FROM order_lines
WHERE event_date >= {from: Date} AND event_date <= {to: Date}
    AND (quantity = 0
        OR (line_kind = 'return') != (quantity < 0 OR startsWith(invoice_no, 'C'))
        OR (line_kind = 'free' AND unit_price != 0)
        OR (line_kind = 'sale' AND (unit_price = 0 OR customer_id IS NULL OR description IS NULL)))
