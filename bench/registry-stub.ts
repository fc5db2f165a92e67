/** In: one Avro schema. Out: an HTTP server on loopback that serves it under every id, as a Confluent registry would. */
import { createServer } from 'node:http';

export interface RegistryStub extends AsyncDisposable {
  readonly url: string;
}

export async function serveSchema(schema: string): Promise<RegistryStub> {
  const body = JSON.stringify({ schema });
  const server = createServer((_, response) => {
    response.writeHead(200, { 'content-type': 'application/vnd.schemaregistry.v1+json' });
    response.end(body);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the stub has no port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
