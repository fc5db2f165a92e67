/**
 * LZ4 frames, as Kafka's producers write them: the frame's bytes in, its content out. Follows the
 * frame and block formats published with LZ4 (version 01). Checksums are not verified: the batch
 * around the frame has one of its own.
 */
import { TooLargeError } from './too-large-error.ts';

const FRAME_MAGIC = 0x184d2204;
const BLOCK_MAX_SIZES: readonly (number | undefined)[] = [
  undefined,
  undefined,
  undefined,
  undefined,
  64 << 10,
  256 << 10,
  1 << 20,
  4 << 20,
];

/** Throws TooLargeError when the content exceeds `maxBytes`, Error when the frame is broken. */
export function decompressLz4Frame(source: Buffer, maxBytes: number): Buffer {
  if (source.readUInt32LE(0) !== FRAME_MAGIC) throw new Error('LZ4: not a frame');
  const flags = source.readUInt8(4);
  if (flags >> 6 !== 1) throw new Error('LZ4: unknown frame version');
  const blockMax = BLOCK_MAX_SIZES[(source.readUInt8(5) >> 4) & 7];
  if (blockMax === undefined) throw new Error('LZ4: unknown block size');
  const blockChecksums = (flags & 0x10) !== 0;
  const contentSize = (flags & 0x08) !== 0;
  const dictionary = (flags & 0x01) !== 0;
  if (dictionary) throw new Error('LZ4: needs a dictionary');
  let position = 7 + (contentSize ? 8 : 0);
  let target = Buffer.allocUnsafe(Math.min(maxBytes, Math.max(blockMax, source.length * 4)));
  let written = 0;
  for (;;) {
    const header = source.readUInt32LE(position);
    position += 4;
    if (header === 0) return target.subarray(0, written);
    const size = header & 0x7fffffff;
    if (position + size > source.length) throw new Error('LZ4: truncated block');
    const room = Math.min(maxBytes, written + blockMax);
    if (target.length < room) {
      const larger = Buffer.allocUnsafe(Math.min(maxBytes, Math.max(room, target.length * 2)));
      target.copy(larger, 0, 0, written);
      target = larger;
    }
    if (header >>> 31 === 1) {
      if (size > target.length - written) throw new TooLargeError(maxBytes);
      source.copy(target, written, position, position + size);
      written += size;
    } else {
      written = decompressBlock(source, position, position + size, target, written, maxBytes);
    }
    position += size + (blockChecksums ? 4 : 0);
  }
}

/** Appends one block at `written`; earlier blocks may be referred to. Returns the new end. */
function decompressBlock(
  source: Buffer,
  from: number,
  end: number,
  target: Buffer,
  written: number,
  maxBytes: number,
): number {
  let position = from;
  let out = written;
  for (;;) {
    if (position >= end) throw new Error('LZ4: truncated block');
    const token = source[position++]!;
    let literals = token >> 4;
    if (literals === 15) {
      let more = 255;
      while (more === 255) {
        if (position >= end) throw new Error('LZ4: truncated length');
        more = source[position++]!;
        literals += more;
      }
    }
    if (position + literals > end) throw new Error('LZ4: truncated literals');
    if (out + literals > target.length) throw new TooLargeError(maxBytes);
    source.copy(target, out, position, position + literals);
    position += literals;
    out += literals;
    if (position === end) return out;
    if (position + 2 > end) throw new Error('LZ4: truncated match');
    const distance = source[position]! | (source[position + 1]! << 8);
    position += 2;
    let length = (token & 15) + 4;
    if (length === 19) {
      let more = 255;
      while (more === 255) {
        if (position >= end) throw new Error('LZ4: truncated length');
        more = source[position++]!;
        length += more;
      }
    }
    if (distance === 0 || distance > out) throw new Error('LZ4: match before the beginning');
    if (out + length > target.length) throw new TooLargeError(maxBytes);
    if (distance >= length) {
      target.copyWithin(out, out - distance, out - distance + length);
      out += length;
    } else {
      // An overlapping match repeats what it is just writing: byte by byte.
      for (const stop = out + length; out < stop; out++) target[out] = target[out - distance]!;
    }
  }
}
