-- error: The order lines of all kinds are the lines taken in, and sales are those that count and those of excluded countries.
-- Kind: identity
-- Stream: order-lines
-- Remedy: order_line_reconciliation says which kind; customer-days-are-their-lines names the days
SELECT
    sumIf(lines, step = 'rows_in') AS rows_in,
    sumIf(lines, step NOT IN ('rows_in', 'rows_out', 'excluded_country')) AS of_kinds,
    sumIf(lines, step = 'sale') AS sales,
    sumIf(lines, step IN ('rows_out', 'excluded_country')) AS rows_out_and_excluded
FROM order_line_reconciliation
HAVING rows_in != of_kinds OR sales != rows_out_and_excluded
