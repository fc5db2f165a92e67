/** A client that sends whatever it is told to. In: bytes. Out: the broker's answers as they come. */
import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { FrameReader } from '../../../src/embedded/broker/frame-reader.ts';
import { FrameWriter } from '../../../src/embedded/broker/frame-writer.ts';
import { FrameAssembler } from '../../../src/embedded/broker/frames.ts';

export interface RawClient extends Disposable {
  readonly socket: Socket;
  /** Sends bytes as they are. */
  write(bytes: Buffer): void;
  /** Sends a request and resolves with its answer after the correlation id; undefined when it closes. */
  ask(
    key: number,
    version: number,
    fill: (request: FrameWriter) => void,
  ): Promise<FrameReader | undefined>;
  /** Resolves with the next whole frame; undefined when the broker closes the connection. */
  next(): Promise<Buffer | undefined>;
}

export async function rawClient(broker: string): Promise<RawClient> {
  const { hostname, port } = new URL(`tcp://${broker}`);
  const socket = connect(Number(port), hostname);
  await once(socket, 'connect');
  // The broker may close while we still write.
  socket.on('error', () => {});
  const frames = new FrameAssembler(200 * 1024 * 1024);
  const chunks: AsyncIterator<Buffer, undefined> = socket[Symbol.asyncIterator]();
  const next = async () => {
    for (;;) {
      const frame = frames.next();
      if (frame !== undefined) return frame;
      const result = await chunks.next().catch(() => undefined);
      if (result === undefined || result.done === true) return undefined;
      frames.add(result.value);
    }
  };
  const write = (bytes: Buffer) => void socket.write(bytes);
  return {
    socket,
    write,
    next,
    async ask(key, version, fill) {
      write(request(key, version, fill));
      const frame = await next();
      if (frame === undefined) return undefined;
      const answer = new FrameReader(frame);
      answer.int32();
      return answer;
    },
    [Symbol.dispose]: () => socket.destroy(),
  };
}

export function request(
  key: number,
  version: number,
  fill: (request: FrameWriter) => void,
): Buffer {
  const frame = new FrameWriter().int16(key).int16(version).int32(7).string('raw');
  fill(frame);
  return Buffer.concat(frame.frame());
}
