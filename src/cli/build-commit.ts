/** Out: the commit of git that this program was built from, or `unknown`. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** `npm run build` writes it beside the program: from TIDEMARK_COMMIT, or of the checkout. */
const WRITTEN = new URL('../commit.txt', import.meta.url);
const ROOT = new URL('../../', import.meta.url);

export function buildCommit(): string {
  try {
    if (existsSync(WRITTEN)) return readFileSync(WRITTEN, 'utf8').trim() || 'unknown';
    // Not the checkout of somebody else, who has this as a dependency.
    if (!existsSync(new URL('.git', ROOT))) return 'unknown';
    const cwd = fileURLToPath(ROOT);
    return execFileSync('git', ['rev-parse', 'HEAD'], { cwd, stdio: 'pipe' }).toString().trim();
  } catch {
    // Neither the file nor git answers: nothing that runs depends on it.
    return 'unknown';
  }
}
