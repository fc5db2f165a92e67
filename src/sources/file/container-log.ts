/**
 * In: an Avro container written with the stream's own schema. Out: its records as a log, their bytes as
 * they are: nothing is decoded but where each of them ends.
 */
import { AvroInput } from '../../decode/avro-bytes.ts';
import { parseSchema } from '../../decode/avro-schema.ts';
import { Skips } from '../../decode/avro-skip.ts';
import { DecodeError, IncompatibleSchemaError } from '../../decode/decode-error.ts';
import { resolveWriter } from '../../decode/writer-resolution.ts';
import type { RecordBatch } from '../source.ts';
import type { AvroContainer } from './avro-container.ts';
import { longerBlock } from './avro-rows.ts';
import { FileBatch } from './file-batch.ts';
import { FileError } from './file-error.ts';

export interface ContainerLogOptions {
  readonly path: string;
  readonly container: AvroContainer;
  /** The stream's schema, as which the container's must be read. */
  readonly schema: object;
  /** The field whose text is the record's key. */
  readonly key: string;
  /** Goes before each value. */
  readonly prefix: Buffer;
  /** When the file was first read, in milliseconds since 1970: the time of all its records. */
  readonly time: number;
  readonly seed: number;
}

/** Whether the records are, byte for byte, what the stream's schema would have written. */
export function isOfSchema(container: AvroContainer, schema: object): boolean {
  try {
    return resolveWriter(JSON.stringify(container.schema), schema).kind === 'same';
  } catch (error) {
    if (error instanceof IncompatibleSchemaError) return false;
    throw error;
  }
}

/** Only for containers of the stream's schema. Throws a FileError when the file cannot be read on. */
export async function* containerLog(options: ContainerLogOptions): AsyncGenerator<RecordBatch> {
  const { container, prefix, time, seed } = options;
  const extent = extentOfRecord(options);
  let batch = new FileBatch(time, { nextOffset: 0, chain: seed, capacity: 1024 });
  try {
    for await (const { count, bytes } of container.blocks()) {
      const input = new AvroInput(bytes);
      for (let left = count; left > 0; left--) {
        const start = input.position;
        const key = extent(input, batch.nextOffset + 1);
        batch.addEncoded(batch.nextOffset + 1, key, prefix, bytes.subarray(start, input.position));
        if (batch.size < ROWS_PER_BATCH) continue;
        yield batch;
        batch = new FileBatch(time, batch);
      }
      if (input.remaining > 0) throw longerBlock(options.path, batch.nextOffset);
    }
  } catch (error) {
    // What came before the place from which it cannot be read on.
    if (batch.size > 0) yield batch;
    throw error;
  }
  if (batch.size > 0) yield batch;
}

const ROWS_PER_BATCH = 2_000;

/** Moves over one record and returns its key. Throws a FileError where there is none. */
function extentOfRecord({
  path,
  schema,
  key,
}: ContainerLogOptions): (input: AvroInput, row: number) => Buffer {
  const record = parseSchema(schema);
  if (record.kind !== 'record') throw new TypeError('the schema of a stream is a record');
  const skips = new Skips();
  const fields = record.fields.map(({ type }) => skips.of(type));
  const at = record.fields.findIndex(({ name }) => name === key);
  const before = fields.slice(0, at);
  const after = fields.slice(at + 1);
  return (input, row) => {
    try {
      for (const skip of before) skip(input, 1);
      const bytes = input.sized();
      for (const skip of after) skip(input, 1);
      return bytes;
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      const problem = `${path}, row ${row}: the record is ${error.code}`;
      throw new FileError('unreadable_file', problem, error);
    }
  };
}
