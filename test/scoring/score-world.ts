/** A database with made-up users whose shares keep them, and `score` on it. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { start, tidemark } from '../cli/tidemark.ts';
import type { Ended, Running } from '../cli/tidemark.ts';
import { testClickHouse } from '../support/clickhouse.ts';
import type { TestClickHouse } from '../support/clickhouse.ts';
import { people } from './made-up-people.ts';

export interface ScoreWorld {
  readonly clickhouse: TestClickHouse;
  score(...argv: string[]): Promise<Ended>;
  startScore(...argv: string[]): Running;
  /** What `--json` prints of a run that must succeed. */
  result<T>(...argv: string[]): Promise<T>;
  rows(query: string): Promise<Record<string, unknown>[]>;
  close(): Promise<void>;
}

/** The words of a command line. */
export function words(line: string): readonly string[] {
  return line.split(' ');
}

const DAY_MS = 86_400_000;
const FIRST_DAY = Date.UTC(2026, 0, 1);

/** Created on the 40 days from 2026-01-01 on; the last event is on 2026-04-01, so everything is complete. */
export async function scoreWorld(seed: number, users: number): Promise<ScoreWorld> {
  const clickhouse = await testClickHouse();
  const folder = await mkdtemp(join(tmpdir(), 'tidemark-score-'));
  const environment = { CLICKHOUSE_URL: clickhouse.url, TIDEMARK_DATA_DIR: folder };
  const score = (...argv: string[]) => tidemark(['score', ...argv], environment);
  const path = join(folder, 'events.csv');
  await writeFile(path, csvOf(madeUpEvents(seed, users)));
  for (const argv of [
    ['ingest', path, '--stream', 'app-events', '--map', join(folder, 'map.json')],
    ['refresh'],
  ]) {
    await writeFile(join(folder, 'map.json'), '{ "properties": ["amount"] }');
    const { status, stderr } = await tidemark(argv, environment);
    expect({ status, stderr: status === 0 ? '' : stderr }).toEqual({ status: 0, stderr: '' });
  }
  return {
    clickhouse,
    score,
    startScore: (...argv) => start(['score', ...argv], environment),
    async result<T>(...argv: string[]) {
      const { status, stdout, stderr } = await score(...argv, '--json');
      expect({ status, stderr: status === 0 ? '' : stderr }).toEqual({ status: 0, stderr: '' });
      return JSON.parse(stdout) as T;
    },
    rows: (query) => clickhouse.rows(query),
    async close() {
      await clickhouse.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

interface Event {
  readonly user: string;
  readonly type: string;
  readonly time: number;
  readonly platform: string;
}

/** Each share in the first week multiplies the odds of being there four weeks later by 2. */
function madeUpEvents(seed: number, users: number): readonly Event[] {
  const { random, uniform } = people(seed);
  const events: Event[] = [];
  for (let n = 0; n < users; n++) {
    const user = `user-${n}`;
    const platform = ['ios', 'ios', 'android', 'web'][random.below(4)]!;
    const created = FIRST_DAY + random.below(40) * DAY_MS;
    const at = (day: number) => created + day * DAY_MS + random.below(DAY_MS);
    const add = (type: string, day: number) => events.push({ user, type, time: at(day), platform });
    const shares = random.below(4);
    add('sign_up', 0);
    for (let i = 0; i < shares; i++) add('share', random.below(7));
    for (let i = random.below(5); i > 0; i--) add('page_view', random.below(7));
    if (uniform() < 1 / (1 + Math.exp(-(shares * Math.LN2 - 1.2)))) add('page_view', 24);
  }
  events.push({ user: 'last', type: 'page_view', time: Date.UTC(2026, 3, 1), platform: 'web' });
  return events.sort((a, b) => a.time - b.time);
}

function csvOf(events: readonly Event[]): string {
  const lines = events.map(({ user, type, time, platform }, n) => {
    const amount = type === 'share' ? '2.5' : '';
    return `event-${n},${user},${type},${new Date(time).toISOString()},${platform},${amount}`;
  });
  return ['event_id,user_id,event_type,event_time,platform,amount', ...lines, ''].join('\n');
}
