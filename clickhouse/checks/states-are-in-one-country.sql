-- warn: A state is in one country.
-- Kind: relationship
-- Remedy: two states may share a name; otherwise correct the attributes where they are entered
SELECT state, arraySort(groupUniqArray(ifNull(country, ''))) AS countries, count() AS users
FROM user_attributes
WHERE state IS NOT NULL
GROUP BY state
HAVING length(countries) > 1
