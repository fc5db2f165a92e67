/**
 * In: a seed. Out: Kafka record batches that no well-meaning producer sends: values that are damaged,
 * random, huge or cunning, in batches of every codec, some of them broken, bombs or of an old format.
 */
import { gzipSync } from 'node:zlib';
import { AppEventEncoder } from '../../src/traffic/app-event.ts';
import { DEFAULT_RATES } from '../../src/traffic/defects.ts';
import { Traffic } from '../../src/traffic/traffic.ts';
import type { TrafficRecord } from '../../src/traffic/traffic.ts';
import { at } from '../integration/events.ts';
import { COMPRESSIONS, encodeBatch, encodeRecords, varint } from '../support/kafka-batches.ts';
import type { BatchRecord } from '../support/kafka-batches.ts';
import { HOSTILE_SCHEMAS } from './hostile-schemas.ts';
import type { Chance } from './random.ts';

export interface HostileBatch {
  readonly bytes: Buffer;
  /** How many records it says that it holds. */
  readonly records: number;
  /** Whether the batch is whole, whatever its records are. */
  readonly whole: boolean;
}

const RECORDS_PER_BATCH = 300;
const PREFIX_BYTES = 5;
/** Every so many batches one is a bomb, and one is oversized. */
const RARE = 200;
const RECORD_TIME = Date.parse('2026-03-09T00:00:00Z');

export class HostileBatches {
  readonly #chance: Chance;
  readonly #traffic: Iterator<TrafficRecord>;
  readonly #encoder = new AppEventEncoder(Buffer.alloc(0));

  constructor(chance: Chance, records: number) {
    this.#chance = chance;
    this.#traffic = new Traffic({
      seed: chance.below(2 ** 31),
      size: { records },
      days: 10,
      until: at('2026-03-09T00:00:00Z'),
      rates: DEFAULT_RATES,
      partitions: 1,
      rules: { timezone: 'UTC', lookbackDays: 2 },
    })[Symbol.iterator]();
  }

  /** Offsets are `firstOffset` and those that follow. */
  next(firstOffset: number): HostileBatch {
    const { below, pick, flipped } = this.#chance;
    if (below(RARE) === 0) return this.#bomb(firstOffset);
    const count = 1 + below(RECORDS_PER_BATCH * 2 - 1);
    const records = Array.from({ length: count }, (_, offsetDelta) => this.#record(offsetDelta));
    const { codec, compress } = pick(Object.values(COMPRESSIONS));
    const sound = compress(encodeRecords(records));
    let body = sound;
    let attributes = codec;
    switch (below(40)) {
      case 0:
        body = flipped(body);
        break;
      case 1:
        body = body.subarray(0, below(body.length));
        break;
      case 2:
        // Another codec than it says, or none that there is.
        attributes = below(8);
        break;
      case 3:
        body = this.#chance.bytes(below(2_000));
        break;
    }
    const bytes = encodeBatch(
      records,
      { firstOffset, firstTimestamp: RECORD_TIME, attributes },
      body,
    );
    return { bytes, records: count, whole: body === sound && attributes === codec };
  }

  #record(offsetDelta: number): BatchRecord {
    const { below, bytes } = this.#chance;
    const key = below(10) === 0 ? (below(2) === 0 ? null : bytes(below(50))) : Buffer.from('key');
    const headers = below(20) === 0 ? [{ key: 'h', value: bytes(below(20)) }] : [];
    return { offsetDelta, timestampDelta: below(1_000) - 500, key, value: this.#value(), headers };
  }

  /** Half of them are sound; the traffic has an end, after which nothing is. */
  #value(): Buffer | null {
    const { below, bytes, flipped } = this.#chance;
    const taken = this.#traffic.next();
    const body = taken.done === true ? bytes(60) : this.#encoder.encode(taken.value.event);
    const sound = withSchema(1, body);
    switch (below(20)) {
      case 0:
        return null;
      case 1:
        return bytes(below(200));
      case 2:
        return withSchema(1, bytes(below(300)));
      case 3:
        return sound.subarray(0, below(sound.length));
      case 4:
        return Buffer.concat([sound, bytes(1 + below(20))]);
      case 5:
      case 6:
        return flipped(sound);
      case 7:
        return withSchema(1 + below(HOSTILE_SCHEMAS.size + 2), body);
      case 8:
        return this.#cunning();
      case 9:
        return withSchema(1, Buffer.concat([flipped(body.subarray(0, 4)), body.subarray(4)]));
      default:
        return sound;
    }
  }

  /** Lengths, counts and depths that promise more than there is, for each of the schemas. */
  #cunning(): Buffer {
    const { below, pick } = this.#chance;
    const id = 1 + below(HOSTILE_SCHEMAS.size + 2);
    const large = pick([2 ** 31 - 1, 2 ** 31, 2 ** 40, 2 ** 53, -1, -(2 ** 31), -(2 ** 53)]);
    const deep = Buffer.alloc(1 + below(20_000), pick([0, 1, 2, 3, 4, 0x7f, 0x80, 0xff]));
    switch (below(3)) {
      case 0:
        return withSchema(id, Buffer.concat([varint(large), deep]));
      case 1:
        return withSchema(id, Buffer.concat([varint(3), Buffer.from('abc'), varint(large), deep]));
      default:
        return withSchema(id, deep);
    }
  }

  /** One value of 100 MB of zeros in a hundred kilobytes, or one of some megabytes as it is. */
  #bomb(firstOffset: number): HostileBatch {
    const { below } = this.#chance;
    const settings = { firstOffset, firstTimestamp: RECORD_TIME };
    if (below(2) === 0) {
      const value = withSchema(1, Buffer.alloc(4 * 2 ** 20, 0x61));
      return {
        bytes: encodeBatch([{ offsetDelta: 0, key: null, value }], settings),
        records: 1,
        whole: true,
      };
    }
    return {
      bytes: encodeBatch(
        [{ offsetDelta: 0, key: null, value: null }],
        { ...settings, attributes: 1 },
        BOMB,
      ),
      records: 1,
      whole: true,
    };
  }
}

const BOMB = gzipSync(
  encodeRecords([{ offsetDelta: 0, key: null, value: Buffer.alloc(100_000_000) }]),
);

function withSchema(id: number, body: Buffer): Buffer {
  const prefix = Buffer.alloc(PREFIX_BYTES);
  prefix.writeUInt32BE(id, 1);
  return Buffer.concat([prefix, body]);
}
