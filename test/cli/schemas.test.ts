import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { LocalRegistry } from '../../src/decode/local-registry.ts';
import { startHttpServer } from '../../src/serve/http-server.ts';
import { Metrics } from '../../src/serve/metrics.ts';
import { tidemark } from './tidemark.ts';

const INT = '{"type":"int"}';

test('an empty registry has nothing registered; after register all is well, also a second time', async () => {
  const { run } = await emptyRegistry();
  const before = await run('check', '--json');
  expect(before.status).toBe(0);
  expect((JSON.parse(before.stdout) as { status: string }[]).map(({ status }) => status)).toEqual(
    Array.from({ length: 6 }, () => 'not_registered'),
  );
  for (const _ of [1, 2]) {
    const { status, stdout } = await run('register');
    expect(status).toBe(0);
    expect(stdout).toMatch(/\napp-events +app-events-value +registered +100001\n/);
  }
  const after = await run('check', '--json');
  expect(after.status).toBe(0);
  expect(JSON.parse(after.stdout)).toContainEqual({
    stream: 'orders',
    subject: 'orders-value',
    status: 'ok',
    versions: 1,
    id: 100_005,
    problems: [],
  });
});

test('a version that cannot be read ends with 1 and is named, and the others are still registered', async () => {
  const { run, registry } = await emptyRegistry();
  registry.add('orders-value', INT);
  const check = await run('check');
  expect(check.status).toBe(1);
  expect(check.stdout).toMatch(
    /\norders +orders-value +incompatible +1 +- +records of version 1 \(id 100001\) cannot be read: .*; the registry would refuse the stream's schema: /,
  );
  expect(check.stdout).toMatch(/\nproducts +products-value +not_registered +0 +-\n/);
  expect(check.stderr).toBe(
    'tidemark: the schema of orders cannot be used with what the registry holds\n',
  );
  const register = await run('register');
  expect(register.status).toBe(1);
  expect(register.stdout).toMatch(/\norders +orders-value +refused +- +.*incompatible with/);
  expect(register.stdout).toMatch(/\nproducts +products-value +registered +\d+\n/);
});

test('without a registry of its own the folder is one, and everything in it is registered', async () => {
  const dataDir = temporary();
  const { status, stdout } = await tidemark(['schemas', 'check', '--data-dir', dataDir]);
  expect(status).toBe(0);
  expect(stdout).toMatch(/\napp-events +app-events-value +ok +1 +1\n/);
});

test('a registry that is not there ends with 3', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  const { status, stderr } = await tidemark(['schemas', 'check'], {
    SCHEMA_REGISTRY_URL: `http://127.0.0.1:${port}`,
  });
  expect(stderr).toContain('gave no answer');
  expect(status).toBe(3);
});

function temporary(): string {
  const folder = mkdtempSync(join(tmpdir(), 'registry-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

/** A registry in which no stream has a subject yet, and the command against it. */
async function emptyRegistry(): Promise<{
  registry: LocalRegistry;
  run: (...argv: string[]) => ReturnType<typeof tidemark>;
}> {
  const schemas = temporary();
  writeFileSync(join(schemas, 'ids.json'), '[]');
  const registry = new LocalRegistry({ schemas, registered: temporary(), topics: {} });
  const partitions = () => [];
  const server = await startHttpServer({
    port: 0,
    version: '1.2.3',
    metrics: new Metrics({ version: '1.2.3', commit: 'abc', partitions }),
    partitions,
    pingWarehouse: () => Promise.resolve(),
    registry,
  });
  onTestFinished(() => server.close());
  const environment = { SCHEMA_REGISTRY_URL: `${server.url}/registry` };
  return { registry, run: (...argv) => tidemark(['schemas', ...argv], environment) };
}
