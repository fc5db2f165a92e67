/** A schema registry that knows one schema, and can be slow or down. */
import { readFileSync } from 'node:fs';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { SCHEMA_ID } from './log-record.ts';

const SCHEMA = readFileSync(new URL('../../schemas/app-event.avsc', import.meta.url), 'utf8');

export interface RegistryStub extends AsyncDisposable {
  readonly url: string;
  delayMs: number;
  /** Answers with status 503. */
  down: boolean;
  /** Requests so far. */
  readonly asked: number;
}

export async function openRegistryStub(): Promise<RegistryStub> {
  let asked = 0;
  const server = createServer((request, response) => {
    asked++;
    void sleep(stub.delayMs).then(() => {
      const known = request.url === `/schemas/ids/${SCHEMA_ID}`;
      response.writeHead(stub.down ? 503 : known ? 200 : 404, {
        'content-type': 'application/vnd.schemaregistry.v1+json',
      });
      const unknown = { error_code: 40403, message: 'Schema not found' };
      response.end(JSON.stringify(known ? { schema: SCHEMA } : unknown));
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const stub: RegistryStub = {
    url: `http://127.0.0.1:${port}`,
    delayMs: 0,
    down: false,
    get asked() {
      return asked;
    },
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
  return stub;
}
