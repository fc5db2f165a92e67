/**
 * The streams whose records are states: of users, products, subscription plans and orders. Every state
 * that was ever accepted is kept, whatever its age, and the same state sent again is a duplicate. Which
 * one holds when is for the views to say. Nothing is aggregated.
 */
import { createHash } from 'node:crypto';
import { unscaledDecimal } from '../decode/decimal.ts';
import { recordFields } from '../decode/record-fields.ts';
import { recordSchema, storedSchema } from '../decode/record-schema.ts';
import type { RecordSchema } from '../decode/record-schema.ts';
import type { Slots } from '../decode/slots.ts';
import type { FactWriter } from '../fold/unit.ts';
import { END_OF_DATES, END_OF_TIMES, FIRST_TIME } from './calendar.ts';
import { brokenId } from './identity.ts';
import type { IdField } from './identity.ts';
import type { Reason } from './reasons.ts';
import type { PersonField, Rules } from './rules.ts';
import type { Interpreter, KeyAndTime, Stream } from './stream.ts';

export interface StateFacts {
  /** Of the stream. */
  readonly name: string;
  /** Where its states are stored. */
  readonly table: string;
  /** Whose state it is. */
  readonly key: IdField;
  /** Other ids that it must have. */
  readonly ids?: readonly IdField[];
}

/** A stream of states with a field `updated_at`. `avsc` is the parsed schema of its records. */
export function states({ name, table, key, ids = [] }: StateFacts, avsc: object): Stream {
  const schema = recordSchema(avsc);
  const stored = storedSchema(schema, { derived: ['state_id', 'deleted'] });
  return {
    name,
    schema,
    stored,
    tables: { accepted: table, aggregates: null, late: null, rejected: 'rejected_events_rows' },
    entity: key,
    id: 'state_id',
    time: 'updated_at',
    person: [key, ...ids].find(isPerson),
    foldFields: [key, 'state_id', 'updated_at'],
    interpreter: (rules) => new StateInterpreter(schema, stored, [key, ...ids], rules),
  };
}

function isPerson(field: IdField): field is PersonField {
  return field === 'user_id' || field === 'customer_id';
}

const HELD = Buffer.from('no');
const DELETED = Buffer.from('yes');

class StateInterpreter implements Interpreter {
  readonly stride = 1;
  readonly #schema: RecordSchema;
  readonly #ids: readonly { readonly name: IdField; readonly field: number }[];
  readonly #key: number;
  readonly #time: number;
  readonly #stateId: number;
  readonly #deleted: number;
  readonly #price: number;
  readonly #otherTimes: readonly number[];
  readonly #minTime: number;

  /** `ids`: the first one is the key. */
  constructor(schema: RecordSchema, stored: RecordSchema, ids: readonly IdField[], rules: Rules) {
    this.#schema = schema;
    this.#ids = ids.map((name) => ({ name, field: stored.index(name) }));
    this.#key = this.#ids[0]!.field;
    this.#time = stored.index('updated_at');
    this.#stateId = stored.index('state_id');
    this.#deleted = stored.index('deleted');
    this.#price = schema.fields.findIndex(({ name }) => name === 'price');
    this.#otherTimes = schema.fields.flatMap(({ kind }, field) =>
      kind === 'timestamp' && field !== this.#time ? [field] : [],
    );
    this.#minTime = rules.minEventTime;
  }

  check(slots: Slots): Reason | null {
    for (const { name, field } of this.#ids) {
      const broken = brokenId(slots, field, name);
      if (broken !== null) return broken;
    }
    const time = slots.number[this.#time]!;
    if (time < this.#minTime || time >= END_OF_DATES) return 'time_out_of_range';
    for (const field of this.#otherTimes) {
      if (slots.isNull(field)) continue;
      const other = slots.number[field]!;
      if (other < FIRST_TIME || other >= END_OF_TIMES) return 'time_out_of_range';
    }
    if (this.#price !== -1 && unscaledDecimal(slots, this.#price) < 0n) return 'price_negative';
    this.#identify(slots, HELD);
    return null;
  }

  /** A tombstone is true from its record time on. */
  checkRemoval(slots: Slots, { bytes, keyStart, keyEnd, time }: KeyAndTime): Reason | null {
    if (keyStart === -1 || keyStart === keyEnd) return 'tombstone_without_key';
    if (time < 0) return 'tombstone_without_time';
    slots.start.fill(-1);
    slots.bytes[this.#key] = bytes;
    slots.start[this.#key] = keyStart;
    slots.end[this.#key] = keyEnd;
    const { name, field } = this.#ids[0]!;
    const broken = brokenId(slots, field, name);
    if (broken !== null) return broken;
    slots.start[this.#time] = 0;
    slots.number[this.#time] = time * 1000;
    if (time * 1000 < this.#minTime || time * 1000 >= END_OF_DATES) return 'time_out_of_range';
    this.#identify(slots, DELETED);
    return null;
  }

  reduce(slots: Slots, { facts }: FactWriter, at: number): void {
    facts[at] = slots.number[this.#time]!;
  }

  rows(): null {
    return null;
  }

  takeListings(): null {
    return null;
  }

  /** Equal states have equal ids, in the form of a UUID, which is kept in few bytes. */
  #identify(slots: Slots, deleted: Buffer): void {
    const hash = createHash('md5');
    hash.update(deleted).update(recordFields(this.#schema, slots));
    const hex = hash.digest('hex');
    const uuid = hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
    slots.replace(this.#stateId, Buffer.from(uuid));
    slots.replace(this.#deleted, deleted);
  }
}
