import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { start, tidemark } from './tidemark.ts';
import type { Ended } from './tidemark.ts';

let dataDir: string;
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'tidemark-demo-'));
});
afterEach(() => rm(dataDir, { recursive: true, force: true }));

const PATIENCE_MS = 120_000;
const on = (...argv: string[]) => [...argv, '--data-dir', dataDir];
const FREE_PORT = { HTTP_PORT: '0' };

interface Summary {
  readonly topic: string;
  readonly sent: number;
  readonly outcomes: Readonly<Record<string, number>>;
  readonly expected: Readonly<Record<string, unknown>>;
}

async function demo(): Promise<Summary> {
  const { ended } = start(on('demo', '--exit', '--json', '--events', '3000'), FREE_PORT);
  const { status, stdout, stderr } = await ended;
  expect({ status, stderr: status === 0 ? '' : stderr }).toEqual({ status: 0, stderr: '' });
  return JSON.parse(stdout) as Summary;
}

/** Processes whose command line names the data folder. */
function left(): string[] {
  return spawnSync('pgrep', ['-af', dataDir]).stdout.toString().split('\n').filter(Boolean);
}

test(
  'demo: every record that was sent meets the outcome that it was made for, and nothing stays behind; ' +
    'beside earlier records it takes another topic, and its report says why the totals add up',
  { timeout: PATIENCE_MS },
  async () => {
    const first = await demo();
    const { reasons: _, ...expected } = first.expected;
    expect(first).toMatchObject({ topic: 'app-events', sent: 3000, outcomes: expected });
    expect(left()).toEqual([]);

    // Among older records most of the history that is sent would be late.
    const argv = on('demo', '--exit', '--events', '3000', '--seed', '7');
    const { status, stdout } = await start(argv, FREE_PORT).ended;
    expect(status).toBe(0);
    expect(stdout).toContain('(app-events-2)');
    expect(stdout).toMatch(/they agree\.\n/);
    expect(stdout).not.toContain('no: ');
    expect(stdout.match(/┌─/g)).toHaveLength(4);
    expect(stdout).toMatch(/│ (?:Declining|Healthy|Strong)/);
  },
);

test(
  'up: waits for producers, other commands talk to it, and Ctrl-C stops everything',
  { timeout: PATIENCE_MS },
  async () => {
    const running = start(on('up'), FREE_PORT);
    let told = '';
    running.process.stderr!.on('data', (chunk: Buffer) => (told += chunk.toString()));
    await eventually('it says where to look', () => told.includes('waiting for events'));
    const generated = await tidemark(on('generate', '--events', '500', '--json'));
    expect(generated.status).toBe(0);
    const count = 'SELECT sum(accepted + duplicate + late + future + invalid) FROM source_progress';
    const ask = (): Promise<Ended> => tidemark(on('sql', count));
    await eventually(
      'all of it is processed',
      async () => (await ask()).stdout === '500\n',
      60_000,
    );
    running.process.kill('SIGINT');
    expect((await running.ended).status).toBe(130);
    await eventually('its servers are gone', () => left().length === 0);
  },
);

test(
  'up: a taken port ends with 2 and is named, before anything is said to be up',
  { timeout: PATIENCE_MS },
  async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo;
    const { status, stderr } = await start(on('up'), { HTTP_PORT: String(port) }).ended;
    taken.close();
    expect(status).toBe(2);
    expect(stderr).toContain(String(port));
    await eventually('its servers are gone', () => left().length === 0);
  },
);
