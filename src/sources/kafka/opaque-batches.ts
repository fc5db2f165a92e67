/**
 * What kafkajs gets in place of records: the record set of a fetch response in, one pseudo message
 * per Kafka batch out, with the fields by which kafkajs filters (offsets below the one asked for,
 * aborted transactions, control records).
 */
import * as header from './batch-header.ts';

export interface OpaqueBatch {
  /** The last offset of the batch: kafkajs drops a message whose offset is below the one it asked for. */
  readonly offset: string;
  /** The key of the control record of a control batch (by which kafkajs knows an abort), or null. */
  readonly key: Buffer | null;
  /** The whole batch, pointing into the response. */
  readonly value: Buffer;
  readonly timestamp: string;
  readonly headers: Record<string, never>;
  readonly isControlRecord: boolean;
  readonly batchContext: { readonly producerId: string; readonly inTransaction: boolean };
}

/** `records` is a record set; the broker may cut its last batch short, which is then left out. */
export function splitBatches(records: Buffer): OpaqueBatch[] {
  const batches: OpaqueBatch[] = [];
  let at = 0;
  while (at + header.LOG_OVERHEAD_BYTES + 5 <= records.length) {
    const size = header.batchSize(records, at);
    const isCurrentFormat = header.magic(records, at) === 2;
    if (size < (isCurrentFormat ? header.BATCH_HEADER_BYTES : header.LOG_OVERHEAD_BYTES + 5)) {
      throw new Error(
        `the broker sent a batch of ${size} bytes at offset ${header.readInt64(records, at)}, ` +
          'less than its own header; check the log of this partition',
      );
    }
    if (at + size > records.length) break;
    const batch = records.subarray(at, at + size);
    batches.push(isCurrentFormat ? describe(batch) : describeOldFormat(batch));
    at += size;
  }
  return batches;
}

function describe(batch: Buffer): OpaqueBatch {
  const isControlRecord = header.isControlBatch(batch);
  return {
    offset: String(header.lastOffset(batch)),
    key: isControlRecord ? controlKey(batch) : null,
    value: batch,
    timestamp: String(header.maxTimestamp(batch)),
    headers: {},
    isControlRecord,
    batchContext: {
      producerId: header.producerId(batch),
      inTransaction: header.isTransactional(batch),
    },
  };
}

/** Formats 0 and 1, which no broker writes any more: handed on whole, to be refused with its bytes. */
function describeOldFormat(message: Buffer): OpaqueBatch {
  return {
    offset: String(header.readInt64(message, 0)),
    key: null,
    value: message,
    timestamp: '-1',
    headers: {},
    isControlRecord: false,
    batchContext: { producerId: '-1', inTransaction: false },
  };
}

/** A control batch is never compressed and holds one record, whose key is (version, type). */
function controlKey(batch: Buffer): Buffer | null {
  let at = header.BATCH_HEADER_BYTES;
  const skipVarint = () => {
    while ((batch[at++] ?? 0) >= 0x80);
  };
  skipVarint(); // length
  at++; // attributes
  skipVarint(); // time
  skipVarint(); // offset
  skipVarint(); // length of the key, which is 4
  return at + 4 <= batch.length ? batch.subarray(at, at + 4) : null;
}

/**
 * Leaves out the batches of aborted transactions. `aborted` lists them as the broker does, in no
 * certain order.
 */
export function withoutAborted<
  T extends Pick<OpaqueBatch, 'offset' | 'key' | 'isControlRecord' | 'batchContext'>,
>(
  batches: readonly T[],
  aborted: readonly { readonly firstOffset: string; readonly producerId: string }[],
): T[] {
  const coming = aborted
    .map(({ firstOffset, producerId }) => ({ firstOffset: Number(firstOffset), producerId }))
    .sort((a, b) => b.firstOffset - a.firstOffset);
  const open = new Set<string>();
  return batches.filter((batch) => {
    while (coming.length > 0 && coming.at(-1)!.firstOffset <= Number(batch.offset)) {
      open.add(coming.pop()!.producerId);
    }
    const { producerId, inTransaction } = batch.batchContext;
    if (batch.isControlRecord) {
      if (batch.key?.equals(ABORT_KEY) === true) open.delete(producerId);
      return true;
    }
    return !(inTransaction && open.has(producerId));
  });
}

const ABORT_KEY = Buffer.from([0, 0, 0, 0]);
