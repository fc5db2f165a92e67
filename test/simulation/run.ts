/**
 * The simulation as a command: `run.ts --seed N --runs N [--verbose]`. In: the first seed and how many.
 * Out: exit status 1 with the first difference and the command that shows it again, if there is one.
 */
import { parseArgs } from 'node:util';
import { simulate } from './scenario.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: String(Date.now() % 1_000_000_000) },
    runs: { type: 'string', default: '1000' },
    verbose: { type: 'boolean', default: false },
    'keep-going': { type: 'boolean', default: false },
  },
});

const first = Number(values.seed);
const runs = Number(values.runs);
const started = Date.now();
let records = 0;
let steps = 0;
let failures = 0;
for (let seed = first; seed < first + runs; seed++) {
  const result = await simulate(seed, values.verbose ? console.log : () => {});
  records += result.records;
  steps += result.steps;
  if (result.failure === undefined) continue;
  failures++;
  console.log(`seed ${seed}: ${result.failure}`);
  console.log(`again: npm run simulate -- --seed ${seed} --runs 1 --verbose`);
  if (!values['keep-going']) break;
}
const seconds = ((Date.now() - started) / 1000).toFixed(1);
console.log(`${runs} seeds from ${first}: ${records} records, ${steps} steps, ${seconds} s`);
if (failures > 0) process.exitCode = 1;
