-- The catalogue of event types. In: people, and the processor for types it has not seen before.

CREATE TABLE IF NOT EXISTS event_types
(
    event_type String COMMENT 'Name in snake_case',
    label String DEFAULT replaceAll(event_type, '_', ' ') COMMENT 'Name for people',
    aliases Array(String) COMMENT 'Other names under which producers send it; they are stored as event_type',
    counts_as_active Bool DEFAULT true COMMENT 'Whether such an event makes its user active on that day',
    server_side Bool DEFAULT false COMMENT 'Whether a server sends it without the user being there: it neither opens nor extends a session',
    miles Enum8('none' = 0, 'earned' = 1, 'redeemed' = 2) DEFAULT 'none' COMMENT 'Whether its miles_amount is earned, redeemed, or must be NULL',
    description String COMMENT 'What it means',
    updated_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'When the row was written; the latest row of a type counts. Rows that the software writes by itself carry a time in 1970, so that they never override a person''s'
)
ENGINE = ReplacingMergeTree(updated_at)
ORDER BY event_type
SETTINGS min_age_to_force_merge_seconds = 1
COMMENT 'Catalogue of event types. Insert a whole row to change one; processors take it up when they start. Read with FINAL in the first seconds after a change.';

INSERT INTO event_types (event_type, server_side, miles, description, updated_at) VALUES
    ('sign_up', false, 'none', 'The user registered', 1),
    ('page_view', false, 'none', 'The user looked at the page page_url', 1),
    ('add_to_cart', false, 'none', 'The user put product_id into the cart', 1),
    ('delete_from_cart', false, 'none', 'The user took product_id out of the cart', 1),
    ('checkout', false, 'none', 'The user placed order_id', 1),
    ('package_shipped', true, 'none', 'The parcel of order_id left the warehouse', 1),
    ('package_delivered', true, 'none', 'The parcel of order_id arrived', 1),
    ('miles_earned', false, 'earned', 'The user earned miles_amount miles', 1),
    ('miles_redeemed', false, 'redeemed', 'The user spent miles_amount miles', 1),
    ('share', false, 'none', 'The user shared something', 1),
    ('like', false, 'none', 'The user liked something', 1),
    ('reward_search', false, 'none', 'The user searched for rewards', 1),
    ('feature_used', false, 'none', 'The user used the feature that feature names', 1);
