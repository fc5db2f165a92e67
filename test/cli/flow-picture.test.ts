import { Writable } from 'node:stream';
import { expect, test } from 'vitest';
import { FlowPicture } from '../../src/cli/flow/picture.ts';
import { readFlow } from '../../src/cli/flow/snapshot.ts';
import type { FlowSnapshot } from '../../src/cli/flow/snapshot.ts';
import { firstLine } from '../../src/processor/progress.ts';
import { Metrics } from '../../src/serve/metrics.ts';

const START = Date.UTC(2026, 2, 20, 15, 30);
const OPTIONS = { title: 'tidemark demo', lookbackDays: 2, timezone: 'UTC', total: 200_000 };

function snapshot(
  seconds: number,
  processed: number,
  given: Partial<FlowSnapshot> = {},
): FlowSnapshot {
  const part = (share: number) => Math.floor(processed * share);
  const outcomes = { duplicate: part(0.02), late: part(0.005), future: 0, invalid: part(0.0001) };
  const refused = Object.values(outcomes).reduce((sum, count) => sum + count, 0);
  return {
    at: START + seconds * 1000,
    outcomes: { accepted: processed - refused, ...outcomes },
    partitions: 4,
    lagEvents: 40_000,
    lagSeconds: 0.84,
    watermark: START / 1000 - 86_400 * 20 + seconds * 86_400,
    lastWrite: START / 1000 + seconds - 0.25,
    ...given,
  };
}

/** A stream that is a terminal when it has columns, and what was written to it. */
function output(columns?: number) {
  const written: string[] = [];
  const stderr: Writable & { isTTY?: boolean; columns?: number } = new Writable({
    decodeStrings: false,
    write(chunk: string, _, done) {
      written.push(chunk);
      done();
    },
  });
  if (columns !== undefined) Object.assign(stderr, { isTTY: true, columns });
  return { stderr, written };
}

/** What a terminal shows after all that was written. */
function screen(written: readonly string[]): string[] {
  const lines = [''];
  let row = 0;
  let column = 0;
  // eslint-disable-next-line no-control-regex
  for (const [token] of written.join('').matchAll(/\u001b\[\??\d*[A-Za-z]|[\s\S]/gu)) {
    if (token === '\n') {
      row++;
      column = 0;
      lines[row] ??= '';
    } else if (token === '\r') {
      column = 0;
    } else if (token.endsWith('A') && token.length > 1) {
      row -= Number(token.slice(2, -1));
    } else if (token === '\u001b[K') {
      lines[row] = lines[row]!.slice(0, column);
    } else if (token === '\u001b[J') {
      lines[row] = lines[row]!.slice(0, column);
      lines.length = row + 1;
    } else if (token.length === 1) {
      lines[row] = lines[row]!.slice(0, column) + token + lines[row]!.slice(column + 1);
      column++;
    }
  }
  return lines;
}

test('a terminal shows one picture of rates, outcomes, lag, watermark and tidemark', () => {
  const { stderr, written } = output(80);
  const environment = { NO_COLOR: '1' };
  using picture = new FlowPicture({ stderr, environment }, OPTIONS);
  picture.show(snapshot(0, 0, { lagEvents: null, watermark: null, lastWrite: null }));
  for (const [seconds, processed] of [20_000, 60_000, 90_000].entries()) {
    picture.show(snapshot(seconds + 1, processed));
  }
  expect(`\n${screen(written).join('\n')}`).toBe(`
  tidemark demo                                            4 partitions  00:03

  events in                      █▆    30,000/s   130,000 of 200,000 in Kafka
  out                           ▄█▆    30,000/s   90,000 of 200,000 processed

  accepted   ████████████████████████████████████████       87,741   97.49 %
  duplicate  ▉                                               1,800    2.00 %
  late       ▎                                                 450    0.50 %
  future                                                         0    0.00 %
  invalid    ▏                                                   9    0.01 %

  event time ━╍╍╍╍╍╍╍╍··················································· now
             ━ settled, tidemark 2026-03-01  ╍ live, watermark 2026-03-03 15:30
  lag        40,000 events (0.8 s), last write 0.3 s ago
`);
});

test('no line is wider than the terminal, whatever the numbers', () => {
  const huge = { accepted: 9e11, duplicate: 1e11, late: 1e11, future: 1e11, invalid: 1e11 };
  for (const columns of [40, 80]) {
    const { stderr, written } = output(columns);
    using picture = new FlowPicture(
      { stderr, environment: {} },
      { ...OPTIONS, title: 'x'.repeat(200) },
    );
    for (const seconds of [0, 1, 9000]) {
      picture.show(snapshot(seconds, 0, { outcomes: huge, lagEvents: 1e12, lagSeconds: 1e8 }));
    }
    expect(Math.max(...screen(written).map((text) => text.length))).toBeLessThan(columns);
  }
});

test('a line that is said stands above the picture, which stays whole', () => {
  const { stderr, written } = output(80);
  using picture = new FlowPicture({ stderr, environment: {} }, OPTIONS);
  picture.show(snapshot(0, 0));
  picture.show(snapshot(1, 20_000));
  picture.say('topic app-events is there');
  picture.show(snapshot(2, 40_000));
  const shown = screen(written);
  expect(shown[0]).toBe('topic app-events is there');
  expect(shown.filter((text) => text.includes('tidemark demo'))).toHaveLength(1);
  expect(shown.filter((text) => text.includes('last write'))).toHaveLength(1);
});

test('the cursor is hidden while the picture is there, and back at the end and at the exit', () => {
  const { stderr, written } = output(80);
  const listeners = process.listenerCount('exit');
  const picture = new FlowPicture({ stderr, environment: {} }, OPTIONS);
  picture.show(snapshot(0, 0));
  const [restore] = process.listeners('exit').slice(-1);
  expect(written.join('')).toContain('\u001b[?25l');
  expect(written.join('')).not.toContain('\u001b[?25h');
  restore?.call(process, 0);
  expect(written.at(-1)).toBe('\u001b[?25h');
  picture.show(snapshot(1, 0));
  picture.end();
  expect(written.at(-1)).toBe('\u001b[?25h');
  expect(process.listenerCount('exit')).toBe(listeners);
});

test('NO_COLOR takes the colours away, and they take no room', () => {
  const shown = ['', '1'].map((noColor) => {
    const { stderr, written } = output(80);
    using picture = new FlowPicture({ stderr, environment: { NO_COLOR: noColor } }, OPTIONS);
    for (const seconds of [0, 1, 2]) picture.show(snapshot(seconds, seconds * 20_000));
    return { text: screen(written), colored: written.join('').includes('\u001b[32m') };
  });
  expect(shown.map(({ colored }) => colored)).toEqual([true, false]);
  expect(shown[0]!.text).toEqual(shown[1]!.text);
});

test('elsewhere there is a plain line every few seconds, and one for what came after the last', () => {
  const { stderr, written } = output();
  const picture = new FlowPicture({ stderr, environment: {} }, OPTIONS);
  picture.show(snapshot(0, 0, { lagEvents: null, watermark: null }));
  for (let seconds = 1; seconds <= 7; seconds++) picture.show(snapshot(seconds, seconds * 20_000));
  picture.end();
  expect(written.join('')).toBe(
    [
      'tidemark demo: 0 of 200,000 processed, 0/s, lag not known yet',
      'tidemark demo: 100,000 of 200,000 processed, 20,000/s, 97,490 accepted, 2,000 duplicate, 500 late, 10 invalid, lag 40,000 events (0.8 s), watermark 2026-03-05 15:30',
      'tidemark demo: 140,000 of 200,000 processed, 20,000/s, 136,486 accepted, 2,800 duplicate, 700 late, 14 invalid, lag 40,000 events (0.8 s), watermark 2026-03-07 15:30',
      '',
    ].join('\n'),
  );
});

test('days are those of the time zone, and without an end of the lookback nothing is settled', () => {
  const { stderr, written } = output(80);
  const zone = { ...OPTIONS, timezone: 'Asia/Jakarta', lookbackDays: Infinity };
  using picture = new FlowPicture({ stderr, environment: { NO_COLOR: '1' } }, zone);
  const watermark = Date.UTC(2026, 2, 19, 20, 15) / 1000;
  picture.show(snapshot(0, 100, { watermark }));
  const text = screen(written).join('\n');
  expect(text).toContain('live, watermark 2026-03-20 03:15');
  expect(text).not.toContain('settled');
});

test('a snapshot is read from the metrics that the processor shows, unknown values as unknown', async () => {
  const partition = {
    topic: 't',
    partition: 0,
    end: 30,
    position: 25,
    committed: 20,
    lastFetchAt: START,
  };
  const metrics = new Metrics({
    version: '1',
    commit: 'x',
    partitions: () => [partition, { ...partition, partition: 1, end: 17, committed: 17 }],
    now: () => START,
  });
  expect(readFlow('', START)).toMatchObject({
    partitions: 0,
    lagEvents: null,
    watermark: null,
    lastWrite: null,
  });
  const watermark = (START - 60_000) * 1000;
  const line = firstLine('app-events', 't/0', 0, 1);
  metrics.committed('t/0', { ...line, watermark, lastRecordTime: START - 5000 }, [
    { outcome: 'accepted', reason: '', count: 12 },
    { outcome: 'invalid', reason: 'empty_value', count: 2 },
    { outcome: 'invalid', reason: 'truncated', count: 3 },
  ]);
  metrics.committed('t/1', { ...line, watermark: watermark + 1e6 }, [
    { outcome: 'accepted', reason: '', count: 5 },
  ]);
  expect(readFlow(await metrics.text(), START)).toEqual({
    at: START,
    outcomes: { accepted: 17, duplicate: 0, late: 0, future: 0, invalid: 5 },
    partitions: 2,
    lagEvents: 10,
    lagSeconds: 5,
    watermark: watermark / 1e6,
    lastWrite: START / 1000,
  });
});
