/** In: the source files. Out: a failure for each import that goes against the direction of the stations. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { expect, test } from 'vitest';

/** What a rule, a refusal and a day are: data that every station may speak of. */
const TERMS = [
  'streams/reasons.ts',
  'streams/rules.ts',
  'streams/zone-offset.ts',
  'streams/calendar.ts',
];
/** ClickHouse's Native format, byte by byte; knows no table and no server. */
const NATIVE_FORMAT = ['warehouse/byte-sink.ts', 'warehouse/native-block.ts'];

/**
 * The stations of src and what each may import besides itself. A station is a folder, or a single
 * file where that file is a port. Each may import only what is listed before it, so there is no
 * cycle; only `cli` joins the outer stations.
 */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  ...Object.fromEntries(TERMS.map((file) => [file, []])),
  'streams/calendar.ts': ['streams/zone-offset.ts'],
  'is-alive.ts': [],
  'warehouse/byte-sink.ts': [],
  'warehouse/native-block.ts': ['warehouse/byte-sink.ts'],
  /** Kafka's batches, byte by byte. */
  'sources/kafka/batch-header.ts': [],

  // Ports: what the processor asks of a source, a warehouse and the outside world.
  'sources/source.ts': [],
  'sources/record-list.ts': ['sources/source.ts'],
  'warehouse/store.ts': [],
  'processor/ports.ts': ['sources/source.ts'],

  // The pure middle: no Kafka, no server, no I/O.
  decode: [...TERMS, 'processor/ports.ts'],
  fold: [...TERMS, 'decode'],
  'streams/stream.ts': [...TERMS, ...NATIVE_FORMAT, 'decode', 'fold'],
  'streams/forgotten-people.ts': [...TERMS, 'decode', 'streams/stream.ts'],
  streams: [...TERMS, ...NATIVE_FORMAT, 'decode', 'fold', 'streams/stream.ts'],

  // What is in common between what sends and what the edges read.
  'sources/file/avro-bytes.ts': [],
  'sources/kafka/murmur2.ts': [],
  traffic: [...TERMS, 'sources/file/avro-bytes.ts', 'sources/kafka/murmur2.ts'],

  // The edges: each implements ports, none knows another.
  'sources/kafka': [
    'is-alive.ts',
    'sources/kafka/batch-header.ts',
    'sources/kafka/murmur2.ts',
    'sources/source.ts',
    'processor/ports.ts',
  ],
  'sources/file': [
    'decode',
    'streams/zone-offset.ts',
    'sources/file/avro-bytes.ts',
    'sources/source.ts',
    'sources/record-list.ts',
    'processor/ports.ts',
  ],
  warehouse: [
    'is-alive.ts',
    ...TERMS,
    ...NATIVE_FORMAT,
    'warehouse/store.ts',
    'processor/ports.ts',
    'decode',
    'fold',
    'streams/stream.ts',
  ],
  embedded: [],
  'embedded/clickhouse': ['embedded'],
  'embedded/broker': ['embedded', 'sources/kafka/batch-header.ts'],
  config: [],

  // What joins them.
  processor: [
    ...TERMS,
    'sources/source.ts',
    'warehouse/store.ts',
    'processor/ports.ts',
    'decode',
    'streams/stream.ts',
    'streams/forgotten-people.ts',
    'fold',
    'warehouse',
  ],
  /** Models: numbers in, numbers out. */
  scoring: [],
  /** What is stored, judged. */
  checks: ['warehouse'],
  serve: ['warehouse/store.ts', 'processor/ports.ts', 'decode', 'processor'],
  cli: ['*'],
};

const SRC = join(import.meta.dirname, '../src');
const STATIONS = Object.keys(MAY_IMPORT);
const FORBIDDEN = [/['"`\s(=]\/(?:work|root|Users)\//, /\bas unknown as\b/];
const IMPORT = /(?:^|[^.\w])(?:from|import)\s*\(?\s*['"]([^'"]+)['"]/g;

interface Edge {
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

test('the table of stations has no cycle', () => {
  for (const [position, station] of STATIONS.entries()) {
    for (const allowed of MAY_IMPORT[station] ?? []) {
      if (allowed === '*') continue;
      expect(STATIONS.slice(0, position), `${station} → ${allowed}`).toContain(allowed);
    }
  }
});

test('every file of src belongs to a station', () => {
  expect(sourceFiles().filter((file) => stationOf(file) === undefined)).toEqual([]);
});

test('imports between stations go only where the table allows', () => {
  const wrong = edges().filter(
    ({ from, to }) =>
      from !== to && !MAY_IMPORT[from]?.includes('*') && !MAY_IMPORT[from]?.includes(to),
  );
  expect(wrong.map(({ file, from, to }) => `${file}: ${from} may not import ${to}`)).toEqual([]);
});

test('the check sees an import of every form', () => {
  const text = `import { a } from '../a.ts';\nexport * from "../b.ts";\nawait import('../c.ts');\nimport '../d.ts';`;
  expect([...text.matchAll(IMPORT)].map((match) => match[1])).toEqual([
    '../a.ts',
    '../b.ts',
    '../c.ts',
    '../d.ts',
  ]);
});

test('no file speaks of one machine, and no type is forced on a value', () => {
  const tracked = execFileSync('git', ['ls-files', '-z', '--', '*.ts', '*.md', '*.json', '*.sql'], {
    cwd: join(SRC, '..'),
    encoding: 'utf8',
  });
  const wrong = tracked
    .split('\0')
    .filter((file) => file !== '')
    .filter((file) => file !== 'test/architecture.test.ts' && existsSync(join(SRC, '..', file)))
    .filter((file) =>
      FORBIDDEN.some((pattern) => pattern.test(readFileSync(join(SRC, '..', file), 'utf8'))),
    );
  expect(wrong).toEqual([]);
});

function sourceFiles(): string[] {
  return readdirSync(SRC, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .sort();
}

/** The most specific station that holds this file (a path relative to src). */
function stationOf(file: string): string | undefined {
  return STATIONS.filter((station) => file === station || file.startsWith(`${station}/`)).sort(
    (a, b) => b.length - a.length,
  )[0];
}

function edges(): Edge[] {
  return sourceFiles().flatMap((file) => {
    const from = stationOf(file);
    if (from === undefined) return [];
    return [...readFileSync(join(SRC, file), 'utf8').matchAll(IMPORT)]
      .map((match) => match[1] ?? '')
      .filter((target) => target.startsWith('.'))
      .map((target) => {
        const path = relative(SRC, join(SRC, dirname(file), target));
        return { file, from, to: stationOf(path) ?? path };
      });
  });
}
