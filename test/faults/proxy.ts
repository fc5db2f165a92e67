/**
 * A bad network on loopback. In: connections for a server. Out: the same bytes to the server and back, but
 * late, cut off, half closed, or with answers lost after the server has done what was asked.
 */
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Proxy extends AsyncDisposable {
  readonly port: number;
  /** Every piece of bytes is so much later, each way. Milliseconds. */
  delayMs: number;
  /** New connections are closed at once. */
  refuses: boolean;
  /** Requests arrive, answers do not. */
  swallows: boolean;
  /** Resets all connections; how many there were. */
  cut(): number;
  /** The server seems to have said all it has to say, on all connections; how many there were. */
  halfClose(): number;
}

/** Stands before 127.0.0.1:`target`. */
export async function openProxy(target: number): Promise<Proxy> {
  const pairs = new Set<Pair>();
  const server = createServer({ allowHalfOpen: true }, (client) => {
    if (proxy.refuses) {
      client.destroy();
      return;
    }
    const upstream = connect({ port: target, host: '127.0.0.1', allowHalfOpen: true });
    const pair = { client, upstream };
    pairs.add(pair);
    const close = () => {
      pairs.delete(pair);
      client.destroy();
      upstream.destroy();
    };
    for (const socket of [client, upstream]) {
      socket.setNoDelay(true);
      socket.once('error', close);
      socket.once('close', close);
    }
    pass(client, upstream, (bytes) => bytes).catch(close);
    pass(upstream, client, (bytes) => (proxy.swallows ? null : readdressed(bytes))).catch(close);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };

  async function pass(from: Socket, to: Socket, change: (bytes: Buffer) => Buffer | null) {
    for await (const bytes of from as AsyncIterable<Buffer>) {
      if (proxy.delayMs > 0) await sleep(proxy.delayMs);
      const changed = change(bytes);
      if (changed !== null && to.writable && !to.write(changed)) await once(to, 'drain');
    }
    to.end();
  }

  /** Where a broker says how to reach it, it names the port of this proxy. */
  const own = address(target);
  const instead = address(port);
  function readdressed(bytes: Buffer): Buffer {
    let at = bytes.indexOf(own);
    if (at === -1) return bytes;
    const changed = Buffer.from(bytes);
    for (; at !== -1; at = changed.indexOf(own, at)) instead.copy(changed, at);
    return changed;
  }

  const proxy: Proxy = {
    port,
    delayMs: 0,
    refuses: false,
    swallows: false,
    cut() {
      const count = pairs.size;
      for (const { client, upstream } of pairs) {
        client.resetAndDestroy();
        upstream.destroy();
      }
      return count;
    },
    halfClose() {
      for (const { client } of pairs) client.end();
      return pairs.size;
    },
    async [Symbol.asyncDispose]() {
      server.close();
      proxy.cut();
      if (server.listening) await once(server, 'close');
    },
  };
  return proxy;
}

interface Pair {
  readonly client: Socket;
  readonly upstream: Socket;
}

/** As Kafka's protocol writes 127.0.0.1 and a port. */
function address(port: number): Buffer {
  const text = '127.0.0.1';
  const bytes = Buffer.alloc(2 + text.length + 4);
  bytes.writeInt16BE(text.length, 0);
  bytes.write(text, 2);
  bytes.writeInt32BE(port, 2 + text.length);
  return bytes;
}
