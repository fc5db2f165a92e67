/**
 * A real Prometheus on loopback that scrapes one address each second. In: the program beside promtool. Tests
 * that need it are skipped without it, loudly; with CI=true they fail instead.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { stringify } from 'yaml';
import { z } from 'zod';
import { eventually } from './eventually.ts';
import { freePort } from './free-port.ts';
import { PROMTOOL } from './promtool.ts';

const PROGRAM = join(dirname(PROMTOOL), 'prometheus');
const START_WITHIN_MS = 30_000;

const sample = z.object({
  metric: z.record(z.string(), z.string()),
  value: z.tuple([z.number(), z.string().transform(Number)]),
});
const answer = z.object({ data: z.object({ result: z.array(sample) }) });
const ruleAnswer = z.object({
  data: z.object({
    groups: z.array(
      z.object({
        rules: z.array(
          z.object({
            name: z.string(),
            query: z.string(),
            health: z.string(),
            lastError: z.string().default(''),
            state: z.string().default(''),
            lastEvaluation: z.coerce.date(),
          }),
        ),
      }),
    ),
  }),
});

export type JudgedRule = z.infer<typeof ruleAnswer>['data']['groups'][number]['rules'][number];

export interface Prometheus extends AsyncDisposable {
  /** The values that an expression has now, those that are no number left out. Rejects with what is wrong with it. */
  query(expression: string): Promise<readonly number[]>;
  rules(): Promise<readonly JudgedRule[]>;
}

/** Whether there is one. */
export function prometheusIsThere(): boolean {
  if (spawnSync(PROGRAM, ['--version']).status === 0) return true;
  const message = 'PROMETHEUS IS MISSING: install the package prometheus';
  if (process.env['CI'] === 'true') throw new Error(message);
  process.stderr.write(`${message}. Its tests are skipped.\n`);
  return false;
}

/** `target` is `host:port`; `rules` the path of a file. */
export async function startPrometheus(target: string, rules: string): Promise<Prometheus> {
  const folder = await mkdtemp(join(tmpdir(), 'tidemark-prometheus-'));
  const config = join(folder, 'prometheus.yml');
  await writeFile(
    config,
    stringify({
      global: { scrape_interval: '1s', evaluation_interval: '1s' },
      rule_files: [rules],
      scrape_configs: [{ job_name: 'tidemark', static_configs: [{ targets: [target] }] }],
    }),
  );
  const address = `127.0.0.1:${await freePort()}`;
  const child = spawn(
    PROGRAM,
    [
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=${address}`,
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  const said = text(child.stderr);
  const ended = once(child, 'exit');
  const close = async () => {
    child.kill('SIGKILL');
    await ended;
    await rm(folder, { recursive: true, force: true });
  };
  const ask = async (path: string): Promise<unknown> => {
    const response = await fetch(`http://${address}${path}`);
    if (!response.ok) throw new Error(`${path}: ${await response.text()}`);
    return response.json();
  };
  const isReady = async () => {
    if (child.exitCode !== null) throw new Error(`Prometheus ended:\n${await said}`);
    const response = await fetch(`http://${address}/-/ready`).catch(() => undefined);
    return response?.ok === true;
  };
  try {
    await eventually('Prometheus is ready', isReady, START_WITHIN_MS);
  } catch (error) {
    await close();
    throw error;
  }
  return {
    query: async (expression) => {
      const path = `/api/v1/query?query=${encodeURIComponent(expression)}`;
      const { result } = answer.parse(await ask(path)).data;
      return result.map(({ value: [, value] }) => value).filter((value) => !Number.isNaN(value));
    },
    rules: async () =>
      ruleAnswer.parse(await ask('/api/v1/rules')).data.groups.flatMap((group) => group.rules),
    [Symbol.asyncDispose]: close,
  };
}
