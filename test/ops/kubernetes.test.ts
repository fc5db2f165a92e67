import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { z } from 'zod';
import { readConfiguration, settings } from '../../src/config/configuration.ts';
import { tidemark } from '../cli/tidemark.ts';
import { kustomizeIsThere } from '../support/kustomize.ts';
import { ROOT, ruleGroups } from './alert-rules.ts';
import { manifestsOf, podTemplates, wrongKeys, wrongValue } from './manifests.ts';
import type { Manifest } from './manifests.ts';

const OVERLAYS = ['development', 'production', 'keda'] as const;
const RULE = 'k8s/components/monitoring/prometheus-rule.yaml';

test('the alerts of the Prometheus operator are those of ops/ (npm run docs writes them anew)', async () => {
  const rule = {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'PrometheusRule',
    metadata: { name: 'tidemark', labels: { 'app.kubernetes.io/name': 'tidemark' } },
    spec: { groups: await ruleGroups() },
  };
  const text = stringify(rule, { singleQuote: true, lineWidth: 0 });
  await expect(
    `# Made of ops/prometheus/alerts.yml by \`npm run docs\`.\n${text}`,
  ).toMatchFileSnapshot(join(ROOT, RULE));
});

describe.skipIf(!kustomizeIsThere())('the manifests', () => {
  const overlays = new Map<string, readonly Manifest[]>();
  const all = () => [...overlays.values()].flat();
  beforeAll(async () => {
    for (const overlay of OVERLAYS) overlays.set(overlay, await manifestsOf(overlay));
  });

  test('every overlay has what it is for', () => {
    const kinds = (overlay: string) => new Set(overlays.get(overlay)!.map(({ kind }) => kind));
    const base = [
      'ConfigMap',
      'CronJob',
      'Deployment',
      'Job',
      'Namespace',
      'NetworkPolicy',
      'PodDisruptionBudget',
      'Service',
      'ServiceAccount',
    ];
    const monitored = [...base, 'PrometheusRule', 'ServiceMonitor'];
    expect([...kinds('development')].sort()).toEqual(base);
    expect([...kinds('production')].sort()).toEqual(monitored.sort());
    const scaled = [...monitored, 'ScaledObject', 'TriggerAuthentication'];
    expect([...kinds('keda')].sort()).toEqual(scaled.sort());
    const deployment = overlays.get('keda')!.find(({ kind }) => kind === 'Deployment');
    expect(deployment!['spec']).not.toHaveProperty('replicas');
  });

  test('every value is what its schema asks for', async () => {
    const wrong = await Promise.all(all().map(wrongValue));
    expect(wrong.filter((each) => each !== null)).toEqual([]);
    const service = all().find(({ kind }) => kind === 'Service')!;
    const broken = { ...service, spec: { ports: [{ port: 'eighty' }] } };
    expect(await wrongValue(broken)).toContain('port');
  });

  test('every key is one that Kubernetes knows', async () => {
    expect(await wrongKeys(all())).toEqual([]);
    const service = all().find(({ kind }) => kind === 'Service')!;
    const misspelt = { ...service, spec: { prots: [{ port: 80 }] } };
    expect((await wrongKeys([misspelt])).join()).toContain('prots');
  }, 60_000);

  test('every pod may run where the restricted standard is enforced', () => {
    const templates = podTemplates(all());
    expect(templates.length).toBeGreaterThan(15);
    for (const { spec } of templates) {
      expect(spec.automountServiceAccountToken).toBe(false);
      expect(spec.securityContext).toMatchObject({
        runAsNonRoot: true,
        runAsUser: 1000,
        seccompProfile: { type: 'RuntimeDefault' },
      });
      expect(spec.volumes.every((volume) => 'emptyDir' in volume)).toBe(true);
      for (const { securityContext } of spec.containers) {
        expect(securityContext).toEqual({
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        });
      }
    }
  });

  test('every variable is a setting of ours, and its value one that is accepted', () => {
    const known = new Set(settings({ environment: {} }).map(({ name }) => name));
    const given = podTemplates(all()).flatMap(({ spec }) =>
      spec.containers.flatMap(({ env }) => env.map(({ name }) => name)),
    );
    const maps = all().filter(({ kind }) => kind === 'ConfigMap');
    expect(maps).toHaveLength(OVERLAYS.length);
    for (const { data } of maps) {
      const environment = z.record(z.string(), z.string()).parse(data);
      expect([...Object.keys(environment), ...given].filter((name) => !known.has(name))).toEqual(
        [],
      );
      const credentials = { KAFKA_SASL_USERNAME: 'u', KAFKA_SASL_PASSWORD: 'p' };
      const secrets = environment['KAFKA_SASL_MECHANISM'] === undefined ? {} : credentials;
      const { kafka, http } = readConfiguration({ environment: { ...environment, ...secrets } });
      expect(kafka.brokers).toHaveLength(1);
      expect(http.host).toBe('0.0.0.0');
    }
  });

  test('every command is one that there is', async () => {
    const commands = podTemplates(all()).flatMap(({ spec }) =>
      spec.containers.map(({ args }) => args),
    );
    for (const line of new Set(commands.map((args) => args.join(' ')))) {
      const words = line.split(' ');
      const named = words.filter((word) => /^[a-z][a-z-]*$/.test(word));
      const { status, stdout } = await tidemark([...named, '--help']);
      const missing = words.filter((word) => word.startsWith('--') && !stdout.includes(word));
      expect({ line, status, missing }).toEqual({ line, status: 0, missing: [] });
    }
  });

  test('whatever selects pods selects those that there are', () => {
    const selector = z.object({
      spec: z.looseObject({
        selector: z.union([
          z.object({ matchLabels: z.record(z.string(), z.string()) }),
          z.record(z.string(), z.string()),
        ]),
      }),
    });
    for (const manifests of overlays.values()) {
      const labels = podTemplates(manifests).map(({ metadata }) => metadata.labels);
      const selecting = manifests.filter(({ kind }) =>
        ['Deployment', 'PodDisruptionBudget', 'Service'].includes(kind),
      );
      expect(selecting).toHaveLength(3);
      for (const each of selecting) {
        const { selector: chosen } = selector.parse(each).spec;
        const wanted = 'matchLabels' in chosen ? chosen['matchLabels'] : chosen;
        const hit = labels.filter((found) =>
          Object.entries(wanted).every(([name, value]) => found[name] === value),
        );
        expect(hit).toHaveLength(1);
      }
    }
  });
});
