import { expect, test } from 'vitest';
import type { DeadLetter } from '../../src/processor/ports.ts';
import { RejectedBlock } from '../../src/warehouse/rejected-block.ts';
import { binary, readNative } from '../simulation/native-reader.ts';

const letter: DeadLetter = {
  stream: 'app-events',
  source: 'töpic/0',
  offset: 2 ** 52 + 1,
  time: 1_772_000_000_123,
  outcome: 'invalid',
  reason: 'truncated',
  key: Buffer.from([0xff, 0, 0x80]),
  value: Buffer.alloc(300, 0xc3),
  headers: [],
};

test('a refused record is kept with its own bytes, whatever they are', () => {
  const block = new RejectedBlock(9);
  block.append(letter, '{"a":"ü"}');
  block.append({ ...letter, time: -1, key: null, value: null, outcome: 'future' }, '');
  block.append({ ...letter, time: 0, key: Buffer.alloc(0), value: Buffer.alloc(0) }, '');
  const [read, ...more] = readNative(Buffer.concat(block.pieces()));
  expect(more).toEqual([]);
  const same = {
    stream: 'app-events',
    source: binary('töpic/0'),
    offset: 2 ** 52 + 1,
    reason: 'truncated',
    rules_epoch: 9,
  };
  expect(read!.rows).toEqual([
    {
      ...same,
      record_time: 1_772_000_000_123,
      outcome: 'invalid',
      key: '\u00ff\0\u0080',
      bytes: '\u00c3'.repeat(300),
      fields: binary('{"a":"ü"}'),
    },
    { ...same, record_time: null, outcome: 'future', key: null, bytes: null, fields: '' },
    { ...same, record_time: 0, outcome: 'invalid', key: '', bytes: '', fields: '' },
  ]);
});

test('a record of 10 MB is kept whole', () => {
  const block = new RejectedBlock(1);
  const value = Buffer.alloc(10_000_000, 'abc');
  block.append({ ...letter, value }, '');
  const [read] = readNative(Buffer.concat(block.pieces()));
  expect(read!.rows[0]!['bytes'] === value.toString('latin1')).toBe(true);
});

test('an empty block is no bytes, and a cleared one is empty', () => {
  const block = new RejectedBlock(1);
  expect(block.pieces()).toEqual([]);
  block.append(letter, '');
  block.clear();
  expect([block.rows, block.bytes, block.pieces()]).toEqual([0, 0, []]);
});
