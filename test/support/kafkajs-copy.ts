/** Out: in KAFKAJS_COPY, a copy of kafkajs for `plain-kafkajs.ts`. */
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

export async function setup(): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'tidemark-kafkajs-'));
  const installed = dirname(createRequire(import.meta.url).resolve('kafkajs/package.json'));
  await cp(installed, folder, { recursive: true });
  process.env['KAFKAJS_COPY'] = folder;
  return () => rm(folder, { recursive: true, force: true });
}
