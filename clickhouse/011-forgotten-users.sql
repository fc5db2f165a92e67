-- Who was forgotten. In: `tidemark forget`. Out: the rules, and with them every processor.

CREATE TABLE IF NOT EXISTS forgotten_users
(
    field LowCardinality(String) COMMENT 'What the id was forgotten as: user_id or customer_id',
    hash UInt32 COMMENT 'A quick hash of the id, which says of nearly everybody else that they are not meant; its remainder by 64 is the bucket',
    sha256 String COMMENT 'SHA-256 of the id, hexadecimal: it knows the person again and does not name them',
    forgotten_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'When it was asked for first'
)
ENGINE = ReplacingMergeTree
ORDER BY (field, sha256)
COMMENT 'People whose records are refused and not kept. Never remove a row: a replay would bring the person back.';
