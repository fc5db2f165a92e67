/** In: a path. Out: the file's rows, whatever its format. */
import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { pipeline } from 'node:stream';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import type { AvroContainer } from './avro-container.ts';
import { readAvro } from './avro-rows.ts';
import { readCsv } from './csv-rows.ts';
import { FileError, causeOf } from './file-error.ts';
import { readNdjson } from './ndjson-rows.ts';
import type { Column, Row, RowFile } from './row-file.ts';

export const FILE_FORMATS = ['csv', 'csv.gz', 'ndjson', 'ndjson.gz', 'avro'] as const;
export type FileFormat = (typeof FILE_FORMATS)[number];

const EXTENSIONS: ReadonlyMap<RegExp, FileFormat> = new Map([
  [/\.csv$/i, 'csv'],
  [/\.csv\.gz$/i, 'csv.gz'],
  [/\.(ndjson|jsonl)$/i, 'ndjson'],
  [/\.(ndjson|jsonl)\.gz$/i, 'ndjson.gz'],
  [/\.avro$/i, 'avro'],
]);

interface Rows {
  readonly columns: readonly Column[];
  locate?(column: string): number;
  readonly container?: AvroContainer;
  rows(): AsyncIterable<readonly Row[]>;
}

/** The format by the file's extension, unless given. Throws a FileError when neither says. */
export async function openRows(path: string, format = formatOf(path)): Promise<RowFile> {
  const size = await sizeOf(path);
  await refuseOtherFormat(path, format);
  const file = createReadStream(path, { highWaterMark: 256 * 1024 });
  let bytes: Readable = file;
  if (format.endsWith('.gz')) {
    // Errors of either side end the last stream, and come out where it is read.
    bytes = pipeline(file, createGunzip({ chunkSize: 256 * 1024 }), () => {});
  }
  let content: Rows;
  try {
    content = await read(path, bytes, format);
  } catch (error) {
    file.destroy();
    throw error;
  }
  const positions = new Map(content.columns.map(({ name }, position) => [name, position]));
  return {
    path,
    columns: content.columns,
    open: content.locate !== undefined,
    locate: (column) => content.locate?.(column) ?? positions.get(column) ?? -1,
    rows: () => content.rows(),
    ...(content.container && { container: content.container }),
    progress: () => ({ bytes: file.bytesRead, of: size }),
    async [Symbol.asyncDispose]() {
      file.destroy();
      bytes.destroy();
      if (!file.closed) await new Promise<void>((resolve) => file.once('close', () => resolve()));
    },
  };
}

function read(path: string, bytes: Readable, format: FileFormat): Promise<Rows> {
  switch (format) {
    case 'csv':
    case 'csv.gz':
      return readCsv(path, bytes);
    case 'ndjson':
    case 'ndjson.gz':
      return readNdjson(path, bytes);
    case 'avro':
      return readAvro(path, bytes);
  }
}

export function formatOf(path: string): FileFormat {
  for (const [extension, format] of EXTENSIONS) if (extension.test(path)) return format;
  throw new FileError(
    'wrong_file',
    `${path}: its name does not say its format; give --format, one of ${FILE_FORMATS.join(', ')}`,
  );
}

/** How files begin that have a beginning of their own. */
const BEGINNINGS: readonly { readonly bytes: readonly number[]; readonly kind: Kind }[] = [
  { bytes: [0x1f, 0x8b], kind: 'gzip' },
  { bytes: [0x4f, 0x62, 0x6a, 0x01], kind: 'avro' },
  { bytes: [0xff, 0xfe], kind: 'utf-16' },
  { bytes: [0xfe, 0xff], kind: 'utf-16' },
];
type Kind = 'gzip' | 'avro' | 'utf-16';

/** Throws a FileError that says what the file is and what to do, when that can be told from its first bytes. */
async function refuseOtherFormat(path: string, format: FileFormat): Promise<void> {
  const first = Buffer.alloc(4);
  await using file = await open(path);
  const { bytesRead } = await file.read(first);
  if (bytesRead === 0) return;
  const kind = BEGINNINGS.find(({ bytes }) => bytes.every((byte, at) => byte === first[at]))?.kind;
  const gzipped = format.endsWith('.gz');
  let problem: string | null = null;
  if (kind === 'avro' && format !== 'avro') {
    problem = 'is an Avro container; give --format avro';
  } else if (kind === 'gzip' && !gzipped) {
    problem = 'is gzipped; name it .gz or give --format csv.gz or ndjson.gz';
  } else if (kind !== 'gzip' && gzipped) {
    problem = `is not gzipped; give --format ${format.slice(0, -'.gz'.length)}`;
  } else if (kind === 'utf-16' && format !== 'avro') {
    problem = 'is UTF-16; convert it first: iconv -f UTF-16 -t UTF-8';
  }
  if (problem !== null) throw new FileError('wrong_file', `${path} ${problem}`);
}

async function sizeOf(path: string): Promise<number> {
  try {
    const stats = await stat(path);
    if (stats.isDirectory()) throw new FileError('wrong_file', `${path} is a folder, not a file`);
    return stats.size;
  } catch (error) {
    if (error instanceof FileError) throw error;
    throw new FileError('wrong_file', `${path} cannot be read: ${causeOf(error)}`, error);
  }
}
