/** In: metrics and health. Out: an HTTP server for Prometheus, Kubernetes and a person's browser. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { ClickHouseClient } from '@clickhouse/client';
import { getRequestListener } from '@hono/node-server';
import { Hono } from 'hono';
import type { LocalRegistry } from '../decode/local-registry.ts';
import { dashboardRoutes } from './dashboard/dashboard.ts';
import { Throughput } from './dashboard/throughput.ts';
import type { Health } from './health.ts';
import { liveness, readiness } from './health.ts';
import type { Metrics } from './metrics.ts';
import type { PartitionState } from './partition-state.ts';
import { registryRoutes } from './registry-routes.ts';

export interface HttpServerOptions {
  /** 0 takes a free one. */
  readonly port: number;
  /** Default 127.0.0.1: nothing outside this computer reaches it. */
  readonly host?: string;
  /** With one, everything but health and metrics asks for it: `Bearer TOKEN`, or as Basic password. */
  readonly token?: string;
  readonly version: string;
  readonly metrics: Metrics;
  readonly partitions: () => readonly PartitionState[];
  /** What the dashboard reads; without one it shows what the process itself knows. */
  readonly warehouse?: ClickHouseClient;
  /** Rejects when ClickHouse cannot be reached. */
  readonly pingWarehouse: () => Promise<void>;
  /** What else keeps the process from its work, in sentences. */
  readonly problems?: () => readonly string[];
  /** Served under `/registry`; nothing is there without one. */
  readonly registry?: LocalRegistry;
  /** Milliseconds since 1970. Default `Date.now`. */
  readonly now?: () => number;
}

export interface HttpServer extends AsyncDisposable {
  /** The address that it is bound to, `http://127.0.0.1:8080`. */
  readonly url: string;
  readonly port: number;
  /** Takes no new connection, and ends those that are open. */
  close(): Promise<void>;
}

/** The port or host cannot be had. A command that meets it ends with `exitStatus`. */
export class AddressUnavailableError extends Error {
  override readonly name = 'AddressUnavailableError';
  readonly code = 'address_unavailable';
  readonly retryable = false;
  readonly exitStatus = 2;
}

const PING_WITHIN_MS = 2_000;

/** Resolves when it listens. Throws a `AddressUnavailableError` when the port is in use or not allowed. */
export async function startHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const { port, host = '127.0.0.1' } = options;
  const throughput = new Throughput(options.partitions, options.now);
  const respond = getRequestListener(routes(options, throughput).fetch);
  const server = createServer((request, response) => void respond(request, response));
  server.listen(port, host);
  try {
    await once(server, 'listening');
  } catch (cause) {
    throughput[Symbol.dispose]();
    throw listenError(host, port, cause);
  }
  const bound = server.address();
  const boundPort = typeof bound === 'object' && bound !== null ? bound.port : port;
  const close = async (): Promise<void> => {
    throughput[Symbol.dispose]();
    if (!server.listening) return;
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  };
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${boundPort}`,
    port: boundPort,
    close,
    [Symbol.asyncDispose]: close,
  };
}

function routes(options: HttpServerOptions, throughput: Throughput): Hono {
  const { metrics, partitions, token, version, now = Date.now } = options;
  const ready = async (): Promise<Health> =>
    readiness(
      partitions(),
      await problemOf(options.pingWarehouse),
      options.problems?.() ?? [],
      now(),
    );
  const app = new Hono();
  app.get('/metrics', async (context) =>
    context.body(await metrics.text(), 200, { 'content-type': metrics.contentType }),
  );
  app.get('/livez', (context) => {
    const health = liveness(partitions(), now());
    return context.json(health, health.ok ? 200 : 503);
  });
  app.get('/readyz', async (context) => {
    const health = await ready();
    return context.json(health, health.ok ? 200 : 503);
  });
  if (token !== undefined) {
    app.use(async (context, next) => {
      if (!bears(context.req.header('authorization'), token)) {
        const message = 'HTTP_TOKEN is asked for: as a Bearer token, or as Basic password';
        const challenge = { 'www-authenticate': 'Basic realm="tidemark", charset="UTF-8"' };
        // The registry's clients read JSON alone.
        return context.req.path.startsWith('/registry/')
          ? context.json({ error_code: 40101, message }, 401, challenge)
          : context.text(`${message}\n`, 401, challenge);
      }
      return next();
    });
  }
  const reports = () => metrics.reports();
  const client = options.warehouse;
  app.route('/', dashboardRoutes({ client, version, ready, reports, throughput, now }));
  if (options.registry !== undefined) app.route('/registry', registryRoutes(options.registry));
  app.notFound((context) => context.text('there is nothing here\n', 404));
  return app;
}

async function problemOf(ping: () => Promise<void>): Promise<string | null> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve(`no answer in ${PING_WITHIN_MS} ms`), PING_WITHIN_MS);
  });
  const answer = ping().then(
    () => null,
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}

function bears(authorization: string | undefined, token: string): boolean {
  const [scheme, credentials = ''] = (authorization ?? '').split(' ', 2);
  if (scheme?.toLowerCase() === 'bearer') return sameSecret(credentials, token);
  if (scheme?.toLowerCase() !== 'basic') return false;
  const pair = Buffer.from(credentials, 'base64').toString('utf8');
  return sameSecret(pair.slice(pair.indexOf(':') + 1), token);
}

function sameSecret(given: string, wanted: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(wanted));
}

function listenError(host: string, port: number, cause: unknown): unknown {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  const where = `HTTP_PORT ${port} on ${host}`;
  if (code === 'EADDRINUSE') {
    const what = `${where} is taken by another process: stop it, or set HTTP_PORT to another port`;
    return new AddressUnavailableError(`${what} (0 takes a free one)`, { cause });
  }
  if (code === 'EACCES') {
    return new AddressUnavailableError(`${where} is not allowed: ports above 1023 are`, { cause });
  }
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') {
    return new AddressUnavailableError(`HTTP_HOST ${host} is no address of this computer`, {
      cause,
    });
  }
  return cause;
}
