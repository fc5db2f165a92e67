/** Kafka record batches byte by byte, as a producer writes them (format 2; the checksum is left zero). */
import { gzipSync } from 'node:zlib';
import { compress as compressSnappy } from 'snappyjs';

export interface BatchRecord {
  readonly offsetDelta: number;
  readonly timestampDelta?: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers?: readonly { readonly key: string; readonly value: Buffer | null }[];
}

export interface BatchSettings {
  readonly firstOffset?: number;
  readonly lastOffsetDelta?: number;
  readonly firstTimestamp?: number;
  readonly maxTimestamp?: number;
  readonly attributes?: number;
  readonly producerId?: number;
  readonly recordCount?: number;
}

export function varint(value: number): Buffer {
  let rest = BigInt(value) * 2n;
  if (value < 0) rest = -rest - 1n;
  const bytes: number[] = [];
  for (; rest >= 0x80n; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  bytes.push(Number(rest));
  return Buffer.from(bytes);
}

const sized = (bytes: Buffer | null) =>
  bytes === null ? varint(-1) : Buffer.concat([varint(bytes.length), bytes]);

export function encodeRecords(records: readonly BatchRecord[]): Buffer {
  return Buffer.concat(
    records.map(({ offsetDelta, timestampDelta = 0, key, value, headers = [] }) =>
      sized(
        Buffer.concat([
          Buffer.from([0]),
          varint(timestampDelta),
          varint(offsetDelta),
          sized(key),
          sized(value),
          varint(headers.length),
          ...headers.flatMap((header) => [sized(Buffer.from(header.key)), sized(header.value)]),
        ]),
      ),
    ),
  );
}

export function encodeBatch(
  records: readonly BatchRecord[],
  settings: BatchSettings = {},
  body: Buffer = encodeRecords(records),
): Buffer {
  const lastOffsetDelta = settings.lastOffsetDelta ?? records.at(-1)?.offsetDelta ?? 0;
  const header = Buffer.alloc(61);
  header.writeBigInt64BE(BigInt(settings.firstOffset ?? 0), 0);
  header.writeInt32BE(49 + body.length, 8);
  header.writeInt8(2, 16);
  header.writeInt16BE(settings.attributes ?? 0, 21);
  header.writeInt32BE(lastOffsetDelta, 23);
  header.writeBigInt64BE(BigInt(settings.firstTimestamp ?? 0), 27);
  header.writeBigInt64BE(BigInt(settings.maxTimestamp ?? settings.firstTimestamp ?? 0), 35);
  header.writeBigInt64BE(BigInt(settings.producerId ?? -1), 43);
  header.writeInt16BE(-1, 51);
  header.writeInt32BE(-1, 53);
  header.writeInt32BE(settings.recordCount ?? records.length, 57);
  return Buffer.concat([header, body]);
}

export const COMPRESSIONS: Readonly<
  Record<string, { readonly codec: number; readonly compress: (bytes: Buffer) => Buffer }>
> = {
  none: { codec: 0, compress: (bytes) => bytes },
  gzip: { codec: 1, compress: (bytes) => gzipSync(bytes) },
  'raw snappy': { codec: 2, compress: (bytes) => compressSnappy(bytes) },
  'framed snappy': { codec: 2, compress: frameSnappy },
  'lz4 without compression': { codec: 3, compress: storeAsLz4 },
};

/** The framing of the Java library, in blocks of 1,000 bytes. */
function frameSnappy(bytes: Buffer): Buffer {
  const parts: Buffer[] = [Buffer.from('\x82SNAPPY\x00\x00\x00\x00\x01\x00\x00\x00\x01', 'latin1')];
  for (let at = 0; at < bytes.length; at += 1_000) {
    const block = compressSnappy(bytes.subarray(at, at + 1_000));
    const size = Buffer.alloc(4);
    size.writeInt32BE(block.length);
    parts.push(size, block);
  }
  return Buffer.concat(parts);
}

/** A frame of blocks of 64 KiB that are stored as they are, each with a checksum. */
function storeAsLz4(bytes: Buffer): Buffer {
  const parts: Buffer[] = [Buffer.from([0x04, 0x22, 0x4d, 0x18, 0x70, 0x40, 0])];
  for (let at = 0; at < bytes.length; at += 65_536) {
    const block = bytes.subarray(at, at + 65_536);
    const size = Buffer.alloc(4);
    size.writeUInt32LE((block.length | 0x80000000) >>> 0);
    parts.push(size, block, Buffer.alloc(4));
  }
  return Buffer.concat([...parts, Buffer.alloc(4)]);
}
