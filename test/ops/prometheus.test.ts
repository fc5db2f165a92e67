/** Dashboards and alerts on a real Prometheus that scrapes a real processor, which is well. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { start, tidemark } from '../cli/tidemark.ts';
import type { Running } from '../cli/tidemark.ts';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/free-port.ts';
import { prometheusIsThere, startPrometheus } from '../support/prometheus.ts';
import type { Prometheus } from '../support/prometheus.ts';
import { alerts, RULES } from './alert-rules.ts';
import { expressions } from './dashboard-files.ts';

const PATIENCE_MS = 90_000;

/** Panels that show nothing while all is well, and why. */
const EMPTY: Readonly<Record<string, string>> = {
  'Tidemark: pipeline: Operations tried again': 'nothing had to be tried again',
  'Tidemark: pipeline: Stored tables whose refresh failed': 'every refresh succeeds',
  'Tidemark: users, miles, quality: Checks that fail': 'every check holds',
};
/** What alerts ask for that is not there while all is well. */
const UNKNOWN = ['tidemark_retries_total'];

describe.skipIf(!prometheusIsThere())('on a real Prometheus', { timeout: 180_000 }, () => {
  let folder: string;
  let running: Running;
  let prometheus: Prometheus;
  let environment: Record<string, string>;

  const succeeds = async (...argv: string[]) => {
    const { status, stderr, stdout } = await tidemark(argv, environment);
    expect({ argv, status, said: status === 0 ? '' : stderr + stdout }).toEqual({
      argv,
      status: 0,
      said: '',
    });
    return stdout;
  };
  /** Traffic up to now, of so many days. */
  const traffic = (seed: number, days: number, events: number) =>
    succeeds('generate', ...`--seed ${seed} --days ${days} --events ${events}`.split(' '));

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tidemark-scraped-'));
    const port = await freePort();
    environment = { TIDEMARK_DATA_DIR: folder, REFRESH_INTERVAL_SECONDS: '1' };
    running = start(['run'], { ...environment, HTTP_PORT: String(port) });
    prometheus = await startPrometheus(`127.0.0.1:${port}`, RULES);
    const has = async (expression: string) => (await prometheus.query(expression)).length > 0;
    await eventually('it is scraped', () => has('tidemark_build_info'), PATIENCE_MS);
    await traffic(1, 95, 20_000);
    await eventually(
      'all is stored',
      () => has('sum(tidemark_consumer_lag_events) == 0'),
      PATIENCE_MS,
    );
    await succeeds('refresh');
    await succeeds('score', 'retention-drivers');
    await succeeds('score', 'users');
    await succeeds('score', 'users');
    await succeeds('check');
    // Rates are of what comes between two looks.
    await traffic(2, 1, 500);
  }, 180_000);
  afterAll(async () => {
    running?.process.kill('SIGTERM');
    await running?.ended;
    await prometheus?.[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  test('every panel has something to show, or a reason to be empty', async () => {
    const shown = new Set<string>();
    const panels = await expressions('1m');
    const empty = () => panels.filter(({ expr }) => !shown.has(expr)).map(({ title }) => title);
    const look = async () => {
      for (const { expr } of panels) if ((await prometheus.query(expr)).length > 0) shown.add(expr);
      return empty().length <= Object.keys(EMPTY).length;
    };
    await eventually('every panel shows something', look, 45_000).catch(() => {});
    expect(empty().sort()).toEqual(Object.keys(EMPTY).sort());
  });

  test('every alert is judged without a fault, by series that there are, and none fires', async () => {
    const known = await alerts();
    await eventually('all are judged', async () =>
      (await prometheus.rules()).every(({ health }) => health !== 'unknown'),
    );
    const rules = await prometheus.rules();
    expect(rules.filter(({ health, lastError }) => health !== 'ok' || lastError !== '')).toEqual(
      [],
    );
    const judged = rules.filter(({ state }) => state !== '');
    expect(judged.map(({ name }) => name).sort()).toEqual(known.map(({ alert }) => alert).sort());
    const asked = new Set(
      rules.flatMap(({ query }) => query.match(/\btidemark[_:][a-z_:]+/g) ?? []),
    );
    let missing: string[] = [];
    const nothingElseIsMissing = async () => {
      missing = [];
      for (const name of asked) if ((await prometheus.query(name)).length === 0) missing.push(name);
      return missing.length <= UNKNOWN.length;
    };
    await eventually('alerts know what they ask for', nothingElseIsMissing).catch(() => {});
    expect(missing).toEqual(UNKNOWN);
    expect(judged.filter(({ state }) => state === 'firing')).toEqual([]);
    // Made-up users may owe miles and come less often; the pipeline itself has nothing to wait for.
    const ofPipeline = new Set(
      known.filter(({ labels }) => labels.team === 'platform').map(({ alert }) => alert),
    );
    expect(ofPipeline.size).toBeGreaterThan(10);
    expect(judged.filter(({ name, state }) => state === 'pending' && ofPipeline.has(name))).toEqual(
      [],
    );
  });
});
