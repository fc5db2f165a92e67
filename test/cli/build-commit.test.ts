import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildCommit } from '../../src/cli/build-commit.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const COMMIT = '0123456789abcdef0123456789abcdef01234567';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tidemark-build-'));
  // As little as can be built.
  const parts = ['package.json', 'tsconfig.json', 'tsconfig.build.json', 'src/cli/build-commit.ts'];
  for (const part of parts) cpSync(join(ROOT, part), join(folder, part), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What a program says of itself that is built where no checkout is. */
function built(environment: Readonly<Record<string, string>>): string {
  const { PATH = '', HOME = '' } = process.env;
  const env = { PATH, HOME, ...environment };
  execFileSync('npm', ['run', 'build'], { cwd: folder, env, stdio: 'pipe' });
  const program = `import { buildCommit } from './dist/cli/build-commit.js'; console.log(buildCommit());`;
  const argv = ['--input-type=module', '--eval', program];
  return execFileSync(process.execPath, argv, { cwd: folder, env }).toString().trim();
}

test('a clone says its own commit', () => {
  expect(buildCommit()).toBe(readHead());
});

test('a build says the commit that TIDEMARK_COMMIT names, and without a checkout that it is unknown', () => {
  expect(built({ TIDEMARK_COMMIT: COMMIT })).toBe(COMMIT);
  expect(built({})).toBe('unknown');
}, 120_000);

test('an image takes the commit from its build argument', () => {
  const dockerfile = readFileSync(join(ROOT, 'Dockerfile'), 'utf8');
  const [build = ''] = dockerfile.split(/^FROM /m).slice(1);
  expect(build).toMatch(/ARG TIDEMARK_COMMIT\b[^]*npm run build/);
});

function readHead(): string {
  try {
    return execFileSync('git', ['rev-parse', 'HEAD'], { cwd: ROOT, stdio: 'pipe' })
      .toString()
      .trim();
  } catch {
    return 'unknown';
  }
}
