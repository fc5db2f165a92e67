-- error: Every page_url is scheme://… without spaces.
-- Kind: expression
-- Remedy: such events are refused, so these were added by another program: see source and offset
SELECT user_id, event_id, event_time, page_url, source, offset
FROM events
WHERE event_date >= {from: Date} AND event_date <= {to: Date} AND ifNull(NOT match(page_url, '^[A-Za-z][A-Za-z0-9+.-]*://[^\\s]+$'), false)
