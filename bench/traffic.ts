/**
 * In: a seed and a size. Out: Avro events as producers would send them, and what a right answer is
 * made of: which events are duplicates, and every user-day.
 */
import { EVENT_TYPES, eventEncoder } from './event-encoder.ts';
import { random } from './random.ts';
import { UserDays } from './user-days.ts';

export interface TrafficOptions {
  readonly seed: number;
  /** Records sent, duplicates included. */
  readonly events: number;
  readonly users: number;
  /** Days over which the events spread evenly, from `FIRST_DAY`. */
  readonly days: number;
  readonly partitions: number;
}

export interface TrafficRecord {
  readonly partition: number;
  readonly key: string;
  /** In the Confluent wire format. */
  readonly value: Buffer;
}

const FIRST_DAY = Date.UTC(2026, 0, 1) / 86_400_000;
const DUPLICATE_ONCE_IN = 100;
const OUT_OF_ORDER_ONCE_IN = 50;
const MAX_LATENESS_MICROS = 30 * 3_600_000_000;
/** A duplicate is one of so many last events of its partition, as a producer's retry would be. */
const RETRY_DISTANCE = 1_000;
const MICROS_PER_DAY = 86_400_000_000;

export class Traffic {
  /** Of the distinct events; complete when `records` has come to its end. */
  readonly userDays: UserDays;
  duplicates = 0;
  bytes = 0;
  readonly #options: TrafficOptions;

  constructor(options: TrafficOptions) {
    this.#options = options;
    this.userDays = new UserDays(options.users, FIRST_DAY, options.days, EVENT_TYPES);
  }

  get accepted(): number {
    return this.#options.events - this.duplicates;
  }

  *records(): Generator<TrafficRecord> {
    const { seed, events, users, days, partitions } = this.#options;
    const chance = random(seed);
    const { below, onceIn, pick, uuid } = chance;
    const encode = eventEncoder(chance);
    const ids = Array.from({ length: users }, uuid);
    const sent = Array.from({ length: partitions }, (): TrafficRecord[] => []);
    const sentCount = new Uint32Array(partitions);
    const start = FIRST_DAY * MICROS_PER_DAY;
    const step = (days * MICROS_PER_DAY) / events;
    // In small traffic it must not be so old that it is late rather than a duplicate.
    const distance = Math.min(RETRY_DISTANCE, Math.ceil(events / partitions / days / 4));

    for (let i = 0; i < events; i++) {
      const user = below(users);
      const partition = user % partitions;
      const recent = sent[partition]!;
      let record: TrafficRecord;
      if (recent.length > 0 && onceIn(DUPLICATE_ONCE_IN)) {
        record = pick(recent);
        this.duplicates++;
      } else {
        const lateness = onceIn(OUT_OF_ORDER_ONCE_IN) ? below(MAX_LATENESS_MICROS) : 0;
        const time = Math.max(start, Math.floor(start + i * step) - lateness);
        const typeNumber = below(EVENT_TYPES.length);
        const type = EVENT_TYPES[typeNumber]!;
        const miles = type.startsWith('miles_') ? below(5_000) : null;
        const userId = ids[user]!;
        record = { partition, key: userId, value: encode({ userId, type, time, miles }) };
        this.userDays.add(user, time, typeNumber, type === 'miles_earned' ? 1 : -1, miles ?? 0);
        recent[sentCount[partition]!++ % distance] = record;
      }
      this.bytes += record.value.length;
      yield record;
    }
    this.userDays.name(ids);
  }
}
