/** In: a planted bug. Out: the seed that found it, and how; simulated in a copy of the sources. */
import { spawn } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { edited } from './mutation.ts';
import type { Mutation } from './mutation.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const NEEDED = ['src', 'schemas', 'test/simulation', 'package.json', 'tsconfig.json'];
const TOO_LONG_MS = 240_000;

/** Within so many seeds each must be found. */
export const SEEDS = 200;

export interface Found {
  /** How many seeds it took; null: it was not found. */
  readonly seeds: number | null;
  readonly how: string;
}

/** Throws when the bug is out of date. */
export async function check(mutation: Mutation): Promise<void> {
  await editedFiles(mutation, ROOT);
}

export async function tryMutation(mutation: Mutation, firstSeed: number): Promise<Found> {
  const folder = await mkdtemp(join(tmpdir(), 'tidemark-mutation-'));
  try {
    for (const path of NEEDED) await cp(join(ROOT, path), join(folder, path), { recursive: true });
    await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
    for (const [file, source] of await editedFiles(mutation, folder)) {
      await writeFile(join(folder, file), source);
    }
    return await simulated(folder, firstSeed);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function editedFiles(mutation: Mutation, root: string): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  for (const edit of mutation.edits) {
    const source = files.get(edit.file) ?? (await readFile(join(root, edit.file), 'utf8'));
    files.set(edit.file, edited(source, edit));
  }
  return files;
}

async function simulated(folder: string, firstSeed: number): Promise<Found> {
  const range = ['--seed', String(firstSeed), '--runs', String(SEEDS)];
  const child = spawn(process.execPath, ['--import', 'tsx', 'test/simulation/run.ts', ...range], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: TOO_LONG_MS,
  });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject).once('close', resolve);
  });
  const [out, errors, status] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  const found = /^seed (\d+): (.*)$/m.exec(out);
  if (found !== null) return { seeds: Number(found[1]) - firstSeed + 1, how: found[2] ?? '' };
  if (status === 0) return { seeds: null, how: `${SEEDS} seeds found nothing` };
  throw new Error(`the simulation of a planted bug ended with status ${status}: ${out}${errors}`);
}
