/**
 * Why a record was refused. The code is the label of the metric, the column `reason` of
 * `rejected_events` and the header of the dead letter.
 */
export const REASONS = {
  empty_value: 'the record has no value',
  not_confluent_avro: 'the value does not start with the magic byte 0 and a schema id',
  unknown_schema_id: 'the schema registry has no schema with this id',
  incompatible_schema: "the writer's schema cannot be read as the stream's schema",
  truncated: 'the value ends before the record does',
  trailing_bytes: 'bytes follow the record',
  undecodable: 'the bytes are not Avro of the schema that they name',
  number_out_of_range: 'a whole number is larger than its type holds, or than 2^53, in magnitude',
  invalid_utf8: 'a string is not valid UTF-8',
  batch_undecodable: 'the batch that holds the record cannot be unpacked',
  batch_too_large: 'the batch that holds the record is larger than the limit when unpacked',
  event_id_empty: 'event_id is empty',
  event_id_too_long: 'event_id is longer than 128 bytes',
  user_id_empty: 'user_id is empty',
  user_id_too_long: 'user_id is longer than 128 bytes',
  event_type_malformed: 'event_type is not snake_case of at most 128 bytes',
  unknown_event_type: 'the catalogue of event types is closed and does not list event_type',
  time_out_of_range: 'event_time is before MIN_EVENT_TIME or after 2149-06-05',
  miles_missing: 'the event type moves miles and miles_amount is null',
  miles_negative: 'miles_amount is below zero',
  miles_unexpected: 'the event type moves no miles and miles_amount is given',
  platform_unknown: 'the list of platforms is closed and does not hold platform',
  page_url_malformed: 'page_url is not scheme://… without spaces and control characters',
  future_event: 'event_time is further ahead of the record time than MAX_FUTURE_SKEW_SECONDS',
} as const;

export type Reason = keyof typeof REASONS;
