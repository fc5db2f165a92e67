/**
 * Kubernetes' own reader of overlays. In: `kubectl` or `kustomize` on the PATH. Without them tests are
 * skipped, loudly.
 */
import { execFile, spawnSync } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);
const BUILDS = [
  ['kubectl', 'kustomize'],
  ['kustomize', 'build'],
] as const;
const build = BUILDS.find(
  ([program, command]) => spawnSync(program, [command, '--help']).status === 0,
);

/** Whether there is one. */
export function kustomizeIsThere(): boolean {
  if (build !== undefined) return true;
  process.stderr.write(
    'KUBECTL IS MISSING: install kubectl or kustomize. The tests of k8s/ are skipped.\n',
  );
  return false;
}

/** The manifests of a folder, as YAML. Rejects with what is wrong with it. */
export async function kustomize(folder: string): Promise<string> {
  if (build === undefined) throw new Error('neither kubectl nor kustomize is on the PATH');
  const { stdout } = await run(build[0], [build[1], folder], { maxBuffer: 64 * 1024 * 1024 });
  return stdout;
}
