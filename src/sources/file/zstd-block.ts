/** A block packed with Zstandard in, its bytes out; never more than a given bound, nor memory for more. */
import { Decompress } from 'fzstd';

const MAGIC = 0xfd2fb528;
const SKIPPABLE = 0x184d2a50;

/** Throws an Error that names the bound when the block is larger, and any other when it is damaged. */
export function unpackZstd(packed: Buffer, maxBytes: number): Buffer {
  for (let at = 0; at < packed.length;) at = checkFrame(packed, at, maxBytes);
  const pieces: Uint8Array[] = [];
  let size = 0;
  const stream = new Decompress((piece) => {
    size += piece.length;
    if (size > maxBytes) throw tooLarge(maxBytes);
    pieces.push(piece);
  });
  stream.push(packed, true);
  return Buffer.concat(pieces, size);
}

/**
 * Returns where the frame ends. The decoder takes the memory that each frame announces, up to 2 GB,
 * before it has read any of it. https://datatracker.ietf.org/doc/html/rfc8878#section-3.1.1
 */
function checkFrame(packed: Buffer, start: number, maxBytes: number): number {
  const magic = packed.readUInt32LE(start);
  if (magic >>> 4 === SKIPPABLE >>> 4) return start + 8 + packed.readUInt32LE(start + 4);
  if (magic !== MAGIC) throw new Error('it is not packed with Zstandard');
  const flags = packed.readUInt8(start + 4);
  const isSingleSegment = (flags & 0x20) !== 0;
  const hasChecksum = (flags & 0x04) !== 0;
  const dictionaryBytes = [0, 1, 2, 4][flags & 3]!;
  const sizeBytes = [isSingleSegment ? 1 : 0, 2, 4, 8][flags >> 6]!;
  const sizeAt = start + 5 + (isSingleSegment ? 0 : 1) + dictionaryBytes;
  const announced = isSingleSegment
    ? contentSize(packed, sizeAt, sizeBytes)
    : windowSize(packed.readUInt8(start + 5));
  if (announced > maxBytes) throw tooLarge(maxBytes);
  for (let at = sizeAt + sizeBytes; ;) {
    const header = packed.readUIntLE(at, 3);
    const isRepeatedByte = ((header >> 1) & 3) === 1;
    at += 3 + (isRepeatedByte ? 1 : header >> 3);
    if ((header & 1) === 1) return at + (hasChecksum ? 4 : 0);
  }
}

function contentSize(packed: Buffer, at: number, bytes: number): number {
  return bytes === 8 ? Number(packed.readBigUInt64LE(at)) : packed.readUIntLE(at, bytes);
}

function windowSize(descriptor: number): number {
  const base = 2 ** (10 + (descriptor >> 3));
  return base + (base / 8) * (descriptor & 7);
}

function tooLarge(maxBytes: number): Error {
  return new Error(`it is larger than ${maxBytes} bytes when unpacked`);
}
