/**
 * A gate before a real ClickHouse. In: requests of processors. Out: the same requests to the server,
 * but inserts into a table can be held, before they are applied or before they are answered.
 */
import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';

export type Moment = 'before it is applied' | 'before it is answered';

export interface Gate extends AsyncDisposable {
  readonly url: string;
  /** How long every insert into user-days takes longer than it would, in milliseconds. */
  delayMs: number;
  /** Holds the next insert into a table. Resolves when it is there, with what lets it go on. */
  hold(table: string, moment: Moment): Promise<() => void>;
}

export async function openGate(clickhouse: string): Promise<Gate> {
  const holds = new Map<string, (release: () => void) => void>();
  const pass = async (table: string | undefined, moment: Moment) => {
    const key = `${table} ${moment}`;
    const arrived = holds.get(key);
    holds.delete(key);
    if (arrived !== undefined) await new Promise<void>((resolve) => arrived(resolve));
  };
  const handle = async (incoming: IncomingMessage, response: ServerResponse) => {
    const body = await buffer(incoming);
    const inUrl = new URL(incoming.url ?? '', clickhouse).searchParams.get('query');
    const query = inUrl ?? body.subarray(0, 200).toString();
    const table = /^\s*INSERT INTO `?(\w+)/.exec(query)?.[1];
    if (table === 'user_day_rows' && gate.delayMs > 0) await sleep(gate.delayMs);
    await pass(table, 'before it is applied');
    const { method, url } = incoming;
    const headers = sized(incoming, body);
    const outgoing = request(new URL(url ?? '', clickhouse), { method, headers });
    outgoing.end(body);
    const [answer] = (await once(outgoing, 'response')) as [IncomingMessage];
    const answered = await buffer(answer);
    await pass(table, 'before it is answered');
    response.writeHead(answer.statusCode ?? 502, sized(answer, answered));
    response.end(answered);
  };
  const server = createServer((incoming, response) => {
    // The processor was killed, or the server: either way there is nobody to tell more.
    handle(incoming, response).catch(() => response.destroy());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const gate: Gate = {
    url: `http://127.0.0.1:${port}`,
    delayMs: 0,
    hold: (table, moment) =>
      new Promise((resolve) => {
        holds.set(`${table} ${moment}`, resolve);
      }),
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
  return gate;
}

/** The headers of a message whose body is sent in one piece. */
function sized({ headers }: IncomingMessage, body: Buffer): OutgoingHttpHeaders {
  const { 'transfer-encoding': _, ...others } = headers;
  return { ...others, 'content-length': body.length };
}
