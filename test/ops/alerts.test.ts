import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { promtool, promtoolIsThere } from '../support/promtool.ts';
import { alerts, ROOT, ruleGroups, RULES, unknownSeries } from './alert-rules.ts';

const TESTS = ['alerts.test.yml', 'alerts-of-days.test.yml'].map(
  (name) => `${ROOT}ops/prometheus/${name}`,
);

test.skipIf(!promtoolIsThere())(
  'every alert fires when it should and not before, says Prometheus itself',
  async () => {
    expect(await promtool('check', 'rules', RULES)).toContain('SUCCESS');
    expect(await promtool('test', 'rules', ...TESTS)).not.toContain('FAILED');
  },
  120_000,
);

test('every alert is tried both firing and not firing', async () => {
  const tried = new Map<string, Set<boolean>>();
  for (const path of TESTS) {
    const { tests } = parse(await readFile(path, 'utf8')) as {
      tests: { promql_expr_test?: { expr: string; exp_samples: unknown[] }[] }[];
    };
    for (const { expr, exp_samples } of tests.flatMap((each) => each.promql_expr_test ?? [])) {
      const name = /alertname="(\w+)"/.exec(expr)![1]!;
      const seen = tried.get(name) ?? new Set();
      tried.set(name, seen.add(exp_samples.length > 0));
    }
  }
  const both = [...tried].filter(([, seen]) => seen.size === 2).map(([name]) => name);
  expect(both.sort()).toEqual((await alerts()).map(({ alert }) => alert).sort());
});

test('alerts watch only what processors export', async () => {
  const rules = (await ruleGroups()).flatMap((group) => group.rules);
  const recorded = rules.flatMap((rule) => ('record' in rule ? [rule.record] : []));
  expect(
    await unknownSeries(
      rules.map(({ expr }) => expr),
      recorded,
    ),
  ).toEqual([]);
  expect(await unknownSeries(['rate(tidemark_made_up_total[5m])'])).toHaveLength(1);
});
