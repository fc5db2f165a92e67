/** The manifests of k8s/. In: an overlay. Out: its objects, and what Kubernetes' schemas say of them. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { kustomize } from '../support/kustomize.ts';
import { ROOT } from './alert-rules.ts';

const manifest = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({ name: z.string() }),
});
export type Manifest = z.infer<typeof manifest>;

/** What is asked of a pod here. */
const podTemplate = z.looseObject({
  metadata: z.looseObject({ labels: z.record(z.string(), z.string()) }),
  spec: z.looseObject({
    automountServiceAccountToken: z.boolean().optional(),
    hostNetwork: z.undefined().optional(),
    hostPID: z.undefined().optional(),
    securityContext: z.looseObject({}),
    volumes: z.array(z.looseObject({ name: z.string() })),
    containers: z.array(
      z.looseObject({
        args: z.array(z.string()),
        env: z.array(z.looseObject({ name: z.string() })).default([]),
        securityContext: z.looseObject({}),
        resources: z.looseObject({
          requests: z.looseObject({ cpu: z.string(), memory: z.string() }),
          limits: z.looseObject({ memory: z.string() }),
        }),
      }),
    ),
  }),
});
export type PodTemplate = z.infer<typeof podTemplate>;

const withPods = z.looseObject({ template: podTemplate });
const withJobs = z.looseObject({ jobTemplate: z.looseObject({ spec: withPods }) });

export async function manifestsOf(overlay: string): Promise<readonly Manifest[]> {
  const text = await kustomize(join(ROOT, 'k8s/overlays', overlay));
  return parseAllDocuments(text).map((document) => manifest.parse(document.toJS()));
}

/** The pod templates of Deployments, Jobs and CronJobs. */
export function podTemplates(manifests: readonly Manifest[]): readonly PodTemplate[] {
  return manifests.flatMap(({ kind, spec }) => {
    if (kind === 'Deployment' || kind === 'Job') return [withPods.parse(spec).template];
    if (kind === 'CronJob') return [withJobs.parse(spec).jobTemplate.spec.template];
    return [];
  });
}

const MODULES: Readonly<Record<string, string>> = {
  'monitoring.coreos.com': '@kubernetes-models/prometheus-operator',
  'keda.sh': '@kubernetes-models/keda',
};

function moduleOf({ apiVersion }: Manifest): string {
  return `${MODULES[apiVersion.split('/')[0]!] ?? 'kubernetes-models'}/${apiVersion}`;
}

interface Model {
  new (data: unknown): { validate(): void };
}

/** What the OpenAPI schema of its kind says against the values of a manifest; null when nothing. */
export async function wrongValue(manifest: Manifest): Promise<string | null> {
  const models = (await import(moduleOf(manifest))) as Readonly<Record<string, Model>>;
  const model = models[manifest.kind];
  if (model === undefined) return `${manifest.apiVersion} has no ${manifest.kind}`;
  try {
    new model(manifest).validate();
    return null;
  } catch (error) {
    return `${manifest.kind} ${manifest.metadata.name}: ${String(error)}`;
  }
}

/** What the TypeScript compiler says of the manifests as literals: wrong types, and keys that there are not. */
export async function wrongKeys(manifests: readonly Manifest[]): Promise<readonly string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'tidemark-manifests-'));
  try {
    const source = manifests.map(
      (each, at) =>
        `import type { I${each.kind} as T${at} } from '${moduleOf(each)}';\n` +
        `export const m${at}: T${at} = ${JSON.stringify(each, null, 2)};\n`,
    );
    await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
    await writeFile(join(folder, 'manifests.ts'), source.join(''));
    await writeFile(
      join(folder, 'tsconfig.json'),
      JSON.stringify({
        compilerOptions: {
          strict: true,
          noEmit: true,
          skipLibCheck: true,
          target: 'es2022',
          module: 'esnext',
          moduleResolution: 'bundler',
          types: [],
        },
        files: ['manifests.ts'],
      }),
    );
    const compiler = join(ROOT, 'node_modules/typescript/bin/tsc');
    const output = await new Promise<string>((resolve) => {
      execFile(
        process.execPath,
        [compiler, '--pretty', 'false', '-p', folder],
        (_, stdout, stderr) => resolve(stdout + stderr),
      );
    });
    return output.split('\n').filter((line) => line !== '');
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
