/**
 * In: a seed and a number of files. Out: each was read as far as it goes, and its rows encoded. Throws where
 * anything but a row, a fault of a row, or a FileError in words comes of one.
 */
import { gzipSync } from 'node:zlib';
import avro from 'avsc';
import { FileError } from '../../src/sources/file/file-error.ts';
import type { FileFormat } from '../../src/sources/file/open-rows.ts';
import { recordsOf, temporaryFolder } from '../sources/file/support.ts';
import { OWN_SCHEMA } from './hostile-schemas.ts';
import { chanceOf } from './random.ts';
import type { Chance } from './random.ts';

export interface FuzzedFiles {
  readonly files: number;
  readonly rows: number;
  /** Files that could not be read to their end. */
  readonly refused: number;
  readonly seconds: number;
  readonly peakMib: number;
}

const FORMATS: readonly FileFormat[] = ['csv', 'csv.gz', 'ndjson', 'ndjson.gz', 'avro'];
const ROWS = 40;
const FIELDS = ['event_id', 'user_id', 'event_type', 'event_time', 'platform', 'page_url'];
/** Read or refused, none takes so long. */
const PATIENCE_MS = 20_000;
const MIB = 2 ** 20;

export async function fuzzFiles(seed: number, files: number): Promise<FuzzedFiles> {
  const started = performance.now();
  const chance = chanceOf(seed);
  await using folder = await temporaryFolder();
  let rows = 0;
  let refused = 0;
  let peak = 0;
  for (let number = 0; number < files; number++) {
    const format = chance.pick(FORMATS);
    const path = await folder.write(`hostile.${format}`, hostileFile(format, chance));
    const begun = performance.now();
    try {
      const read = await recordsOf(path);
      rows += read.length;
    } catch (error) {
      if (!(error instanceof FileError) && !isBeyondAvsc(error)) {
        throw new Error(`file ${number} of seed ${seed} (${format}) was not read`, {
          cause: error,
        });
      }
      refused++;
    }
    const took = performance.now() - begun;
    if (took > PATIENCE_MS) throw new Error(`file ${number} of seed ${seed} took ${took} ms`);
    peak = Math.max(peak, process.memoryUsage.rss());
  }
  const seconds = (performance.now() - started) / 1000;
  return { files, rows, refused, seconds, peakMib: Math.round(peak / MIB) };
}

/** A number beyond 2^53 is encoded as it is, and refused by the intake; avsc does not read it. */
function isBeyondAvsc(error: unknown): boolean {
  return error instanceof Error && error.message === 'potential precision loss';
}

function hostileFile(format: FileFormat, chance: Chance): Buffer {
  const { below, flipped, bytes } = chance;
  const [kind, gz] = format.split('.');
  let content = kind === 'avro' ? container(chance) : text(kind === 'csv', chance);
  // Within the compression, so that the text itself is broken.
  if (below(2) === 0) content = harmed(content, chance);
  if (gz === undefined) return content;
  const packed = gzipSync(below(40) === 0 ? Buffer.alloc(4 * MIB, content) : content);
  switch (below(4)) {
    case 0:
      return flipped(packed);
    case 1:
      return packed.subarray(0, below(packed.length));
    case 2:
      return Buffer.concat([packed, bytes(below(50))]);
    default:
      return packed;
  }
}

function harmed(content: Buffer, { below, flipped, bytes, pick }: Chance): Buffer {
  const at = below(content.length);
  const spliced = (inserted: Buffer) =>
    Buffer.concat([content.subarray(0, at), inserted, content.subarray(at)]);
  switch (below(7)) {
    case 0:
      return content.subarray(0, at);
    case 1:
      return bytes(below(500));
    case 2:
      return spliced(bytes(below(30)));
    case 3:
      return spliced(
        Buffer.alloc(1 + below(2 * MIB), pick(['x', '"', ',', '\n', '[', '{"a":', '\0'])),
      );
    case 4:
      // Another encoding from here on.
      return Buffer.concat([content.subarray(0, at), Buffer.from('naïve Grüße €', 'utf16le')]);
    case 5:
      return Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), content]);
    default:
      return flipped(content);
  }
}

function text(csv: boolean, chance: Chance): Buffer {
  const lines = Array.from({ length: ROWS }, (_, row) => {
    const cells = FIELDS.map((field) => cell(field, row, chance));
    if (csv)
      return cells
        .map((value) => (typeof value === 'string' ? value : JSON.stringify(value)))
        .join(',');
    return JSON.stringify(Object.fromEntries(FIELDS.map((field, i) => [field, cells[i]])));
  });
  const encoding = chance.below(15) === 0 ? 'latin1' : 'utf8';
  const head = csv ? [FIELDS.join(',')] : [];
  return Buffer.from([...head, ...lines].join(chance.below(3) === 0 ? '\r\n' : '\n'), encoding);
}

function cell(field: string, row: number, { below, pick }: Chance): unknown {
  if (below(12) === 0) {
    return pick<unknown>([
      '',
      null,
      'é',
      '"',
      '1e309',
      -0,
      2 ** 63,
      {},
      [[]],
      true,
      '\u0000',
      '"a""b',
      '9'.repeat(400),
    ]);
  }
  switch (field) {
    case 'event_time':
      return new Date(Date.UTC(2026, 2, 1) + row * 60_000).toISOString();
    case 'event_type':
      return 'page_view';
    case 'page_url':
      return 'https://shop.example.com/';
    default:
      return `${field}-${row}`;
  }
}

const TYPE = avro.Type.forSchema(JSON.parse(OWN_SCHEMA) as avro.Schema);
const EMPTY = Object.fromEntries(
  (JSON.parse(OWN_SCHEMA) as { fields: { name: string }[] }).fields.map(({ name }) => [name, null]),
);

/** As Avro's specification has it: a header, and blocks of records between sync marks. */
function container({ below, bytes, pick }: Chance): Buffer {
  const sync = bytes(16);
  const meta = avro.Type.forSchema({ type: 'map', values: 'bytes' }).toBuffer({
    'avro.schema': Buffer.from(OWN_SCHEMA),
    'avro.codec': Buffer.from(pick(['null', 'null', 'null', 'deflate', 'snappy', 'none'])),
  });
  const long = avro.Type.forSchema('long');
  const blocks = Array.from({ length: 1 + below(3) }, () => {
    const records = Array.from({ length: below(20) }, (_, row) =>
      TYPE.toBuffer({
        ...EMPTY,
        event_id: `event-${row}`,
        user_id: 'ana',
        event_type: 'page_view',
        event_time: Date.UTC(2026, 2, 1) * 1000 + row,
        properties: {},
      }),
    );
    const body = Buffer.concat(records);
    const lies = below(8) === 0;
    const count = lies ? pick([-1, 0, 2 ** 31, 2 ** 50]) : records.length;
    const size = lies && below(2) === 0 ? pick([-1, 2 ** 31, 2 ** 50]) : body.length;
    return Buffer.concat([long.toBuffer(count), long.toBuffer(size), body, sync]);
  });
  return Buffer.concat([Buffer.from('Obj\x01', 'latin1'), meta, sync, ...blocks]);
}
