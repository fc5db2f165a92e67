import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { start } from './tidemark.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

test('npx tidemark works in a clone, without a build', { timeout: 60_000 }, async () => {
  const { stdout } = await promisify(execFile)('npx', ['tidemark', '--help'], { cwd: ROOT });
  expect(stdout).toContain('Usage: tidemark [options] [command]');
});

test('the process ends with the status of the command', { timeout: 60_000 }, async () => {
  const good = start(['config']);
  const bad = start(['config'], { LOOKBACK_DAYS: 'two' });
  expect((await good.ended).status).toBe(0);
  const { status, stdout, stderr } = await bad.ended;
  expect(status).toBe(2);
  expect(stdout).toContain('LOOKBACK_DAYS');
  expect(stderr).toBe('tidemark: LOOKBACK_DAYS must be a whole number from 0 to 60, got "two"\n');
});

test('output that nobody reads to its end is no fault', { timeout: 60_000 }, async () => {
  const running = start(['config', '--json']);
  running.ended.catch(() => {});
  running.process.stdout!.destroy();
  const [status] = (await once(running.process, 'exit')) as [number | null];
  expect(status).toBe(0);
});
