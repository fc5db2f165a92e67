/**
 * ClickHouse over HTTPS. The embedded server speaks no TLS, so a proxy that does is before it,
 * as it often is elsewhere.
 */
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createServer } from 'node:tls';
import type { Server } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { start } from '../cli/tidemark.ts';
import { opensslIsThere, selfSigned } from '../support/certificate.ts';
import type { Certificate } from '../support/certificate.ts';
import { testClickHouse } from '../support/clickhouse.ts';
import type { TestClickHouse } from '../support/clickhouse.ts';

const FIXTURE = fileURLToPath(new URL('../fixtures/greenery/events.csv', import.meta.url));
const MAPPING = fileURLToPath(new URL('../../examples/greenery-events.json', import.meta.url));
const WRONG = 'hunter2-open-sesame';

const possible = opensslIsThere();
if (!possible) process.stderr.write('ClickHouse over HTTPS is not tested: that needs openssl\n');

describe.skipIf(!possible)('ClickHouse over HTTPS', { timeout: 60_000 }, () => {
  let folder: string;
  let ch: TestClickHouse;
  let proxy: Server;
  let own: Certificate;
  let other: Certificate;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tidemark-https-'));
    [ch, own, other] = await Promise.all([
      testClickHouse(),
      selfSigned(join(folder, 'own')),
      selfSigned(join(folder, 'other')),
    ]);
    const port = Number(new URL(ch.url).port);
    const [key, cert] = await Promise.all([readFile(own.key), readFile(own.certificate)]);
    proxy = createServer({ key, cert }, (socket) => {
      const server = connect(port, '127.0.0.1');
      // Who hangs up first is no fault of the proxy.
      pipeline(socket, server, socket).catch(() => {});
    });
    proxy.listen(0, '127.0.0.1');
    await once(proxy, 'listening');
  });
  afterAll(async () => {
    proxy?.close();
    await ch.close();
    await rm(folder, { recursive: true, force: true });
  });

  const run = (argv: readonly string[], authority: string, host = '127.0.0.1') => {
    const { pathname } = new URL(ch.url);
    const { port } = proxy.address() as AddressInfo;
    return start(argv, {
      TIDEMARK_DATA_DIR: folder,
      CLICKHOUSE_URL: `https://${host}:${port}${pathname}`,
      NODE_EXTRA_CA_CERTS: authority,
    }).ended;
  };
  const COUNT = ['sql', 'SELECT count() FROM events'];

  test('who knows the authority writes and reads', async () => {
    const ingest = ['ingest', FIXTURE, '--stream', 'app-events', '--map', MAPPING];
    const written = await run(ingest, own.certificate);
    expect({ status: written.status, stderr: written.stderr }).toMatchObject({ status: 0 });
    const { status, stdout } = await run(COUNT, own.certificate);
    expect({ status, stdout }).toEqual({ status: 0, stdout: '200\n' });
  });

  test('a wrong password is refused, and said nowhere', async () => {
    const { status, stdout, stderr } = await run(
      COUNT,
      own.certificate,
      `default:${WRONG}@127.0.0.1`,
    );
    expect(stderr).toMatch(/Authentication failed/);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).not.toContain(WRONG);
  });

  test.each([
    ['no authority', () => '', '127.0.0.1', /self-signed certificate/],
    ['another authority', () => other.certificate, '127.0.0.1', /self-signed certificate/],
    ['another host', () => own.certificate, 'localhost', /does not match certificate/],
  ])('a certificate of %s is refused', async (_, authority, host, said) => {
    const { status, stdout, stderr } = await run(COUNT, authority(), host);
    expect(stderr).toMatch(said);
    expect({ status, stdout }).toEqual({ status: 3, stdout: '' });
  });
});
