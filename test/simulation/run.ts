/**
 * The simulation as a command: `run.ts --seed N --runs N [--jobs N] [--keep-going] [--verbose]`. In: the
 * first seed, how many, and in how many processes at once. Out: exit status 1 with the first difference
 * and the command that shows it again, if there is one.
 */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { simulate } from './scenario.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: String(Date.now() % 1_000_000_000) },
    runs: { type: 'string', default: '1000' },
    jobs: { type: 'string', default: '1' },
    verbose: { type: 'boolean', default: false },
    'keep-going': { type: 'boolean', default: false },
  },
});

const first = whole('seed', values.seed);
const runs = whole('runs', values.runs);
const jobs = whole('jobs', values.jobs);
const failed = jobs > 1 ? await simulateApart() : await simulateHere();
if (failed) process.exitCode = 1;

function whole(name: string, given: string): number {
  const number = Number(given);
  if (Number.isSafeInteger(number) && number >= 0) return number;
  throw new TypeError(`--${name} must be a whole number, got "${given}"`);
}

async function simulateHere(): Promise<boolean> {
  const started = Date.now();
  let [records, steps, failures] = [0, 0, 0];
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
  return failures > 0;
}

/** Each process takes its share of the seeds. */
async function simulateApart(): Promise<boolean> {
  const share = Math.ceil(runs / jobs);
  const statuses = await Promise.all(
    Array.from({ length: jobs }, (_, job) => {
      const seeds = Math.min(share, runs - job * share);
      return simulateInProcess(first + job * share, Math.max(0, seeds));
    }),
  );
  return statuses.some((status) => status !== 0);
}

function simulateInProcess(seed: number, seeds: number): Promise<number | null> {
  const range = ['--seed', String(seed), '--runs', String(seeds)];
  const flags = [values.verbose && '--verbose', values['keep-going'] && '--keep-going'];
  const script = fileURLToPath(import.meta.url);
  const child = spawn(
    process.execPath,
    [...process.execArgv, script, ...range, ...flags.filter((flag) => flag !== false)],
    { stdio: 'inherit' },
  );
  return new Promise((resolve, reject) => {
    child.once('error', reject).once('close', resolve);
  });
}
