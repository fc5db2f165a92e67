/** In: a ClickHouse, a broker, a topic. Out: Tidemark's processor as built, running as a process of its own. */
import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BenchClickHouse } from './clickhouse.ts';
import { serveSchema } from './registry-stub.ts';
import { SCHEMA_FILE } from './event-encoder.ts';

export interface ProcessorOptions {
  readonly clickhouse: BenchClickHouse;
  readonly broker: string;
  readonly topic: string;
}

export interface Processors {
  /** Creates the tables. */
  migrate(): Promise<void>;
  /** Starts one more processor; returns its process id. */
  start(): number;
  /** Stops all of them cleanly. Rejects when one did not end with status 0. */
  stop(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** For example --cpu-prof, to see where the time goes. */
const NODE_FLAGS = process.env['BENCH_NODE_FLAGS']?.split(' ') ?? [];

const MAIN = new URL('../dist/cli/main.js', import.meta.url).href;

export async function processors(options: ProcessorOptions): Promise<Processors> {
  const { clickhouse, broker, topic } = options;
  const registry = await serveSchema(readFileSync(SCHEMA_FILE, 'utf8'));
  const folder = await mkdtemp(join(tmpdir(), 'tidemark-bench-'));
  const running: ChildProcess[] = [];
  const killAll = () => {
    for (const child of running) child.kill('SIGKILL');
  };
  process.once('exit', killAll);
  const command = (name: string) => {
    const code = `process.exitCode = await (await import('${MAIN}')).main(['${name}'])`;
    return spawn(process.execPath, [...NODE_FLAGS, '--input-type=module', '--eval', code], {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: {
        ...process.env,
        TIDEMARK_DATA_DIR: folder,
        CLICKHOUSE_URL: clickhouse.url,
        KAFKA_BROKERS: broker,
        KAFKA_TOPIC_APP_EVENTS: topic,
        SCHEMA_REGISTRY_URL: registry.url,
        HTTP_PORT: '0',
        LOG_LEVEL: process.env['LOG_LEVEL'] ?? 'warn',
      },
    });
  };
  const stop = async () => {
    for (const child of running.splice(0)) {
      child.kill('SIGTERM');
      const status = await exitStatus(child);
      if (status !== 0) throw new Error(`a processor ended with status ${status}`);
    }
  };
  return {
    migrate: async () => {
      const status = await exitStatus(command('migrate'));
      if (status !== 0) throw new Error(`migrate ended with status ${status}`);
    },
    start: () => {
      const child = command('run');
      running.push(child);
      if (child.pid === undefined) throw new Error('the processor could not be started');
      return child.pid;
    },
    stop,
    [Symbol.asyncDispose]: async () => {
      killAll();
      process.off('exit', killAll);
      await registry[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Null when it ended by a signal. */
function exitStatus(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) resolve(child.exitCode);
    else child.once('exit', resolve);
  });
}
