/**
 * Hostile input as a command: `run.ts [--seed N] [--records N] [--files N]`. Out: what became of it, how
 * fast, and how much memory it took at most; exit status 1 when a record has no outcome.
 */
import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { fuzzFiles } from './fuzz-files.ts';
import { fuzzRecords } from './fuzz-records.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: String(randomInt(2 ** 31)) },
    records: { type: 'string', default: '1000000' },
    files: { type: 'string', default: '2000' },
  },
});
const seed = Number(values.seed);
const say = (line: string) => process.stdout.write(`${line}\n`);

say(`seed ${seed} (again: npm run fuzz -- --seed ${seed})`);
const { records, outcomes, seconds, peakMib } = await fuzzRecords(seed, Number(values.records));
const counted = Object.values(outcomes).reduce((sum, count) => sum + count, 0);
say(`${records} records in ${seconds.toFixed(1)} s: ${(records / seconds).toFixed(0)} a second`);
say(`${JSON.stringify(outcomes)}, ${peakMib} MiB at most`);
if (counted !== records) {
  say(`WRONG: ${counted} outcomes of ${records} records`);
  process.exitCode = 1;
}
const files = await fuzzFiles(seed, Number(values.files));
say(
  `${files.files} files in ${files.seconds.toFixed(1)} s: ${files.rows} rows read, ` +
    `${files.refused} files refused, ${files.peakMib} MiB at most`,
);
