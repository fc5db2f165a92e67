import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { CommittedOffsets } from '../../../src/embedded/broker/committed-offsets.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tidemark-offsets-'));
  path = join(folder, 'offsets.jsonl');
});
afterEach(() => rmSync(folder, { recursive: true }));

const commit = (group: string, topic: string, partition: number, offset: number) => ({
  group,
  topic,
  partition,
  offset,
  metadata: 'ä "quoted"\n',
});

test('the last commit of each partition survives, and what was forgotten stays forgotten', () => {
  const offsets = new CommittedOffsets(path);
  offsets.commit([commit('g', 'a', 0, 1), commit('g', 'a', 1, 5), commit('g', 'b', 0, 7)]);
  offsets.commit([commit('g', 'a', 0, 2), commit('h', 'a', 0, 9)]);
  offsets.forget({ topic: 'b' });
  offsets.forget({ group: 'h' });
  const again = new CommittedOffsets(path);
  expect(again.ofGroup('g')).toEqual([commit('g', 'a', 0, 2), commit('g', 'a', 1, 5)]);
  expect(again.groups()).toEqual(['g']);
});

test('half a line at the end was never acknowledged, and does not spoil the next', () => {
  new CommittedOffsets(path).commit([commit('g', 'a', 0, 1)]);
  appendFileSync(path, '{"group":"g","topic":"a","part');
  const again = new CommittedOffsets(path);
  again.commit([commit('g', 'a', 1, 2)]);
  expect(new CommittedOffsets(path).ofGroup('g')).toHaveLength(2);
});

test('a file that has grown is written anew', () => {
  const offsets = new CommittedOffsets(path);
  const many = Array.from({ length: 1_000 }, (_, i) => commit('g', 'a', 0, i));
  for (let i = 0; i < 21; i++) offsets.commit(many);
  expect(readFileSync(path, 'utf8').split('\n').length).toBeLessThan(2_000);
  expect(new CommittedOffsets(path).get('g', 'a', 0)?.offset).toBe(999);
});
