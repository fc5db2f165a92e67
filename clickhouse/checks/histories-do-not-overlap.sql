-- error: At any time one row of a history holds: none ends before it begins, overlaps the next or stays open before it.
-- Kind: expression
-- Remedy: the histories are views of the states taken in: report them
SELECT 'user_attributes_history' AS history, user_id AS id, valid_from, valid_to, next_from
FROM
(
    SELECT user_id, valid_from, valid_to, leadInFrame(toNullable(valid_from)) OVER (PARTITION BY user_id ORDER BY valid_from ROWS BETWEEN CURRENT ROW AND 1 FOLLOWING) AS next_from
    FROM user_attributes_history
)
WHERE ifNull(valid_to <= valid_from, false) OR (next_from IS NOT NULL AND ifNull(valid_to > next_from, true))
UNION ALL
SELECT 'products_history' AS history, product_id AS id, valid_from, valid_to, next_from
FROM
(
    SELECT product_id, valid_from, valid_to, leadInFrame(toNullable(valid_from)) OVER (PARTITION BY product_id ORDER BY valid_from ROWS BETWEEN CURRENT ROW AND 1 FOLLOWING) AS next_from
    FROM products_history
)
WHERE ifNull(valid_to <= valid_from, false) OR (next_from IS NOT NULL AND ifNull(valid_to > next_from, true))
UNION ALL
SELECT 'subscription_plans_history' AS history, plan_id AS id, valid_from, valid_to, next_from
FROM
(
    SELECT plan_id, valid_from, valid_to, leadInFrame(toNullable(valid_from)) OVER (PARTITION BY plan_id ORDER BY valid_from ROWS BETWEEN CURRENT ROW AND 1 FOLLOWING) AS next_from
    FROM subscription_plans_history
)
WHERE ifNull(valid_to <= valid_from, false) OR (next_from IS NOT NULL AND ifNull(valid_to > next_from, true))
