-- How shops write the names of countries, and which are none. In: people. Out: the countries of order lines and customers.

CREATE TABLE IF NOT EXISTS countries
(
    name String COMMENT 'Country as the shop writes it, compared exactly',
    country String COMMENT 'The one spelling that customers are reported under',
    excluded Bool DEFAULT false COMMENT 'true: no country; its lines are kept, but count for no customer',
    updated_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'When the row was written; the latest row of a name counts. Rows that come with the software carry a time in 1970'
)
ENGINE = ReplacingMergeTree(updated_at)
ORDER BY name
SETTINGS min_age_to_force_merge_seconds = 1
COMMENT 'Reference: spelling of countries, and what is none. A name that is not here stays as it is. Insert a row to add or change one; every view follows at once. Read with FINAL.';

INSERT INTO countries (name, country, excluded, updated_at) VALUES
    ('EIRE', 'Ireland', false, 1),
    ('RSA', 'South Africa', false, 1),
    ('UAE', 'United Arab Emirates', false, 1),
    ('UK', 'United Kingdom', false, 1),
    ('USA', 'United States', false, 1),
    ('European Community', 'European Community', true, 1),
    ('Unspecified', 'Unspecified', true, 1);
