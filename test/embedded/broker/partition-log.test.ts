import {
  appendFileSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { CODE } from '../../../src/embedded/broker/error-codes.ts';
import { PartitionLog } from '../../../src/embedded/broker/partition-log.ts';
import { isSound } from '../../../src/embedded/broker/record-batch.ts';
import * as header from '../../../src/sources/kafka/batch-header.ts';
import { splitBatches } from '../../../src/sources/kafka/opaque-batches.ts';
import { soundBatch, withChecksum } from './sound-batch.ts';

const LIMIT = 1_000_000;
let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tidemark-log-'));
  path = join(folder, '0.log');
});
afterEach(() => rmSync(folder, { recursive: true }));

const batchesOf = (bytes: Buffer) => splitBatches(bytes).map(({ value }) => value);

/** Batches of 1 to 40 records, 200 of them: some kilobytes each, and many index places. */
function filled(): PartitionLog {
  const log = new PartitionLog(path);
  for (let i = 0; i < 200; i++) {
    const values = Array.from({ length: 1 + ((i * 7) % 40) }, (_, k) => `${i}/${k}`.padEnd(50));
    expect(log.append(soundBatch(values), LIMIT).code).toBe(CODE.none);
  }
  return log;
}

test('a batch gets its offset and the time of the append, and its checksum stays right', () => {
  const log = new PartitionLog(path);
  const before = Date.now();
  log.append(soundBatch(['a', 'b']), LIMIT);
  const { offset, time } = log.append(soundBatch(['c'.repeat(70_001)]), LIMIT);
  expect(offset).toBe(2);
  expect(time).toBeGreaterThanOrEqual(before);
  const batches = batchesOf(log.read(0, LIMIT, true));
  expect(batches.map(header.firstOffset)).toEqual([0, 2]);
  for (const batch of batches) {
    expect(header.hasLogAppendTime(batch)).toBe(true);
    expect(isSound(batch)).toBe(true);
  }
  expect(header.maxTimestamp(batches[1]!)).toBe(time);
  log.close();
});

test('every offset is found, whatever the limit, and again after a restart', () => {
  const written = filled();
  const { end } = written;
  written.close();
  const log = new PartitionLog(path);
  expect(log.end).toBe(end);
  for (const limit of [1, 5_000, 100_000]) {
    for (let offset = 0; offset < end; offset += 13) {
      const bytes = log.read(offset, limit, true);
      const batches = batchesOf(bytes);
      expect(batches.reduce((sum, batch) => sum + batch.length, 0)).toBe(bytes.length);
      expect(header.firstOffset(batches[0]!)).toBeLessThanOrEqual(offset);
      expect(header.lastOffset(batches[0]!)).toBeGreaterThanOrEqual(offset);
      if (batches.length > 1) expect(bytes.length).toBeLessThanOrEqual(limit);
    }
  }
  expect(log.read(5, 1, false)).toHaveLength(0);
  expect(log.read(end, 1, true)).toHaveLength(0);
  expect(log.bytesFrom(end)).toBe(0);
  log.close();
});

test.each([1, 12, 61, 100, 999])('a batch that lost its last %i bytes is cut off', (lost) => {
  const log = filled();
  const kept = log.end;
  const size = statSync(path).size;
  log.append(soundBatch(['x'.repeat(2_000)]), LIMIT);
  log.close();
  const whole = readFileSync(path);
  writeFileSync(path, whole.subarray(0, whole.length - lost));
  const again = new PartitionLog(path);
  expect(again.end).toBe(kept);
  expect(statSync(path).size).toBe(size);
  expect(again.append(soundBatch(['y']), LIMIT)).toMatchObject({ code: CODE.none, offset: kept });
  again.close();
});

test('a last batch of the right length with other content is cut off, and so is what is no batch', () => {
  const log = new PartitionLog(path);
  log.append(soundBatch(['a']), LIMIT);
  log.append(soundBatch(['b'.repeat(500)]), LIMIT);
  log.close();
  const bytes = readFileSync(path);
  bytes.fill(0, bytes.length - 100);
  writeFileSync(path, bytes);
  const again = new PartitionLog(path);
  expect(again.end).toBe(1);
  again.close();
  appendFileSync(path, Buffer.alloc(1_000));
  const last = new PartitionLog(path);
  expect(last.end).toBe(1);
  last.close();
});

test('what is not one sound batch is refused', () => {
  const log = new PartitionLog(path);
  const good = soundBatch(['a', 'b']);
  const changed = (change: (batch: Buffer) => void) => {
    const batch = Buffer.from(good);
    change(batch);
    return withChecksum(batch);
  };
  const flipped = Buffer.from(good);
  flipped[70]! ^= 1;
  const wrong: [string, Buffer, number][] = [
    ['nothing', Buffer.alloc(0), CODE.corruptMessage],
    ['a header alone', good.subarray(0, 60), CODE.corruptMessage],
    ['a flipped bit', flipped, CODE.corruptMessage],
    ['two batches', Buffer.concat([good, good]), CODE.invalidRecord],
    ['an old format', changed((batch) => batch.writeInt8(1, 16)), CODE.invalidRecord],
    ['no records', changed((batch) => batch.writeInt32BE(0, 57)), CODE.invalidRecord],
    ['a wrong count', changed((batch) => batch.writeInt32BE(7, 57)), CODE.invalidRecord],
    ['a transaction', changed((batch) => batch.writeInt16BE(0x10, 21)), CODE.invalidRecord],
    ['a control batch', changed((batch) => batch.writeInt16BE(0x20, 21)), CODE.invalidRecord],
  ];
  for (const [what, bytes, code] of wrong) {
    expect(log.append(bytes, LIMIT), what).toEqual({ code, offset: -1, time: -1 });
  }
  expect(log.append(good, good.length - 1).code).toBe(CODE.messageTooLarge);
  expect(log.end).toBe(0);
  log.close();
});

test('an idempotent producer may repeat its last batches, and must not leave one out, also after a restart', () => {
  let log = new PartitionLog(path);
  const send = (sequence: number, epoch = 0) =>
    log.append(soundBatch(['a', 'b'], { id: 42, epoch, sequence }), LIMIT);
  expect(send(0)).toMatchObject({ code: CODE.none, offset: 0 });
  expect(send(2)).toMatchObject({ code: CODE.none, offset: 2 });
  expect(send(0)).toMatchObject({ code: CODE.none, offset: 0 });
  expect(send(6).code).toBe(CODE.outOfOrderSequence);
  expect(log.end).toBe(4);
  log.close();
  log = new PartitionLog(path);
  expect(send(2)).toMatchObject({ code: CODE.none, offset: 2 });
  expect(send(4)).toMatchObject({ code: CODE.none, offset: 4 });
  expect(send(0, 1)).toMatchObject({ code: CODE.none, offset: 6 });
  expect(send(6, 0).code).toBe(CODE.invalidProducerEpoch);
  expect(log.end).toBe(8);
  log.close();
});

test('a time finds the first record that was appended then or later', () => {
  const log = filled();
  const [first] = batchesOf(log.read(0, LIMIT, true));
  const start = header.maxTimestamp(first!);
  expect(log.offsetAtTime(0)).toEqual({ offset: 0, time: start });
  expect(log.offsetAtTime(start)).toEqual({ offset: 0, time: start });
  expect(log.offsetAtTime(Date.now() + 60_000)).toBeUndefined();
  log.close();
});
