/**
 * The fixed part of a Kafka record batch (message format 2), read in place: bytes in, numbers out.
 * https://kafka.apache.org/documentation/#recordbatch
 */
export const BATCH_HEADER_BYTES = 61;
/** Offset and length: what stands before every batch and every message of the older formats. */
export const LOG_OVERHEAD_BYTES = 12;

const LENGTH_AT = 8;
const MAGIC_AT = 16;
const ATTRIBUTES_AT = 21;
const LAST_OFFSET_DELTA_AT = 23;
const FIRST_TIMESTAMP_AT = 27;
const MAX_TIMESTAMP_AT = 35;
const PRODUCER_ID_AT = 43;
const RECORD_COUNT_AT = 57;

/** Exact up to 2^53; no log comes near. */
export function readInt64(bytes: Buffer, at: number): number {
  return bytes.readInt32BE(at) * 2 ** 32 + bytes.readUInt32BE(at + 4);
}

/** Bytes of the batch, its offset and length included. */
export function batchSize(bytes: Buffer, at: number): number {
  return LOG_OVERHEAD_BYTES + bytes.readInt32BE(at + LENGTH_AT);
}

export function magic(bytes: Buffer, at: number): number {
  return bytes.readInt8(at + MAGIC_AT);
}

export const firstOffset = (batch: Buffer): number => readInt64(batch, 0);
/** The last offset of a batch that compaction has thinned out stays what it was. */
export const lastOffset = (batch: Buffer): number =>
  readInt64(batch, 0) + batch.readInt32BE(LAST_OFFSET_DELTA_AT);
export const recordCount = (batch: Buffer): number => batch.readInt32BE(RECORD_COUNT_AT);
export const codec = (batch: Buffer): number => batch.readInt16BE(ATTRIBUTES_AT) & 0x07;
export const hasLogAppendTime = (batch: Buffer): boolean =>
  (batch.readInt16BE(ATTRIBUTES_AT) & 0x08) !== 0;
export const isTransactional = (batch: Buffer): boolean =>
  (batch.readInt16BE(ATTRIBUTES_AT) & 0x10) !== 0;
export const isControlBatch = (batch: Buffer): boolean =>
  (batch.readInt16BE(ATTRIBUTES_AT) & 0x20) !== 0;
/** Milliseconds since 1970; -1 for none. */
export const firstTimestamp = (batch: Buffer): number => readInt64(batch, FIRST_TIMESTAMP_AT);
export const maxTimestamp = (batch: Buffer): number => readInt64(batch, MAX_TIMESTAMP_AT);
export const producerId = (batch: Buffer): string =>
  batch.readBigInt64BE(PRODUCER_ID_AT).toString();
