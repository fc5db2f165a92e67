/**
 * Prometheus' own judge of rules. In: PROMTOOL, or `promtool` on the PATH. Without it tests are skipped,
 * loudly; with CI=true they fail instead.
 */
import { execFile, spawnSync } from 'node:child_process';
import { promisify } from 'node:util';

/** A path, or a name on the PATH. */
export const PROMTOOL = process.env['PROMTOOL'] ?? 'promtool';
const run = promisify(execFile);

/** Whether there is one. */
export function promtoolIsThere(): boolean {
  if (spawnSync(PROMTOOL, ['--version']).status === 0) return true;
  const message =
    'PROMTOOL IS MISSING: install the package prometheus, or set PROMTOOL to the program';
  if (process.env['CI'] === 'true') throw new Error(message);
  process.stderr.write(`${message}. Its tests are skipped.\n`);
  return false;
}

/** What it prints. Rejects with that when it finds a fault. */
export async function promtool(...argv: readonly string[]): Promise<string> {
  const { stdout, stderr } = await run(PROMTOOL, argv);
  return stdout + stderr;
}
