import { PassThrough } from 'node:stream';
import { pino } from 'pino';
import { expect, test } from 'vitest';
import { flowLog } from '../../src/cli/flow-log.ts';
import { readableLog } from '../../src/cli/readable-log.ts';
import { noObserver } from '../../src/processor/observer.ts';
import { firstLine } from '../../src/processor/progress.ts';

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
