import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { pino } from 'pino';
import { expect, test } from 'vitest';
import { flowLog } from '../../src/cli/flow/log.ts';
import { readableLog } from '../../src/cli/readable-log.ts';
import { main } from '../../src/cli/main.ts';
import { noObserver } from '../../src/processor/observer.ts';
import { firstLine } from '../../src/processor/progress.ts';
import { start } from './tidemark.ts';

function written(stream: PassThrough): string {
  return String(stream.read() ?? '');
}

test('a person at a terminal reads time, level, message and details, and an error with its causes', () => {
  const terminal = new PassThrough();
  const logger = pino({ level: 'info' }, readableLog(terminal));
  logger.info({ topics: ['a', 'b'], group: 'tidemark' }, 'processing starts');
  expect(written(terminal)).toMatch(
    /^\d\d:\d\d:\d\d\.\d{3} info {2}processing starts topics=\["a","b"\] group=tidemark\n$/,
  );
  const cause = new Error('connection refused');
  logger.error({ err: new Error('could not insert', { cause }) }, 'broke off');
  const text = written(terminal);
  expect(text).toContain('ERROR broke off');
  expect(text).toContain('could not insert');
  expect(text.match(/connection refused/g)?.length).toBeGreaterThan(0);
});

test('every write is a line at debug; the sums are one line at info, and none where nothing happened', () => {
  const stream = new PassThrough();
  const logger = pino({ level: 'debug' }, stream);
  const partition = {
    topic: 't',
    partition: 0,
    end: 12,
    position: 6,
    committed: 5,
    lastFetchAt: null,
  };
  {
    using flow = flowLog({ logger, observer: noObserver, partitions: () => [partition] });
    const line = firstLine('app-events', 't/0', 0, 1);
    flow.observer.committed('t/0', line, [{ outcome: 'accepted', reason: '', count: 3 }]);
    flow.observer.committed('t/0', line, [
      { outcome: 'accepted', reason: '', count: 1 },
      { outcome: 'invalid', reason: 'truncated', count: 1 },
    ]);
  }
  const lines = written(stream)
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(lines.map(({ level, msg }) => [level, msg])).toEqual([
    [20, 'stored'],
    [20, 'stored'],
    [30, 'stored'],
  ]);
  expect(lines[2]).toMatchObject({ records: 5, accepted: 4, invalid: 1, lag: 7 });
  flowLog({ logger, observer: noObserver, partitions: () => [] })[Symbol.dispose]();
  expect(written(stream)).toBe('');
});

/** What `run` says when it cannot go on, and its status. */
async function lastWords(environment: Readonly<Record<string, string>>, isTTY: boolean) {
  const [stdout, stderr] = [new PassThrough(), Object.assign(new PassThrough(), { isTTY })];
  const status = await main(['run'], { environment, stdout, stderr });
  expect(written(stdout)).toBe('');
  return { status, text: written(stderr) };
}
const AWAY = { CLICKHOUSE_URL: 'http://127.0.0.1:1/tidemark', LOG_LEVEL: 'silent' };

test('what ends a service is one line of JSON with its causes where machines read along', async () => {
  const { status, text } = await lastWords(AWAY, false);
  expect(status).toBe(3);
  expect(text).toMatch(/^[^\n]+\n$/);
  const { level, msg, exitStatus, err } = JSON.parse(text) as Record<string, unknown>;
  expect({ level, exitStatus }).toEqual({ level: 60, exitStatus: 3 });
  expect(msg).toMatch(/^ended: .*ECONNREFUSED/);
  expect(err).toMatchObject({
    type: 'WarehouseError',
    code: 'ECONNREFUSED',
    stack: expect.stringMatching(/WarehouseError: [^]*caused by: .*ECONNREFUSED/) as string,
  });

  const wrong = await lastWords({ LOOKBACK_DAYS: 'two' }, false);
  expect(wrong.status).toBe(2);
  expect(JSON.parse(wrong.text)).toMatchObject({
    level: 60,
    exitStatus: 2,
    msg: 'ended: LOOKBACK_DAYS must be a whole number from 0 to 60, got "two"',
  });
});

test('what nobody catches ends a service with one line of JSON, too', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'tidemark-crash-'));
  const thrown = `const timer = setInterval(() => {
    if (process.listenerCount('uncaughtException') === 0) return;
    clearInterval(timer);
    void Promise.reject(new Error('out of the blue'));
  }, 10);`;
  const { status, stderr } = await start(['run'], {
    TIDEMARK_DATA_DIR: dataDir,
    NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(thrown)}`,
  }).ended;
  await rm(dataDir, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
  expect(status).toBe(1);
  const lines = stderr.trim().split('\n');
  expect(lines.map((line) => JSON.parse(line) as object)).toMatchObject([
    { level: 60, exitStatus: 1, msg: 'ended: out of the blue' },
  ]);
}, 60_000);

test('what ends a service is a sentence at a terminal', async () => {
  const { status, text } = await lastWords(AWAY, true);
  expect(status).toBe(3);
  expect(text).toMatch(/^tidemark: .*ECONNREFUSED/);
  expect(text).not.toMatch(/[{}]|    at /);
});
