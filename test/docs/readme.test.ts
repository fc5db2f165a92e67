/**
 * In: README.md. Out: a failure where a command of it does not do what the page says, typed in the order of
 * the page by somebody who has only the clone. All of them share one data folder.
 */
import { execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { start, tidemark } from '../cli/tidemark.ts';
import { blocks } from '../ops/document.ts';
import { testClickHouse } from '../support/clickhouse.ts';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/free-port.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PATIENCE_MS = 60_000;

/** What is not run here, and why. */
const LEFT_OUT: Readonly<Record<string, string>> = {
  'npm ci && npm test': 'is what runs this',
  'npm test': 'is what runs this',
  'npm run check': 'runs beside the tests',
  'docker compose up': 'needs Docker',
  'npm run demo': 'is the first command of the page again',
  'npm run demo -- --exit': 'is tried by the tests of demo',
  'npm run simulate -- --runs 1000': 'takes minutes; its test is smaller',
  'npm run simulate:mutations': 'takes minutes; its test is smaller',
  'npm run test:faults': 'takes minutes; its test is smaller',
  'npm run fuzz': 'takes minutes; its test is smaller',
  'npm run soak': 'takes hours',
  'npm run bench': 'takes minutes',
};

let page: string;
let folder: string;
let broker: string;
let http: string;
let environment: Record<string, string>;
const run = new Set<string>();

beforeAll(async () => {
  page = await readFile(join(ROOT, 'README.md'), 'utf8');
  folder = await mkdtemp(join(tmpdir(), 'tidemark-readme-'));
  const [kafkaPort, httpPort] = await Promise.all([freePort(), freePort()]);
  broker = `127.0.0.1:${kafkaPort}`;
  http = `http://127.0.0.1:${httpPort}`;
  environment = {
    TIDEMARK_DATA_DIR: folder,
    KAFKA_PORT: String(kafkaPort),
    HTTP_PORT: String(httpPort),
  };
});
afterAll(() => rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 }));

/** What is typed: lines of the blocks, and what is named within sentences. */
function typed(): readonly string[] {
  const sentences = page.replaceAll(/^ *```[^]*?^ *```/gm, '');
  const named = [...sentences.matchAll(/`((?:npx tidemark|npm|docker) [^`]+)`/g)];
  const lines = blocks(page, 'sh').flatMap((block) => block.split('\n'));
  return [...lines, ...named.map(([, command = '']) => command)];
}

/** The command as it is on the page; `changed` are words that differ here. */
function ofPage(beginning: string, changed: Readonly<Record<string, string>> = {}): string {
  const command = typed().find((each) => each.startsWith(beginning));
  if (command === undefined) throw new Error(`README.md has no command ${beginning}…`);
  run.add(command);
  return Object.entries(changed).reduce((text, [word, other]) => {
    expect(text).toContain(word);
    return text.replaceAll(word, other);
  }, command);
}

/** What a command of ours prints. */
async function succeeds(beginning: string, changed: Readonly<Record<string, string>> = {}) {
  const words = [...ofPage(beginning, changed).matchAll(/"([^"]*)"|(\S+)/g)];
  const argv = words.slice(2).map(([, quoted, word]) => quoted ?? word!);
  const { status, stdout, stderr } = await tidemark(argv, environment);
  expect({ argv, status, stderr: status === 0 ? '' : stderr }).toMatchObject({ status: 0 });
  return stdout;
}

/** What is set for one command: NAME=VALUE before it. */
function settingsBefore(command: string): Record<string, string> {
  const found = command.matchAll(/([A-Z_]+)=(\S+)/g);
  return Object.fromEntries(
    [...found].map(([, name = '', value = '']): [string, string] => [name, value]),
  );
}

/** What another program prints. */
async function succeedsInShell(command: string): Promise<string> {
  const options = { cwd: ROOT, env: { ...process.env, ...environment } };
  return (await promisify(execFile)('sh', ['-c', command], options)).stdout;
}

/** Runs until Ctrl-C; what it says is awaited. */
async function service(command: string, says: string) {
  const child = spawn('sh', ['-c', command], {
    cwd: ROOT,
    env: { ...process.env, ...environment },
    // A group of its own, as a terminal makes one, for Ctrl-C to go to all of it.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = once(child, 'exit');
  let told = '';
  const tell = (chunk: Buffer) => (told += chunk.toString());
  child.stdout.on('data', tell);
  child.stderr.on('data', tell);
  const close = async () => {
    if (child.exitCode === null && child.signalCode === null) process.kill(-child.pid!, 'SIGINT');
    await ended;
  };
  try {
    await eventually(
      `${command} says "${says}"`,
      () => {
        if (child.exitCode !== null) throw new Error(`${command} ended:\n${told}`);
        return told.includes(says);
      },
      PATIENCE_MS,
    );
  } catch (error) {
    await close();
    throw error;
  }
  return { told: () => told, [Symbol.asyncDispose]: close };
}

describe('README', { timeout: 180_000 }, () => {
  test('the first command shows the whole way, and the first queries are answered beside it', async () => {
    const { stdout: help } = await tidemark(['demo', '--help']);
    expect(help.replaceAll(/\s+/g, ' ')).toContain('(default: 200000)');
    expect(page).toContain('sends 200,000 realistic events');
    const first = ofPage('npm ci && npm run demo', { 'npm ci && ': '' });
    await using demo = await service(
      `${first} -- --events 20000 --seed 1`,
      'stays up until Ctrl-C',
    );
    expect(demo.told()).toMatch(/they agree\.\n/);

    const days = await succeeds('npx tidemark sql "SELECT event_date');
    expect(days.trim().split('\n')).toHaveLength(7);
    expect(await succeeds('npx tidemark sql "SELECT user_id, current_miles')).toMatch(/\t-\d+\t/);
    expect(await succeeds('npx tidemark sql "SELECT * FROM dim_users')).toContain('active_days:');
    expect(await succeeds('npx tidemark dead-letters list')).toContain('invalid');
    expect(await succeeds('npx tidemark status')).toContain('app-events/0');
    await succeeds('npx tidemark refresh');
    expect(await succeeds('npx tidemark config')).toContain('LOOKBACK_DAYS');
    expect(await succeeds('npx tidemark schemas check')).toContain('app-events');
  });

  test('beside `up`, producers, files and streams of your own come in, and people go', async () => {
    await using _up = await service(ofPage('npx tidemark up'), 'waiting for events');
    const answers = async (path: string) => (await fetch(http + path)).status === 200;
    await eventually('it is ready', () => answers('/readyz'), PATIENCE_MS);
    for (const path of ['/', '/metrics', '/livez', '/api/openapi.json']) {
      expect([path, await answers(path)]).toEqual([path, true]);
    }

    const addresses = { '127.0.0.1:9092': broker, 'http://127.0.0.1:8080': http };
    const sent = await succeedsInShell(ofPage('npx tsx examples/producer.ts', addresses));
    const user = /user (\S+)/.exec(sent)?.[1] ?? '';
    const python = ofPage('python examples/producer.py', addresses);
    const interpreter = process.env['PYTHON'] ?? 'python3';
    if (
      spawnSync(interpreter, ['-c', 'import confluent_kafka.schema_registry.avro']).status === 0
    ) {
      await succeedsInShell(python.replace(/^python/, interpreter));
    } else {
      process.stderr.write(
        'SKIPPED: the producer in Python; it takes ' +
          '`pip install "confluent-kafka[avro,schemaregistry]"` (PYTHON names the interpreter)\n',
      );
    }
    const rowsOf = async (id: string) =>
      (await tidemark(['sql', `SELECT count() FROM events WHERE user_id = '${id}'`], environment))
        .stdout;
    await eventually(
      'the event is stored',
      async () => (await rowsOf(user)) === '1\n',
      PATIENCE_MS,
    );

    await succeeds('npx tidemark generate', { 100000: '1000' });
    expect(await succeeds('npx tidemark ingest')).toContain('200 accepted');
    const shop = ofPage('npm run example:retail');
    const picture = await succeedsInShell(`${shop} -- test/fixtures/online-retail`);
    expect(picture).toContain('Champions');
    expect(await succeeds('npx tidemark check')).toMatch(/^\d+ checks: /m);
    const questions = /asks your own database (\d+) questions/.exec(page)?.[1];
    expect(await readFile(join(ROOT, 'docs/checks.md'), 'utf8')).toContain(`${questions} checks:`);
    await succeeds('npx tidemark forget', { USER_ID: user });
    expect(await rowsOf(user)).toBe('0\n');

    await using ch = await testClickHouse();
    const own = await ch.freshDatabase({ migrated: false });
    const [row] = await ch.rows('SELECT currentDatabase() AS name', own);
    const url = new URL(`/${row!['name'] as string}`, ch.url).href;
    const elsewhere = 'http://user:password@clickhouse:8123/tidemark';
    const migrated = await tidemark(
      ['migrate'],
      settingsBefore(ofPage('CLICKHOUSE_URL=', { [elsewhere]: url })),
    );
    expect({ status: migrated.status, stderr: migrated.stderr }).toMatchObject({ status: 0 });
    ofPage('npx tidemark migrate');
    const running = start(['run'], {
      ...settingsBefore(ofPage('KAFKA_BROKERS=', { [elsewhere]: url, 'kafka:9092': broker })),
      // Not in the group of `up`, which reads the same topics.
      KAFKA_GROUP_ID: 'another',
      HTTP_PORT: '0',
    });
    await eventually(
      'the same events are there, too',
      async () => (await ch.rows('SELECT count() AS events FROM events', own))[0]!['events'] !== 0,
      PATIENCE_MS,
    );
    running.process.kill('SIGTERM');
    expect((await running.ended).status).toBe(0);
  });

  test('every command is one of these, or is left out for a reason', async () => {
    const all = typed();
    expect(all.length).toBeGreaterThan(20);
    expect(all.filter((command) => !run.has(command) && LEFT_OUT[command] === undefined)).toEqual(
      [],
    );
    expect(Object.keys(LEFT_OUT).filter((command) => !all.includes(command))).toEqual([]);
    const { scripts } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>;
    };
    const named = [...page.matchAll(/npm run ([\w:]+)/g)].map(([, name = '']) => name);
    expect(named.filter((name) => scripts[name] === undefined)).toEqual([]);
  });

  test('every file that it names is there', () => {
    const linked = [...page.matchAll(/\]\(([^)#]+)\)/g)].map(([, path = '']) => join(ROOT, path));
    expect(linked.length).toBeGreaterThan(30);
    expect(linked.filter((path) => !existsSync(path))).toEqual([]);
  });
});
