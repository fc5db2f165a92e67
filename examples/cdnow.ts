/**
 * What makes buyers come back, on 69,659 purchases of CDNOW's customers of 1997. In: CDNOW_master.txt, perhaps
 * gzipped. Out: everything in the folder .tidemark/cdnow, and the drivers in the terminal.
 *
 * `npm run example:cdnow -- CDNOW_master.txt`
 */
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { main } from '../src/cli/main.ts';
import { writeCdnowCsv } from './cdnow-csv.ts';

const DATA_DIR = '.tidemark/cdnow';
const MAPPING = fileURLToPath(new URL('cdnow.json', import.meta.url));
const HOW_TO_GET = `Give the path of CDNOW_master.txt or CDNOW_master.txt.gz:
  npm run example:cdnow -- PATH
Bruce Hardie publishes it at http://www.brucehardie.com/datasets/ (CDNOW_master.zip).`;

const path = process.argv[2];
if (path === undefined || !existsSync(path)) {
  console.error(path === undefined ? HOW_TO_GET : `There is no file ${path}. ${HOW_TO_GET}`);
  process.exitCode = 2;
} else {
  await mkdir(DATA_DIR, { recursive: true });
  const csv = join(DATA_DIR, 'cdnow.csv');
  await writeCdnowCsv(path, csv);
  const steps = [
    ['ingest', csv, '--stream', 'app-events', '--map', MAPPING],
    ['refresh'],
    'score retention-drivers --promote --impact-threshold 1'
      .concat(' --features days,sum:cds,sum:amount --target-days 28..55')
      .split(' '),
    ['score', 'users'],
  ];
  for (const step of steps) {
    console.error(`\n$ tidemark ${step.join(' ')}`);
    process.exitCode = await main([...step, '--data-dir', DATA_DIR]);
    if (process.exitCode !== 0) break;
  }
}
