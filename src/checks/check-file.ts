/**
 * In: a folder of SQL files. Out: the checks they are, each a query of the rows that are not as they
 * should be.
 *
 * A file begins with `-- error: PROMISE` or `-- warn: PROMISE`. Lines that may follow:
 * `-- Kind: identity`, `-- Tolerates: 10 rows`, `-- Error above: 100 rows` (of a warning),
 * `-- Stream: order-lines` (whose days are meant; app-events unless said), `-- Reads: marts`,
 * `-- Remedy: WHAT TO DO`. A value goes on in comment lines that are indented by two spaces or more.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { KINDS, USUAL } from './check.ts';
import type { Check, DayStream } from './check.ts';

const COUNT = /^(\d+)(?: rows)?$/;
const STREAMS: readonly DayStream[] = ['app-events', 'order-lines'];

/** Those that come with the software, in the order of their names. */
export function shippedChecks(): Promise<readonly Check[]> {
  return checksOfFolder(fileURLToPath(new URL('../../clickhouse/checks/', import.meta.url)));
}

/** In the order of their names. Rejects when the folder cannot be read. */
export async function checksOfFolder(folder: string): Promise<readonly Check[]> {
  const files = (await readdir(folder)).filter((file) => file.endsWith('.sql')).sort();
  return Promise.all(
    files.map(async (file) =>
      checkOf(file.slice(0, -'.sql'.length), await readFile(join(folder, file), 'utf8')),
    ),
  );
}

/** A file that is not as it should be is a check with a fault. */
export function checkOf(name: string, text: string): Check {
  const head = /^-- (error|warn): (.+)/.exec(text);
  const said = lines(text);
  const kind = KINDS.find((each) => each === (said.get('Kind') ?? 'expression'));
  const stream = STREAMS.find((each) => each === (said.get('Stream') ?? 'app-events'));
  const tolerates = COUNT.exec(said.get('Tolerates') ?? '0');
  const errorAbove = COUNT.exec(said.get('Error above') ?? '0');
  const faults = [
    ...(head === null ? ['it must begin with "-- error: PROMISE" or "-- warn: PROMISE"'] : []),
    ...(kind === undefined
      ? [`Kind must be one of ${KINDS.join(', ')}, got "${said.get('Kind')}"`]
      : []),
    ...(stream === undefined
      ? [`Stream must be ${STREAMS.join(' or ')}, got "${said.get('Stream')}"`]
      : []),
    ...(tolerates === null
      ? [`Tolerates must be like 10 rows, got "${said.get('Tolerates')}"`]
      : []),
    ...(errorAbove === null
      ? [`Error above must be like 100 rows, got "${said.get('Error above')}"`]
      : []),
  ];
  return {
    ...USUAL,
    name,
    kind: kind ?? 'expression',
    severity: head?.[1] === 'warn' ? 'warn' : 'error',
    promise: head?.[2] ?? `${name}.sql`,
    remedy: said.get('Remedy') ?? '',
    query: text.replace(/;\s*$/, ''),
    tolerates: Number(tolerates?.[1] ?? 0),
    errorAbove: said.has('Error above') ? Number(errorAbove?.[1] ?? 0) : undefined,
    stream: stream ?? 'app-events',
    readsMarts: said.get('Reads') === 'marts',
    fault: faults.length === 0 ? undefined : faults.join('; '),
  };
}

/** The lines `-- KEY: VALUE` before the query, each with the indented comment lines that continue it. */
function lines(text: string): ReadonlyMap<string, string> {
  const said = new Map<string, string>();
  let key = '';
  for (const line of text.split('\n').slice(1)) {
    const [, name, value = ''] = /^-- ([A-Z][a-z]*(?: [a-z]+)?): (.+)$/.exec(line) ?? [];
    const [, more] = /^-- {2,}(\S.*)$/.exec(line) ?? [];
    if (name !== undefined) {
      key = name;
      said.set(name, value.trim());
    } else if (more === undefined) {
      break;
    } else {
      said.set(key, `${said.get(key) ?? ''} ${more}`.trim());
    }
  }
  return said;
}
