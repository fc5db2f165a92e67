/** A client of the other family: kcat, which is librdkafka on the command line. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startEmbeddedBroker } from '../../../src/embedded/broker/broker.ts';
import type { EmbeddedBroker } from '../../../src/embedded/broker/broker.ts';

const isMissing = spawnSync('kcat', ['-V']).status !== 0;
if (isMissing) {
  process.stderr.write('KCAT IS MISSING: install it (Debian: kcat). Its tests are skipped.\n');
}

describe.skipIf(isMissing)('librdkafka on the embedded broker', () => {
  let dataDir: string;
  let broker: EmbeddedBroker;
  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'tidemark-kcat-'));
    broker = await startEmbeddedBroker({ dataDir });
  });
  afterAll(async () => {
    await broker.close();
    await rm(dataDir, { recursive: true, force: true });
  });

  async function kcat(argv: readonly string[], input = ''): Promise<string> {
    const child = spawn('kcat', ['-b', broker.brokers[0]!, ...argv], {
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    child.stdin.end(input);
    const [out, error] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, 'close'),
    ]);
    if (child.exitCode !== 0) throw new Error(`kcat ${argv.join(' ')}: ${error}`);
    return out;
  }
  const lines = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, i) => `value-${String(from + i).padStart(5, '0')}`);

  test.each([
    ['plainly', []],
    ['as an idempotent producer', ['-X', 'enable.idempotence=true']],
    ['compressed with gzip', ['-z', 'gzip']],
    ['compressed with lz4', ['-z', 'lz4']],
    ['compressed with zstd', ['-z', 'zstd']],
  ])('what it sends %s it reads again', async (how, options) => {
    const topic = `topic-${how.replaceAll(' ', '-')}`;
    const values = lines(0, 3_000);
    await kcat(['-P', '-t', topic, ...options], `${values.join('\n')}\n`);
    const read = await kcat(['-C', '-t', topic, '-e', '-q', '-o', 'beginning', '-f', '%s %T\n']);
    const records = read
      .trim()
      .split('\n')
      .map((line) => line.split(' '));
    expect(new Set(records.map(([value]) => value))).toEqual(new Set(values));
    expect(records).toHaveLength(values.length);
    for (const [, time] of records)
      expect(Math.abs(Number(time) - Date.now())).toBeLessThan(60_000);
  });

  test('two balanced consumers share a topic, and a third goes on where they stopped', async () => {
    await kcat(
      ['-P', '-t', 'shared', '-K', ':'],
      lines(0, 400)
        .map((v) => `${v}:${v}\n`)
        .join(''),
    );
    const settings = ['-X', 'auto.offset.reset=earliest', '-X', 'session.timeout.ms=6000'];
    const group = ['-G', 'group', '-q', '-u', '-f', '%s\n', ...settings, '-e', 'shared'];
    const both = await Promise.all([kcat(group), kcat(group)]);
    expect(new Set(both.join('').trim().split('\n'))).toEqual(new Set(lines(0, 400)));
    await kcat(['-P', '-t', 'shared'], 'value-more\n');
    expect(await kcat(group)).toBe('value-more\n');
  });

  test('it lists topics and partitions, and finds offsets by time', async () => {
    await kcat(['-P', '-t', 'listed', '-p', '2'], 'one\n');
    const { topics } = JSON.parse(await kcat(['-L', '-J'])) as {
      topics: { topic: string; partitions: unknown[] }[];
    };
    expect(topics.find(({ topic }) => topic === 'listed')?.partitions).toHaveLength(4);
    expect(await kcat(['-Q', '-t', 'listed:2:1600000000000'])).toContain('offset 0');
  });
});
