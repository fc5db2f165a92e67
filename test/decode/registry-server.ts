/** A schema registry on loopback that answers what the test tells it to. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';

export interface RegistryServer extends AsyncDisposable {
  readonly url: string;
  /** `GET /schemas/ids/1` and the like, in the order in which they came. */
  readonly requests: readonly string[];
  readonly authorizations: readonly (string | undefined)[];
  readonly bodies: readonly string[];
  answer: (request: IncomingMessage, response: ServerResponse) => void;
}

export async function registryServer(answer: RegistryServer['answer']): Promise<RegistryServer> {
  const requests: string[] = [];
  const authorizations: (string | undefined)[] = [];
  const bodies: string[] = [];
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    authorizations.push(request.headers.authorization);
    let body = '';
    request.setEncoding('utf8');
    request.on('data', (chunk: string) => (body += chunk));
    request.on('end', () => {
      bodies.push(body);
      registry.answer(request, response);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const registry: RegistryServer = {
    url: `http://127.0.0.1:${address.port}`,
    requests,
    authorizations,
    bodies,
    answer,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return registry;
}

export function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/vnd.schemaregistry.v1+json' });
  response.end(JSON.stringify(body));
}
