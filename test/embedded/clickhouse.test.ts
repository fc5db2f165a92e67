import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startEmbeddedClickHouse } from '../../src/embedded/clickhouse/clickhouse.ts';

let dataDir: string;
const owners: ChildProcess[] = [];
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'tidemark-embedded-'));
});
afterEach(async () => {
  for (const owner of owners.splice(0)) {
    if (owner.exitCode === null && owner.signalCode === null) {
      owner.kill('SIGKILL');
      await once(owner, 'exit');
    }
  }
  // The server of a killed owner may take a moment longer than the owner.
  await rm(dataDir, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
});

async function query(url: string, sql: string): Promise<string> {
  const { origin, pathname } = new URL(url);
  const response = await fetch(`${origin}/?database=${pathname.slice(1)}`, {
    method: 'POST',
    body: sql,
  });
  const text = await response.text();
  if (!response.ok) throw new Error(text);
  return text.trim();
}

interface Owner {
  readonly process: ChildProcess;
  readonly url: string;
  readonly pid: number;
  readonly owned: boolean;
}

/** Another process that starts the server of the folder. */
async function startOwner(): Promise<Owner> {
  const program = new URL('./clickhouse-owner.ts', import.meta.url).pathname;
  const owner = spawn(process.execPath, ['--import', 'tsx', program, dataDir], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  owners.push(owner);
  for await (const line of createInterface(owner.stdout)) {
    return { process: owner, ...(JSON.parse(line) as Omit<Owner, 'process'>) };
  }
  throw new Error('the owner ended before its server was up');
}

async function until(condition: () => boolean, what: string): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`still waiting until ${what}`);
    await sleep(10);
  }
}

function lives(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

test('it is a ClickHouse with an Atomic database, and gone after close', async () => {
  const server = await startEmbeddedClickHouse({ dataDir });
  expect(server.owned).toBe(true);
  expect(
    await query(server.url, 'SELECT engine FROM system.databases WHERE name = currentDatabase()'),
  ).toBe('Atomic');
  await server.close();
  expect(lives(server.pid)).toBe(false);
  await server.close();
});

test('a killed server loses nothing that was acknowledged, and comes back on its port', async () => {
  const first = await startEmbeddedClickHouse({ dataDir });
  await query(first.url, 'CREATE TABLE t (n UInt64) ENGINE = MergeTree ORDER BY n');
  for (let part = 0; part < 20; part++) {
    await query(first.url, `INSERT INTO t SELECT number + ${part * 1_000} FROM numbers(1000)`);
  }
  process.kill(first.pid, 'SIGKILL');
  await first.exited;
  await using second = await startEmbeddedClickHouse({ dataDir });
  expect(second.url).toBe(first.url);
  expect(second.pid).not.toBe(first.pid);
  expect(await query(second.url, 'SELECT count(), uniqExact(n) FROM t')).toBe('20000\t20000');
});

test('kill -9 of the owner leaves no server behind', async () => {
  const owner = await startOwner();
  expect(lives(owner.pid)).toBe(true);
  owner.process.kill('SIGKILL');
  await until(() => !lives(owner.pid), 'the server has followed its owner');
  await using next = await startEmbeddedClickHouse({ dataDir });
  expect(next.owned).toBe(true);
});

test('a second user of the folder gets the running server and leaves it running', async () => {
  const owner = await startOwner();
  const guest = await startEmbeddedClickHouse({ dataDir });
  expect(guest).toMatchObject({ url: owner.url, pid: owner.pid, owned: false });
  await guest.close();
  expect(await query(owner.url, 'SELECT 1')).toBe('1');
});

test('a second user learns of the end of a server that ends with its owner', async () => {
  const owner = await startOwner();
  await using joined = await startEmbeddedClickHouse({ dataDir });
  expect(joined.owned).toBe(false);
  owner.process.kill('SIGKILL');
  await joined.exited;
  await expect(query(joined.url, 'SELECT 1')).rejects.toThrow('fetch failed');
});

test('of several that start at once one starts the server and the others use it', async () => {
  const started = await Promise.all([
    startEmbeddedClickHouse({ dataDir }),
    startEmbeddedClickHouse({ dataDir }),
    startEmbeddedClickHouse({ dataDir }),
  ]);
  expect(started.filter(({ owned }) => owned)).toHaveLength(1);
  expect(new Set(started.map(({ pid }) => pid)).size).toBe(1);
  await Promise.all(started.map((server) => server.close()));
});

test('a description that speaks of some other server is not believed', async () => {
  await using stranger = await startEmbeddedClickHouse({ dataDir: join(dataDir, 'stranger') });
  const port = Number(new URL(stranger.url).port);
  await writeFile(
    join(dataDir, 'clickhouse-server.json'),
    JSON.stringify({ port, pid: stranger.pid }),
  );
  await using own = await startEmbeddedClickHouse({ dataDir });
  expect(own.owned).toBe(true);
  expect(own.url).not.toBe(stranger.url);
});

test('a taken port is named', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const address = taken.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  await expect(startEmbeddedClickHouse({ dataDir, port })).rejects.toMatchObject({
    code: 'PORT_TAKEN',
    message: `port ${port} is taken by another program: set CLICKHOUSE_PORT to a free one, or leave it unset`,
  });
  taken.close();
});

test('a data folder that cannot be written to is named', async () => {
  const file = join(dataDir, 'file');
  await writeFile(file, '');
  const place = join(file, 'below');
  await expect(startEmbeddedClickHouse({ dataDir: place })).rejects.toMatchObject({
    code: 'DATA_DIR_NOT_WRITABLE',
    message: expect.stringContaining(place) as string,
  });
});

test.skipIf(process.getuid?.() === 0)('a read-only data folder is named', async () => {
  await chmod(dataDir, 0o500);
  await expect(startEmbeddedClickHouse({ dataDir })).rejects.toMatchObject({
    code: 'DATA_DIR_NOT_WRITABLE',
  });
  await chmod(dataDir, 0o700);
});

test('a start that is given up leaves no process', async () => {
  const controller = new AbortController();
  const start = startEmbeddedClickHouse({ dataDir, signal: controller.signal });
  setTimeout(() => controller.abort(new Error('given up')), 100);
  await expect(start).rejects.toThrow('given up');
  await using next = await startEmbeddedClickHouse({ dataDir });
  expect(next.owned).toBe(true);
});
