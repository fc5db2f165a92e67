/** In: values. Out: the batch in which a producer sends them, its checksum right. */
import { crc32c } from '../../../src/embedded/broker/crc32c.ts';
import { encodeBatch } from '../../support/kafka-batches.ts';

export interface SentBy {
  readonly id: number;
  readonly epoch?: number;
  /** Of the first record. */
  readonly sequence: number;
}

export function soundBatch(values: readonly string[], producer?: SentBy): Buffer {
  const batch = encodeBatch(
    values.map((value, offsetDelta) => ({ offsetDelta, key: null, value: Buffer.from(value) })),
    { firstTimestamp: 1_600_000_000_000, producerId: producer?.id ?? -1 },
  );
  if (producer !== undefined) {
    batch.writeInt16BE(producer.epoch ?? 0, 51);
    batch.writeInt32BE(producer.sequence, 53);
  }
  return withChecksum(batch);
}

export function withChecksum(batch: Buffer): Buffer {
  batch.writeUInt32BE(crc32c(batch, 21), 17);
  return batch;
}
