/** Whatever bytes come to the port: they are answered or their connection is closed, and nothing else happens. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { startEmbeddedBroker } from '../../../src/embedded/broker/broker.ts';
import type { EmbeddedBroker } from '../../../src/embedded/broker/broker.ts';
import type { FrameReader } from '../../../src/embedded/broker/frame-reader.ts';
import type { FrameWriter } from '../../../src/embedded/broker/frame-writer.ts';
import { randomOf } from '../../integration/events.ts';
import { seed } from '../../support/seed.ts';
import { rawClient, request } from './raw-client.ts';
import { soundBatch } from './sound-batch.ts';

const MIB = 1024 * 1024;
const random = randomOf(seed);
const below = (limit: number) => Math.floor(random() * limit);
let dataDir: string;
let broker: EmbeddedBroker;
beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'tidemark-hostile-'));
  broker = await startEmbeddedBroker({ dataDir });
  await produce(soundBatch(['kept']));
});
afterEach(async () => {
  // The same broker, not one that was started again, with what it had.
  expect(await endOfLog()).toBe(1);
});
afterAll(async () => {
  await broker.close();
  await rm(dataDir, { recursive: true, force: true });
});

const open = () => rawClient(broker.brokers[0]!);

function producing(records: Buffer): (frame: FrameWriter) => void {
  return (frame) => {
    frame.string(null).int16(-1).int32(1_000);
    frame.array(['kept'], (topic) => {
      frame.string(topic).array([0], (partition) => frame.int32(partition).bytes(records));
    });
  };
}

/** The code that the broker answers with. */
async function produce(records: Buffer): Promise<number> {
  using client = await open();
  await client.ask(3, 1, (frame) => frame.array(['kept'], (topic) => frame.string(topic)));
  const answer = await client.ask(0, 7, producing(records));
  return codeIn(answer!);
}

function codeIn(answer: FrameReader): number {
  const [topic] = answer.array(() => {
    answer.string();
    return answer.array(() => {
      answer.int32();
      const code = answer.int16();
      for (let i = 0; i < 3; i++) answer.int64();
      return code;
    });
  });
  return topic![0]!;
}

async function endOfLog(): Promise<number> {
  using client = await open();
  const answer = await client.ask(2, 1, (frame) => {
    frame.int32(-1).array(['kept'], (topic) => {
      frame.string(topic).array([0], (partition) => frame.int32(partition).int64(-1));
    });
  });
  const [topic] = answer!.array(() => {
    answer!.string();
    return answer!.array(() => [
      answer!.int32(),
      answer!.int16(),
      answer!.int64(),
      answer!.int64(),
    ]);
  });
  return topic![0]![3]!;
}

test.each([
  ['a size below zero', Buffer.from([0xff, 0xff, 0xff, 0xff])],
  ['a size of two gigabytes', Buffer.from([0x7f, 0xff, 0xff, 0xff])],
  ['a size just above the limit', Buffer.from([0x06, 0x40, 0, 1])],
  ['a request of a web browser', Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')],
  ['a start of TLS', Buffer.from([0x16, 0x03, 0x01, 0x02, 0, 1, 0, 1, 0xfc, 3, 3])],
  ['an empty frame', Buffer.alloc(4)],
  ['an unknown request', request(999, 0, () => {})],
  ['a version that is too new', request(0, 99, producing(soundBatch(['x'])))],
  ['a version that is too old', request(0, 2, producing(soundBatch(['x'])))],
  ['an array of two billion', request(3, 1, (frame) => frame.int32(0x7fffffff))],
  ['an array of less than nothing', request(3, 1, (frame) => frame.int32(-2))],
  ['a text that is longer than its frame', request(10, 0, (frame) => frame.int16(30_000))],
  ['a text of less than nothing', request(10, 0, (frame) => frame.int16(-2))],
])('%s closes the connection', async (_what, bytes) => {
  using client = await open();
  client.write(bytes);
  expect(await client.next()).toBeUndefined();
});

test('every request cut at every place, and with random bytes in it, is answered or closes', async () => {
  const wellFormed = [
    request(0, 7, producing(Buffer.alloc(80))),
    request(1, 11, (frame) => {
      frame.int32(-1).int32(0).int32(1).int32(MIB).int8(0).int32(0).int32(-1);
      frame.array(['kept'], (topic) => {
        frame.string(topic).array([0], (partition) => {
          frame.int32(partition).int32(-1).int64(0).int64(0).int32(MIB);
        });
      });
      frame.array([], () => {}).string('');
    }),
    request(3, 6, (frame) => frame.array(['kept'], (topic) => frame.string(topic)).int8(0)),
    request(8, 5, (frame) => {
      frame.string('g').int32(-1).string('');
      frame.array(['kept'], (topic) => {
        frame.string(topic).array([0], () => frame.int32(0).int64(1).string('m'));
      });
    }),
    request(9, 4, (frame) => frame.string('g').int32(-1)),
    request(13, 3, (frame) => frame.string('g').array(['m'], () => frame.string('m').string(null))),
    request(14, 3, (frame) => {
      frame.string('g').int32(1).string('m').string(null);
      frame.array(['m'], (member) => frame.string(member).bytes(Buffer.from('all')));
    }),
  ];
  for (const whole of wellFormed) {
    for (let attempt = 0; attempt < 30; attempt++) {
      const bytes = Buffer.from(whole);
      if (attempt % 2 === 0) {
        // Shorter, with its size put right so that the broker looks at it.
        const cut = bytes.subarray(0, 4 + below(bytes.length - 3));
        cut.writeInt32BE(cut.length - 4, 0);
        await answeredOrClosed(cut);
      } else {
        // Behind how long a fetch may wait: it would.
        const from = Math.min(29, bytes.length - 8);
        for (let i = 0; i < 4; i++) bytes[from + below(bytes.length - from)] = below(256);
        await answeredOrClosed(bytes);
      }
    }
  }
  expect(await endOfLog()).toBe(1);
});

async function answeredOrClosed(bytes: Buffer): Promise<void> {
  using client = await open();
  client.write(bytes);
  client.socket.end();
  await client.next();
}

test('random bytes do no harm', async () => {
  for (let attempt = 0; attempt < 50; attempt++) {
    using client = await open();
    const bytes = Buffer.from(Array.from({ length: 1 + below(5_000) }, () => below(256)));
    // Half of them as a frame of the right size.
    if (attempt % 2 === 0 && bytes.length > 8) bytes.writeInt32BE(bytes.length - 4, 0);
    client.write(bytes);
    client.socket.end();
    await client.next();
  }
  expect(await endOfLog()).toBe(1);
});

test('a batch that is damaged, doubled or cut is refused', async () => {
  const good = soundBatch(['a', 'b']);
  const damaged = Buffer.from(good);
  damaged[65]! ^= 0x40;
  expect(await produce(damaged)).toBe(2);
  expect(await produce(Buffer.concat([good, good]))).toBe(87);
  expect(await produce(good.subarray(0, -1))).toBe(87);
  expect(await produce(soundBatch(['x'.repeat(2 * MIB)]))).toBe(10);
});

test('connections that never finish a request hold no more than they sent, and others are served', async () => {
  const clients = await Promise.all(Array.from({ length: 50 }, open));
  for (const { write } of clients) write(Buffer.from([0x05, 0xf5, 0xe1, 0x00, 1, 2, 3]));
  expect(await endOfLog()).toBe(1);
  const status = await readFile(`/proc/${broker.pid}/status`, 'utf8').catch(() => 'VmRSS: 0 kB');
  expect(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1])).toBeLessThan(400 * 1024);
  for (const client of clients) client[Symbol.dispose]();
});

test('a client that is too new learns which versions there are', async () => {
  using client = await open();
  const answer = await client.ask(18, 4, () => {});
  expect(answer!.int16()).toBe(35);
  const keys = answer!.array(() => [answer!.int16(), answer!.int16(), answer!.int16()]);
  expect(keys.map(([key]) => key)).toEqual(expect.arrayContaining([0, 1, 2, 3, 8, 9, 10, 18]));
});

test('requests that are sent together are answered in their order', async () => {
  using client = await open();
  const ask = (correlation: number) => {
    const bytes = request(18, 0, () => {});
    bytes.writeInt32BE(correlation, 8);
    return bytes;
  };
  const all = Buffer.concat([ask(1), ask(2), ask(3)]);
  client.write(all.subarray(0, 5));
  client.write(all.subarray(5));
  const answers = [await client.next(), await client.next(), await client.next()];
  expect(answers.map((answer) => answer!.readInt32BE(0))).toEqual([1, 2, 3]);
});
