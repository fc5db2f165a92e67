/**
 * Record batches stay opaque. In: what a producer sent for a partition. Out: a code when it is not one
 * sound batch, and otherwise its bytes with offset and append time written into them.
 */
import * as header from '../../sources/kafka/batch-header.ts';
import { crc32c, crc32cAfterChange } from './crc32c.ts';
import { CODE } from './error-codes.ts';
import type { Code } from './error-codes.ts';

const LEADER_EPOCH_AT = 12;
const CRC_AT = 17;
/** The checksum covers everything from here on. */
const ATTRIBUTES_AT = 21;
const LAST_OFFSET_DELTA_AT = 23;
const MAX_TIMESTAMP_AT = 35;
const PRODUCER_ID_AT = 43;
const PRODUCER_EPOCH_AT = 51;
const BASE_SEQUENCE_AT = 53;
const LOG_APPEND_TIME = 0x08;

/** Who sent a batch, as the how manieth of its records; the id is -1n for a producer without one. */
export interface BatchProducer {
  readonly id: bigint;
  readonly epoch: number;
  readonly firstSequence: number;
  readonly lastSequence: number;
}

export function producerOf(batch: Buffer): BatchProducer {
  const firstSequence = batch.readInt32BE(BASE_SEQUENCE_AT);
  return {
    id: batch.readBigInt64BE(PRODUCER_ID_AT),
    epoch: batch.readInt16BE(PRODUCER_EPOCH_AT),
    firstSequence,
    // Numbers of records go round at 2^31.
    lastSequence: (firstSequence + batch.readInt32BE(LAST_OFFSET_DELTA_AT)) % 2 ** 31,
  };
}

/** Producers send one batch at a time for a partition. */
export function faultOf(records: Buffer, maxBytes: number): Code {
  if (records.length > maxBytes) return CODE.messageTooLarge;
  if (records.length < header.BATCH_HEADER_BYTES) return CODE.corruptMessage;
  if (header.magic(records, 0) !== 2 || header.batchSize(records, 0) !== records.length) {
    return CODE.invalidRecord;
  }
  const count = header.recordCount(records);
  if (count < 1 || records.readInt32BE(LAST_OFFSET_DELTA_AT) !== count - 1) {
    return CODE.invalidRecord;
  }
  if (header.isControlBatch(records) || header.isTransactional(records)) return CODE.invalidRecord;
  return isSound(records) ? CODE.none : CODE.corruptMessage;
}

export function isSound(batch: Buffer): boolean {
  return crc32c(batch, ATTRIBUTES_AT) === batch.readUInt32BE(CRC_AT);
}

/**
 * Writes the place in the log and the time into the batch itself. Only the few bytes that change are
 * read for the new checksum, so a fault within the records stays visible to whoever reads them.
 */
export function stamp(batch: Buffer, offset: number, time: number): void {
  batch.writeBigInt64BE(BigInt(offset), 0);
  batch.writeInt32BE(0, LEADER_EPOCH_AT);
  const change = Buffer.from(batch.subarray(ATTRIBUTES_AT, PRODUCER_ID_AT));
  batch.writeInt16BE(batch.readInt16BE(ATTRIBUTES_AT) | LOG_APPEND_TIME, ATTRIBUTES_AT);
  batch.writeBigInt64BE(BigInt(time), MAX_TIMESTAMP_AT);
  for (let i = 0; i < change.length; i++) change[i]! ^= batch[ATTRIBUTES_AT + i]!;
  const crc = crc32cAfterChange(batch.readUInt32BE(CRC_AT), change, batch.length - PRODUCER_ID_AT);
  batch.writeUInt32BE(crc, CRC_AT);
}
