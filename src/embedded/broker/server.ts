/**
 * The broker's port on loopback. In: connections. Out: each one's requests answered in their order, one
 * at a time, as clients of Kafka expect. What is no request ends its connection and nothing else.
 */
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import type { BrokerState } from './api.ts';
import { dispatch } from './dispatch.ts';
import { ProtocolError } from './frame-reader.ts';
import { FrameAssembler } from './frames.ts';

const MAX_FRAME_BYTES = 100 * 1024 * 1024;
/** Of requests that are not whole yet, over all connections. */
const MAX_HELD_BYTES = 256 * 1024 * 1024;
const MAX_CONNECTIONS = 1_000;

export const HOST = '127.0.0.1';

/**
 * Takes the port; requests wait until `state` resolves. Rejects with code `EADDRINUSE` when the port is
 * taken.
 */
export async function listen(port: number, state: Promise<BrokerState>): Promise<Server> {
  const held = new HeldBytes();
  const server = createServer({ noDelay: true }, (socket) => {
    // Whoever is gone needs no answer.
    socket.on('error', () => socket.destroy());
    serve(socket, state, held)
      .catch((error: unknown) => complain(socket, error))
      .finally(() => socket.destroy());
  });
  server.maxConnections = MAX_CONNECTIONS;
  server.listen({ port, host: HOST, exclusive: true });
  await once(server, 'listening');
  return server;
}

async function serve(socket: Socket, opening: Promise<BrokerState>, held: HeldBytes) {
  const state = await opening;
  const frames = new FrameAssembler(MAX_FRAME_BYTES);
  try {
    for await (const chunk of socket as AsyncIterable<Buffer>) {
      frames.add(chunk);
      held.set(socket, frames.length);
      for (let frame = frames.next(); frame !== undefined; frame = frames.next()) {
        const answer = await dispatch(frame, state);
        if (answer !== undefined) await send(socket, answer);
      }
      held.set(socket, frames.length);
    }
  } finally {
    held.set(socket, 0);
  }
}

/** Resolves when the client has taken most of it: one that reads slowly gets no further answer. */
async function send(socket: Socket, parts: readonly Buffer[]): Promise<void> {
  socket.cork();
  for (const part of parts) socket.write(part);
  socket.uncork();
  if (!socket.writableNeedDrain) return;
  await new Promise<void>((resolve) => {
    const end = () => {
      socket.off('drain', end).off('close', end);
      resolve();
    };
    socket.on('drain', end).on('close', end);
    if (socket.destroyed) end();
  });
}

/** That a connection breaks off is daily business. */
const GONE = new Set(['ECONNRESET', 'EPIPE', 'ERR_STREAM_PREMATURE_CLOSE', 'ERR_STREAM_DESTROYED']);

function complain(socket: Socket, error: unknown): void {
  if (!(error instanceof Error)) return;
  if ('code' in error && typeof error.code === 'string' && GONE.has(error.code)) return;
  const what = error instanceof ProtocolError ? error.message : error.stack;
  process.stderr.write(`connection from port ${socket.remotePort} closed: ${what}\n`);
}

class HeldBytes {
  readonly #bySocket = new Map<Socket, number>();
  #total = 0;

  set(socket: Socket, bytes: number): void {
    this.#total += bytes - (this.#bySocket.get(socket) ?? 0);
    if (bytes === 0) this.#bySocket.delete(socket);
    else this.#bySocket.set(socket, bytes);
    if (bytes > 0 && this.#total > MAX_HELD_BYTES) {
      throw new ProtocolError(`${this.#total} bytes of unfinished requests are too many`);
    }
  }
}
