/** In: CDNOW_master.txt, perhaps gzipped. Out: its purchases as CSV. */
import { readFile, writeFile } from 'node:fs/promises';
import { gunzipSync } from 'node:zlib';

/** Those before a day such as 19970701 only, where one is given. */
export async function writeCdnowCsv(from: string, to: string, before = '99999999'): Promise<void> {
  const bytes = await readFile(from);
  await writeFile(to, csvOf((from.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString(), before));
}

/** Columns of fixed width, customer by customer, as CSV in the order of time, in which days are taken in fastest. */
function csvOf(text: string, before: string): string {
  const rows = text
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([, date = '']) => /^\d{8}$/.test(date) && date < before)
    .sort(([, a = ''], [, b = '']) => a.localeCompare(b))
    .map(([customer, date = '', cds, amount]) =>
      [customer, date.replace(/(....)(..)(..)/, '$1-$2-$3'), cds, amount].join(','),
    );
  return ['customer_id,date,cds,amount', ...rows, ''].join('\n');
}
