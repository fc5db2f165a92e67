/** A block packed with Zstandard in, its bytes out; never more than a given bound, nor memory for more. */
import { Decompress } from 'fzstd';

const MAGIC = 0xfd2fb528;
const SKIPPABLE = 0x184d2a50;

/** Throws an Error that names the bound when the block is larger, and any other when it is damaged. */
export function unpackZstd(packed: Buffer, maxBytes: number): Buffer {
  refuseLargeWindow(packed, maxBytes);
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
 * The decoder takes the memory that a frame announces, up to 2 GB, before it has read any of it. A
 * block is one frame: what follows it is read with the memory of the first.
 * https://datatracker.ietf.org/doc/html/rfc8878#section-3.1.1
 */
function refuseLargeWindow(packed: Buffer, maxBytes: number): void {
  const magic = packed.readUInt32LE(0);
  if (magic >>> 4 === SKIPPABLE >>> 4) throw new Error('it begins with a frame without content');
  if (magic !== MAGIC) throw new Error('it is not packed with Zstandard');
  const flags = packed.readUInt8(4);
  const isSingleSegment = (flags & 0x20) !== 0;
  if (isSingleSegment) {
    const dictionaryBytes = [0, 1, 2, 4][flags & 3]!;
    const sizeBytes = [1, 2, 4, 8][flags >> 6]!;
    const at = 5 + dictionaryBytes;
    const low = packed.readUIntLE(at, Math.min(sizeBytes, 4));
    const high = sizeBytes === 8 ? packed.readUInt32LE(at + 4) : 0;
    if (high * 2 ** 32 + low > maxBytes) throw tooLarge(maxBytes);
    return;
  }
  const window = packed.readUInt8(5);
  const base = 2 ** (10 + (window >> 3));
  if (base + (base / 8) * (window & 7) > maxBytes) throw tooLarge(maxBytes);
}

function tooLarge(maxBytes: number): Error {
  return new Error(`it is larger than ${maxBytes} bytes when unpacked`);
}
