import { spawnSync } from 'node:child_process';
import { hostname } from 'node:os';
import { expect, test } from 'vitest';
import { isGhost, ownMark } from '../../../src/sources/kafka/group-mark.ts';

const mark = (fields: object): Buffer =>
  Buffer.from(JSON.stringify({ host: hostname(), start: 'another', ...fields }));
const gone = (): number => spawnSync(process.execPath, ['-e', '']).pid;

test('a process of this host that has ended is a ghost', () => {
  expect(isGhost(mark({ pid: gone() }))).toBe(true);
});

test('the predecessor that had our number, as in a container that started again, is a ghost', () => {
  expect(isGhost(mark({ pid: process.pid }))).toBe(true);
});

test('nobody who lives is a ghost, nor another member of our own process', () => {
  expect(isGhost(ownMark())).toBe(false);
  expect(isGhost(mark({ pid: process.ppid }))).toBe(false);
});

test('of a member of another host, or one that says nothing of itself, nothing is known', () => {
  expect(isGhost(mark({ host: `not-${hostname()}`, pid: gone() }))).toBe(false);
  for (const text of ['', 'null', '7', '{}', '"x"', '{"host":1}']) {
    expect(isGhost(Buffer.from(text))).toBe(false);
  }
});
