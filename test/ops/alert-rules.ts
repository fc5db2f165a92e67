/** The committed alerts, as data. In: ops/prometheus/alerts.yml. Out: its groups. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { z } from 'zod';
import { Metrics } from '../../src/serve/metrics.ts';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
export const RULES = `${ROOT}ops/prometheus/alerts.yml`;

const alert = z.strictObject({
  alert: z.string().regex(/^Tidemark[A-Za-z]+$/),
  expr: z.string(),
  for: z.string().regex(/^\d+[mh]$/),
  labels: z.strictObject({
    severity: z.enum(['critical', 'warning', 'info']),
    team: z.enum(['platform', 'data', 'product']),
  }),
  annotations: z.strictObject({
    summary: z.string(),
    description: z.string(),
    runbook: z.string(),
  }),
});
const recording = z.strictObject({ record: z.string(), expr: z.string() });
const ruleFile = z.strictObject({
  groups: z.array(z.strictObject({ name: z.string(), rules: z.array(alert.or(recording)) })),
});

export type RuleFile = z.infer<typeof ruleFile>;
export type Alert = z.infer<typeof alert>;

/** Throws when an alert lacks severity, `for`, summary, description or runbook, or has a key too many. */
export async function ruleGroups(): Promise<RuleFile['groups']> {
  return ruleFile.parse(parse(await readFile(RULES, 'utf8'))).groups;
}

export async function alerts(): Promise<readonly Alert[]> {
  return (await ruleGroups()).flatMap(({ rules }) => rules.filter((rule) => 'alert' in rule));
}

/** Names of the series in expressions that are not among those that a processor exports, or rules record. */
export async function unknownSeries(
  expressions: readonly string[],
  recorded: readonly string[] = [],
): Promise<readonly string[]> {
  const metrics = new Metrics({ version: '0', commit: 'unknown', partitions: () => [] });
  const exported = new Set(recorded);
  for (const [, name = '', type = ''] of (await metrics.text()).matchAll(
    /^# TYPE (\S+) (\S+)$/gm,
  )) {
    exported.add(name);
    if (type === 'histogram')
      for (const end of ['bucket', 'sum', 'count']) exported.add(`${name}_${end}`);
  }
  const used = expressions.flatMap(
    (text) => text.match(/\b(?:tidemark|nodejs|process)[_:][a-z0-9_:]+/g) ?? [],
  );
  return [...new Set(used)].filter((name) => !exported.has(name));
}
