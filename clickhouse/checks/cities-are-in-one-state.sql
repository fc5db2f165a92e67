-- warn: A city is in one state of its country.
-- Kind: relationship
-- Remedy: two cities may share a name; otherwise correct the attributes where they are entered
SELECT country, city, arraySort(groupUniqArray(ifNull(state, ''))) AS states, count() AS users
FROM user_attributes
WHERE city IS NOT NULL
GROUP BY country, city
HAVING length(states) > 1
