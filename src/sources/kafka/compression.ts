/**
 * Compressed records of a Kafka batch in, the records' bytes out; never more than a given bound.
 * kafkajs brings gzip alone, and that without a bound.
 */
import { gunzipSync } from 'node:zlib';
import { Decompress } from 'fzstd';
import { uncompress } from 'snappyjs';
import { decompressLz4Frame } from './lz4.ts';
import { TooLargeError } from './too-large-error.ts';

/** The codec's number in a batch's attributes. */
export const CODEC = { none: 0, gzip: 1, snappy: 2, lz4: 3, zstd: 4 } as const;

/**
 * Throws TooLargeError when the result would exceed `maxBytes`, and any other error when the bytes
 * are broken or the codec is unknown.
 */
export function decompress(codec: number, bytes: Buffer, maxBytes: number): Buffer {
  switch (codec) {
    case CODEC.none:
      return bytes;
    case CODEC.gzip:
      return decompressGzip(bytes, maxBytes);
    case CODEC.snappy:
      return decompressSnappy(bytes, maxBytes);
    case CODEC.lz4:
      return decompressLz4Frame(bytes, maxBytes);
    case CODEC.zstd:
      return decompressZstd(bytes, maxBytes);
    default:
      throw new Error(`unknown compression codec ${codec}`);
  }
}

function decompressGzip(bytes: Buffer, maxBytes: number): Buffer {
  try {
    return gunzipSync(bytes, { maxOutputLength: maxBytes });
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE') {
      throw new TooLargeError(maxBytes, { cause: error });
    }
    throw error;
  }
}

const XERIAL_MAGIC = Buffer.from('\x82SNAPPY\x00', 'latin1');

/** Raw snappy, or the framing of the Java library: a header of 16 bytes, then blocks with their sizes. */
function decompressSnappy(bytes: Buffer, maxBytes: number): Buffer {
  if (!bytes.subarray(0, XERIAL_MAGIC.length).equals(XERIAL_MAGIC)) {
    return decompressSnappyBlock(bytes, maxBytes);
  }
  const blocks: Buffer[] = [];
  let size = 0;
  let position = 16;
  while (position < bytes.length) {
    const length = bytes.readInt32BE(position);
    position += 4;
    if (length <= 0 || position + length > bytes.length) throw new Error('snappy: truncated block');
    const block = decompressSnappyBlock(
      bytes.subarray(position, position + length),
      maxBytes - size,
    );
    blocks.push(block);
    size += block.length;
    position += length;
  }
  return blocks.length === 1 ? blocks[0]! : Buffer.concat(blocks, size);
}

function decompressSnappyBlock(bytes: Buffer, maxBytes: number): Buffer {
  if (snappyLength(bytes) > maxBytes) throw new TooLargeError(maxBytes);
  return uncompress(bytes);
}

function snappyLength(bytes: Buffer): number {
  let length = 0;
  for (let i = 0; i < 5; i++) {
    const byte = bytes.readUInt8(i);
    length += (byte & 0x7f) * 2 ** (7 * i);
    if (byte < 0x80) return length;
  }
  throw new Error('snappy: broken length');
}

function decompressZstd(bytes: Buffer, maxBytes: number): Buffer {
  checkZstdWindow(bytes, maxBytes);
  const blocks: Uint8Array[] = [];
  let size = 0;
  const stream = new Decompress((block) => {
    size += block.length;
    if (size > maxBytes) throw new TooLargeError(maxBytes);
    blocks.push(block);
  });
  stream.push(bytes, true);
  return Buffer.concat(blocks, size);
}

/**
 * The decoder allocates the window that the frame announces, up to 2 GB, before it reads any
 * content. Producers write one frame a batch, so the first header tells.
 */
function checkZstdWindow(bytes: Buffer, maxBytes: number): void {
  const flags = bytes.readUInt8(4);
  if ((flags & 0x20) !== 0) {
    const dictionaryBytes = [0, 1, 2, 4][flags & 3]!;
    const sizeBytes = [1, 2, 4, 8][flags >> 6]!;
    const at = 5 + dictionaryBytes;
    const size =
      sizeBytes === 8 ? Number(bytes.readBigUInt64LE(at)) : bytes.readUIntLE(at, sizeBytes);
    if (size > maxBytes) throw new TooLargeError(maxBytes);
    return;
  }
  const descriptor = bytes.readUInt8(5);
  const base = 2 ** (10 + (descriptor >> 3));
  if (base + (base / 8) * (descriptor & 7) > Math.max(maxBytes, 8 << 20)) {
    throw new TooLargeError(maxBytes);
  }
}
