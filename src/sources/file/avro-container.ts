/** In: the bytes of an Avro object container file. Out: its schema, and its blocks unpacked. */
import { inflateRawSync } from 'node:zlib';
import { uncompress } from 'snappyjs';
import { FileError, causeOf } from './file-error.ts';
import { unpackZstd } from './zstd-block.ts';

const MAGIC = Buffer.from('Obj\u0001', 'latin1');
const SYNC_BYTES = 16;
/** No writer makes blocks of this size; a length beyond is damage. */
const MAX_BLOCK_BYTES = 256 * 1024 * 1024;

export interface AvroContainer {
  readonly schema: object;
  blocks(): AsyncIterable<AvroBlock>;
}

export interface AvroBlock {
  /** How many records the block holds, one after the other. */
  readonly count: number;
  readonly bytes: Buffer;
}

/** Reads the header. Throws a FileError when it is none, or its codec is not known. */
export async function readContainer(
  path: string,
  chunks: AsyncIterable<Buffer>,
): Promise<AvroContainer> {
  const input = new ByteReader(path, chunks);
  if (!(await input.has(MAGIC.length)) || !input.take(MAGIC.length).equals(MAGIC)) {
    throw new FileError('wrong_file', `${path} is not an Avro container file`);
  }
  const metadata = await readMetadata(input);
  const sync = await input.need(SYNC_BYTES);
  const codec = metadata.get('avro.codec')?.toString() ?? 'null';
  const unpack = CODECS.get(codec);
  if (unpack === undefined) {
    const known = [...CODECS.keys()].join(', ');
    throw new FileError(
      'wrong_file',
      `${path} is packed with codec "${codec}", known are ${known}`,
    );
  }
  return {
    schema: parseSchema(path, metadata.get('avro.schema')),
    async *blocks() {
      while (await input.has(1)) {
        const count = await input.long();
        if (count < 0) throw input.damaged(`a block of ${count} records`);
        const packed = await input.need(await input.long());
        const marker = await input.need(SYNC_BYTES);
        if (!marker.equals(sync)) throw input.damaged('a block is not followed by its marker');
        let bytes: Buffer;
        try {
          bytes = unpack(packed);
        } catch (error) {
          throw input.damaged(`a block cannot be unpacked: ${causeOf(error)}`);
        }
        yield { count, bytes };
      }
    },
  };
}

function parseSchema(path: string, text: Buffer | undefined): object {
  let schema: unknown = null;
  try {
    schema = JSON.parse(text?.toString() ?? 'null');
  } catch (error) {
    throw new FileError('unreadable_file', `${path}: its schema is no JSON: ${causeOf(error)}`);
  }
  if (typeof schema !== 'object' || schema === null) {
    throw new FileError('wrong_file', `${path} has no schema of records`);
  }
  return schema;
}

const CODECS = new Map<string, (packed: Buffer) => Buffer>([
  ['null', (packed) => packed],
  ['deflate', (packed) => inflateRawSync(packed, { maxOutputLength: MAX_BLOCK_BYTES })],
  // The last four bytes are a checksum.
  ['snappy', (packed) => uncompress(packed.subarray(0, -4), MAX_BLOCK_BYTES)],
  ['zstandard', (packed) => unpackZstd(packed, MAX_BLOCK_BYTES)],
]);

async function readMetadata(input: ByteReader): Promise<Map<string, Buffer>> {
  const metadata = new Map<string, Buffer>();
  for (;;) {
    let count = await input.long();
    if (count === 0) return metadata;
    if (count < 0) {
      // A negative count is followed by the size of the block in bytes.
      await input.long();
      count = -count;
    }
    for (; count > 0; count--) {
      const key = await input.need(await input.long());
      metadata.set(key.toString(), await input.need(await input.long()));
    }
  }
}

class ByteReader {
  readonly #path: string;
  readonly #chunks: AsyncIterator<Buffer>;
  #buffer: Buffer = Buffer.alloc(0);
  #position = 0;
  #read = 0;

  constructor(path: string, chunks: AsyncIterable<Buffer>) {
    this.#path = path;
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  /** Whether so many more bytes are there; waits for them. */
  async has(size: number): Promise<boolean> {
    if (this.#buffer.length - this.#position >= size) return true;
    const parts = [this.#buffer.subarray(this.#position)];
    let length = parts[0]!.length;
    while (length < size) {
      const chunk = await this.#next();
      if (chunk === undefined) break;
      parts.push(chunk);
      length += chunk.length;
    }
    this.#buffer = Buffer.concat(parts);
    this.#position = 0;
    return length >= size;
  }

  /** The next bytes, which must be there already. */
  take(size: number): Buffer {
    this.#read += size;
    return this.#buffer.subarray(this.#position, (this.#position += size));
  }

  async need(size: number): Promise<Buffer> {
    if (size < 0 || size > MAX_BLOCK_BYTES) throw this.damaged(`a length of ${size} bytes`);
    if (!(await this.has(size))) throw this.damaged('the file ends in the middle of a block');
    return this.take(size);
  }

  async long(): Promise<number> {
    let value = 0;
    for (let factor = 1; factor <= 2 ** 49; factor *= 128) {
      const byte = (await this.need(1))[0]!;
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
    }
    throw this.damaged('a number is too long');
  }

  damaged(what: string): FileError {
    return new FileError('unreadable_file', `${this.#path}, at byte ${this.#read}: ${what}`);
  }

  async #next(): Promise<Buffer | undefined> {
    try {
      const next = await this.#chunks.next();
      return next.done === true ? undefined : next.value;
    } catch (error) {
      throw new FileError('unreadable_file', `${this.#path}: ${causeOf(error)}`, error);
    }
  }
}
