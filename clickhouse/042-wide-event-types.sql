-- Which event types have columns of their own. In: the catalogue. Out: the views that have a column per event type.

CREATE TABLE IF NOT EXISTS wide_event_types
(
    event_type String COMMENT 'Name in snake_case',
    added_at SimpleAggregateFunction(min, DateTime64(3, 'UTC')) COMMENT 'When it was first seen: the earlier types keep their columns when there are too many'
)
ENGINE = AggregatingMergeTree
ORDER BY event_type
COMMENT 'Event types in the order in which they came; the first max_wide_event_types (see view_settings) get columns of their own in user_first_week and the like, the rest stay in the maps. Read with FINAL.';

INSERT INTO view_settings (name, value, description, updated_at) VALUES
    ('max_wide_event_types', 200, 'How many event types get columns of their own', 1),
    ('retention_first_day', 22, 'First day_index of the window in which an active event makes a user retained', 1),
    ('retention_last_day', 28, 'Last day_index of that window', 1),
    ('external_retention_label', 0, 'Whether retained_label of a user''s attributes, where there is one, goes before what events say: 1 yes, 0 no', 1);
