import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { lockFolder } from '../../../src/embedded/broker/folder-lock.ts';
import { freePort } from '../../support/free-port.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tidemark-lock-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A process id that is nobody's any more. */
const deadPid = () => spawnSync(process.execPath, ['-e', '']).pid;

test('while its owner lives and listens nobody else gets the folder', async () => {
  const owner = createServer().listen(0, '127.0.0.1');
  await once(owner, 'listening');
  const { port } = owner.address() as { port: number };
  expect(await lockFolder(folder, port)).toBe(true);
  expect(await lockFolder(folder, await freePort())).toBe(false);
  owner.close();
  await once(owner, 'close');
  expect(await lockFolder(folder, await freePort())).toBe(true);
});

test.each([
  ['whose process is gone', () => ({ pid: deadPid(), port: 1 })],
  ['whose process id is another program’s by now', () => ({ pid: process.pid, port: 1 })],
])('of an owner %s the folder goes to exactly one of many', async (_, owner) => {
  writeFileSync(join(folder, 'lock.7'), JSON.stringify(owner()));
  const ports = await Promise.all(Array.from({ length: 8 }, freePort));
  const results = await Promise.all(ports.map((port) => lockFolder(folder, port)));
  expect(results.filter(Boolean)).toHaveLength(1);
  expect(readdirSync(folder)).toEqual(['lock.8']);
});
