/**
 * Real faults as a command: `run.ts [--seed N] [--only PART-OF-A-NAME] [--records N]`. In: servers of its
 * own. Out: a line for each scenario; exit status 1 when a table is not what the log says.
 */
import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { kafkaSide } from '../integration/world.ts';
import type { KafkaSide } from '../integration/world.ts';
import { kafkaKinds } from '../support/kafka.ts';
import { clickHouseSide, smallDiskIsPossible } from './clickhouse-side.ts';
import { play } from './scenario.ts';
import type { Played, Scenario } from './scenario.ts';
import { SCENARIOS } from './scenarios.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: String(randomInt(2 ** 31)) },
    only: { type: 'string', default: '' },
    records: { type: 'string', default: '16000' },
    rate: { type: 'string', default: '2000' },
  },
});
const seed = Number(values.seed);
const load = { seed, records: Number(values.records), rate: Number(values.rate) };

const say = (line: string) => process.stdout.write(`${line}\n`);

function tell(scenario: Scenario, kafka: string, played: Played): void {
  const { seconds, sent, differences, recoveries, notes } = played;
  const verdict = differences.length === 0 ? 'exact ' : 'WRONG ';
  say(`${verdict} ${scenario.name} (${kafka}): ${sent} records, ${seconds.toFixed(1)} s`);
  for (const { from, ms } of recoveries) say(`         ${(ms / 1000).toFixed(2)} s after ${from}`);
  for (const note of notes) say(`         ${note}`);
  for (const difference of differences) say(`       ! ${difference}`);
}

const started = performance.now();
say(
  `seed ${seed} (again: npm run test:faults -- --seed ${seed}${values.only && ` --only "${values.only}"`})`,
);
const clickhouse = await clickHouseSide();
let played = 0;
let failed = 0;
let worst = 0;
try {
  for (const [place, kind] of kafkaKinds({ own: true }).entries()) {
    const wanted = SCENARIOS.filter(
      ({ name, both }) => name.includes(values.only) && (place === 0 || both === true),
    );
    if (wanted.length === 0) continue;
    const kafka: KafkaSide = await kafkaSide(kind.open);
    try {
      for (const scenario of wanted) {
        const lacks =
          (scenario.needs === 'a real Kafka' && kind.embedded) ||
          (scenario.needs === 'a small disk' && !smallDiskIsPossible());
        if (lacks) {
          say(`left out ${scenario.name}: it needs ${scenario.needs}`);
          continue;
        }
        played++;
        try {
          const result = await play(scenario, { kafka, clickhouse, ...load });
          tell(scenario, kind.name, result);
          if (result.differences.length > 0) failed++;
          worst = Math.max(worst, ...result.recoveries.map(({ ms }) => ms));
        } catch (error) {
          failed++;
          say(
            `FAILED ${scenario.name} (${kind.name}): ${error instanceof Error ? error.stack : String(error)}`,
          );
        }
      }
    } finally {
      await kafka[Symbol.asyncDispose]();
    }
  }
} finally {
  await clickhouse[Symbol.asyncDispose]();
}
const seconds = ((performance.now() - started) / 1000).toFixed(0);
say(
  `${played} scenarios, ${failed} failed, ${seconds} s; longest recovery ${(worst / 1000).toFixed(1)} s`,
);
if (failed > 0 || played === 0) process.exitCode = 1;
