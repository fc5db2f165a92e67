/**
 * In: a seed and a size. Out: app events as producers would send them, in the order of sending, and what
 * becomes of each. The same for the same options on every machine.
 */
import { murmur2 } from '../sources/kafka/murmur2.ts';
import type { Rules } from '../streams/rules.ts';
import { AppEventEncoder } from './app-event.ts';
import type { AppEvent } from './app-event.ts';
import { DAMAGES } from './damage.ts';
import type { Damage } from './damage.ts';
import { BROKEN, FUTURE, sendingOf } from './defects.ts';
import type { DefectRates, Sending } from './defects.ts';
import { EventColumns } from './event-columns.ts';
import { EventFields } from './event-fields.ts';
import { Expectation } from './expectation.ts';
import type { Deed, ExpectedCounts, Outcome } from './expectation.ts';
import { Life } from './life.ts';
import { person } from './people.ts';
import type { Person, Window } from './people.ts';
import { Random } from './random.ts';

export interface TrafficOptions {
  /** A whole number from 0 to 2^32 − 1. */
  readonly seed: number;
  /** So many records, or as many as so many users make; MAX_RECORDS at most. */
  readonly size: { readonly records: number } | { readonly users: number };
  /** Calendar days (UTC), the last one being that of `until`: at least 1. */
  readonly days: number;
  /** No event is later, but for those from the future. Microseconds since 1970. */
  readonly until: number;
  readonly rates: DefectRates;
  /** Of the topic. */
  readonly partitions: number;
  /** By which the outcomes are expected. */
  readonly rules: Pick<Rules, 'timezone' | 'lookbackDays'>;
  /** Late events are further behind than so many days. The lookback of the rules when left out. */
  readonly lateBeyondDays?: number;
}

export interface TrafficRecord {
  readonly partition: number;
  readonly key: Buffer;
  readonly event: AppEvent;
  /** What is wrong with it; what is wrong with the fields of the event has been done already. */
  readonly damage: Damage | null;
  readonly outcome: Outcome;
}

const DAY = 86_400_000_000;
/** All events are in memory before the first is sent, at 31 bytes each. */
export const MAX_RECORDS = 10_000_000;

export class Traffic {
  readonly options: TrafficOptions;
  readonly #people: Person[] = [];
  readonly #columns = new EventColumns();
  readonly #sending: Sending;
  readonly #expectation: Expectation;

  /** Throws a RangeError when it would be more than MAX_RECORDS. */
  constructor(options: TrafficOptions) {
    const { seed, size, days, until, rates, rules, partitions } = options;
    this.options = options;
    const lastDay = Math.floor(until / DAY);
    const window = { firstDay: lastDay - days + 1, lastDay };
    if ('records' in size) {
      const events = Math.max(1, size.records - Math.round(size.records * rates.duplicates));
      while (this.#columns.length < events) this.#add(window);
      this.#columns.length = events;
    } else {
      while (this.#people.length < size.users) this.#add(window);
    }
    const events = this.#columns.length;
    const repeats = Math.round((events / (1 - rates.duplicates)) * rates.duplicates);
    this.#sending = sendingOf({
      columns: this.#columns,
      rates,
      records: 'records' in size ? size.records : events + repeats,
      lookbackDays: options.lateBeyondDays ?? rules.lookbackDays,
      until,
      isVeteran: (user) => this.#people[user]!.signUpDay < window.firstDay,
      random: new Random(seed),
    });
    this.#expectation = new Expectation(rules, partitions);
  }

  /** How many records there are. */
  get records(): number {
    return this.#sending.records;
  }

  /** How many records there are of each outcome, of those that were taken so far. */
  get expected(): ExpectedCounts {
    return this.#expectation.counts();
  }

  /** All records; to be taken once. */
  *[Symbol.iterator](): Generator<TrafficRecord, undefined> {
    const { partitions, seed, until } = this.options;
    const { defects, order } = this.#sending;
    const fields = new EventFields({ seed, until, columns: this.#columns, people: this.#people });
    const sent = new Uint8Array(this.#columns.length);
    const partitionOf = new Int32Array(this.#people.length).fill(-1);
    for (const number of order) {
      const user = this.#columns.user[number]!;
      const key = fields.userKey(user);
      if (partitionOf[user] === -1) partitionOf[user] = (murmur2(key) & 0x7fff_ffff) % partitions;
      const partition = partitionOf[user]!;
      const defect = defects[number]!;
      const damage = defect >= BROKEN ? DAMAGES[defect - BROKEN]! : null;
      const whole = fields.event(number);
      const event = damage?.fields === undefined ? whole : damage.fields(whole);
      const deed = deedOf(defect, damage, sent[number] === 1);
      const outcome = this.#expectation.next(partition, event.event_time, deed);
      sent[number] = 1;
      yield { partition, key, event, damage, outcome };
    }
  }

  #add(window: Window): void {
    const { seed, until } = this.options;
    const user = this.#people.length;
    const random = new Random(seed, user + 1);
    const who = person(random, window);
    this.#people.push(who);
    const columns = this.#columns;
    if (columns.length > MAX_RECORDS) {
      throw new RangeError(`${user} users alone make more than ${MAX_RECORDS} records`);
    }
    new Life({ user, person: who, window, until, random, columns }).live();
  }
}

const SOUND_DEED: Deed = { kind: 'sound' };
const REPEATED_DEED: Deed = { kind: 'repeated' };
const FUTURE_DEED: Deed = { kind: 'future' };

function deedOf(defect: number, damage: Damage | null, sentBefore: boolean): Deed {
  if (damage !== null) return { kind: 'invalid', reason: damage.reason };
  if (defect === FUTURE) return FUTURE_DEED;
  return sentBefore ? REPEATED_DEED : SOUND_DEED;
}

/** Gives records their bytes in Confluent's wire format. */
export class TrafficEncoder {
  readonly #encoder: AppEventEncoder;

  constructor(schemaId: number) {
    const prefix = Buffer.alloc(5);
    prefix.writeUInt32BE(schemaId, 1);
    this.#encoder = new AppEventEncoder(prefix);
  }

  value({ event, damage }: TrafficRecord): Buffer | null {
    const value = this.#encoder.encode(event);
    return damage?.value === undefined ? value : damage.value(value);
  }
}
