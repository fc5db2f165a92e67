import { crc32 } from 'node:zlib';
import { hashBytes } from '../decode/byte-map.ts';
import { recordFields } from '../decode/record-fields.ts';
import { Slots } from '../decode/slots.ts';
import type { ValueDecoder } from '../decode/value-decoder.ts';
import { BUCKETS, type UnitCache } from '../fold/unit-cache.ts';
import type { RecordBatch, RecordCursor, SourceFault } from '../sources/source.ts';
import type { Calendar } from '../streams/calendar.ts';
import { ForgottenPeople } from '../streams/forgotten-people.ts';
import type { Reason } from '../streams/reasons.ts';
import type { Rules } from '../streams/rules.ts';
import type { Interpreter, Stream } from '../streams/stream.ts';
import type { StoredEvent, StoredRecord } from '../warehouse/store.ts';
import { LogRecreatedError } from './errors.ts';
import type { Observer } from './observer.ts';
import type { Pending } from './pending.ts';
import { recordChecksum, type Progress } from './progress.ts';

/** What the intake needs before it can take in the record at hand. */
export type Want = { readonly kind: 'schema'; readonly id: number } | { readonly kind: 'units' };

export interface IntakeOptions {
  readonly stream: Stream;
  readonly source: string;
  readonly rules: Rules;
  readonly interpreter: Interpreter;
  readonly decoder: ValueDecoder;
  readonly calendar: Calendar;
  readonly cache: UnitCache;
  readonly progress: Progress;
  readonly observer: Observer;
  /** The last record of the progress line, if it will be read again. */
  readonly remembered: { readonly offset: number; readonly checksum: number } | null;
}

/**
 * Decides what becomes of each record – invalid, future, late, duplicate or accepted, in this order –
 * and puts it where it belongs. Synchronous; decides from the log and the rules alone.
 */
export class Intake {
  readonly #options: IntakeOptions;
  readonly #slots: Slots;
  readonly #entity: number;
  readonly #id: number;
  readonly #time: number;
  readonly #skew: number;
  readonly #lookbackDays: number;
  /** Events of earlier days are late, whatever the watermark. */
  readonly #firstDay: number;
  readonly #forgotten: ForgottenPeople | null;
  readonly #envelope;
  #watermarkDay: number;
  #remembered;
  /** What is stored already of records that come, by their offsets. */
  #stored: ReadonlyMap<number, StoredRecord> | null = null;
  /** Number of the write that changes belong to now. */
  write = 1;

  constructor(options: IntakeOptions) {
    const { stream, rules, progress, calendar } = options;
    this.#options = options;
    this.#slots = new Slots(stream.stored.fields.length);
    this.#entity = stream.stored.index(stream.entity);
    this.#id = stream.stored.index(stream.id);
    this.#time = stream.stored.index(stream.time);
    this.#skew = rules.maxFutureSkewSeconds * 1_000_000;
    this.#lookbackDays = stream.tables.late === null ? Infinity : rules.lookbackDays;
    this.#firstDay = stream.expires === true ? (rules.eventsFrom ?? -Infinity) : -Infinity;
    this.#forgotten = ForgottenPeople.of(stream, rules);
    this.#watermarkDay =
      progress.watermark === -Infinity ? -Infinity : calendar.day(progress.watermark);
    this.#remembered = options.remembered;
    this.#envelope = {
      source: Buffer.from(options.source).toString('latin1'),
      offset: 0,
      recordTime: 0,
      day: 0,
      bucket: 0,
    };
  }

  /** Moves the watermark to the time of an accepted event, if that is later. */
  sawTime(time: number): void {
    const { progress, calendar } = this.#options;
    if (time <= progress.watermark) return;
    progress.watermark = time;
    this.#watermarkDay = calendar.day(time);
  }

  /** Has what becomes of these records compared with what is stored of them already. */
  expect(stored: readonly StoredRecord[]): void {
    this.#stored = new Map(stored.map((record) => [record.offset, record]));
  }

  /** The oldest day that is not late. */
  get oldestDay(): number {
    return Math.max(this.#watermarkDay - this.#lookbackDays, this.#firstDay);
  }

  /**
   * Takes in the cursor's record and those after it. Stops before a record for which it wants
   * something first; null: at the end. Throws LogRecreatedError when the remembered record is another,
   * or one of which something else is stored.
   */
  takeIn(cursor: RecordCursor, pending: Pending): Want | null {
    const { progress } = this.#options;
    const last = new LastRecord();
    let want: Want | null = null;
    do {
      if (cursor.offset < progress.nextOffset) {
        this.#recognise(cursor);
        continue;
      }
      this.#remembered = null;
      want = this.#takeRecord(cursor, pending);
      if (want !== null) break;
      progress.nextOffset = cursor.offset + 1;
      last.set(cursor);
    } while (cursor.next());
    if (last.valid) progress.readTo(last.offset, last.time, recordChecksum(last));
    return want;
  }

  /** Which absent units the records from an offset on will touch, as buckets by day. */
  missingUnits(batch: RecordBatch, from: number): Map<number, Set<number>> {
    const { cache, decoder, interpreter, calendar } = this.#options;
    const slots = new Slots(this.#slots.start.length);
    const missing = new Map<number, Set<number>>();
    const cursor = batch.records();
    while (cursor.next()) {
      if (cursor.offset < from || cursor.fault !== null) continue;
      if (cursor.valueStart === -1) {
        if (interpreter.checkRemoval(slots, cursor) !== null) continue;
      } else {
        const { bytes, valueStart, valueEnd } = cursor;
        if (decoder.decode(bytes, valueStart, valueEnd, slots) !== null) continue;
        if (interpreter.check(slots) !== null) continue;
      }
      const day = calendar.day(slots.number[this.#time]!);
      const bucket = this.#hash(slots) % BUCKETS;
      if (day < this.oldestDay || cache.has(day, bucket)) continue;
      const buckets = missing.get(day);
      if (buckets === undefined) missing.set(day, new Set([bucket]));
      else buckets.add(bucket);
    }
    return missing;
  }

  #takeRecord(cursor: RecordCursor, pending: Pending): Want | null {
    const { interpreter, decoder, calendar, cache, progress, observer, stream } = this.#options;
    const slots = this.#slots;
    if (cursor.fault !== null) return this.#refuse(cursor, pending, 'invalid', cursor.fault, false);
    if (cursor.valueStart === -1) {
      const broken = this.#forgotten?.hasKey(cursor)
        ? 'user_forgotten'
        : interpreter.checkRemoval(slots, cursor);
      if (broken !== null) return this.#refuse(cursor, pending, 'invalid', broken, false);
    } else {
      const undecoded = decoder.decode(cursor.bytes, cursor.valueStart, cursor.valueEnd, slots);
      if (undecoded !== null) {
        if (typeof undecoded !== 'string') return { kind: 'schema', id: undecoded.schemaId };
        const reason = this.#forgotten?.hasKey(cursor) ? 'user_forgotten' : undecoded;
        return this.#refuse(cursor, pending, 'invalid', reason, false);
      }
      const broken = this.#forgotten?.has(slots) ? 'user_forgotten' : interpreter.check(slots);
      if (broken !== null) return this.#refuse(cursor, pending, 'invalid', broken, true);
    }

    const time = slots.number[this.#time]!;
    const recordTime = cursor.time;
    if (recordTime >= 0 && time > recordTime * 1000 + this.#skew) {
      return this.#refuse(cursor, pending, 'future', 'future_event', true);
    }

    const day = calendar.day(time);
    const hash = this.#hash(slots);
    const bucket = hash % BUCKETS;
    const envelope = this.#envelope;
    envelope.offset = cursor.offset;
    envelope.recordTime = recordTime;
    envelope.day = day;
    envelope.bucket = bucket;
    if (day < this.oldestDay) {
      this.#compare(cursor.offset, 'late', day);
      pending.late.append(slots, envelope, Math.max(this.#watermarkDay, this.#firstDay) - day);
      progress.late++;
      if (progress.watermark > time) {
        observer.lateness(stream.name, (progress.watermark - time) / 1_000_000);
      }
      return null;
    }

    const unit = cache.get(day, bucket);
    if (unit === undefined) return { kind: 'units' };
    const entityField = this.#entity;
    const entity = unit.entity(
      slots.bytes[entityField]!,
      slots.start[entityField]!,
      slots.end[entityField]!,
      hash,
    );
    const id = this.#id;
    const event = unit.add(entity, slots.bytes[id]!, slots.start[id]!, slots.end[id]!);
    if (event === -1) {
      this.#compare(cursor.offset, 'duplicate', day);
      progress.duplicate++;
      return null;
    }

    this.#compare(cursor.offset, 'accepted', day);
    progress.accepted++;
    interpreter.reduce(slots, unit, event * unit.stride);
    unit.link(entity, event);
    unit.usedBy = this.write;
    pending.changed(unit, entity);
    pending.accepted.append(slots, envelope);
    if (time > progress.watermark) {
      this.sawTime(time);
    } else if (time < progress.watermark) {
      observer.lateness(stream.name, (progress.watermark - time) / 1_000_000);
    }
    return null;
  }

  #refuse(
    cursor: RecordCursor,
    pending: Pending,
    outcome: 'invalid' | 'future',
    reason: Reason | SourceFault,
    decoded: boolean,
  ): null {
    const { stream, source, progress } = this.#options;
    const { bytes, keyStart, keyEnd, valueStart, valueEnd } = cursor;
    const forgotten = reason === 'user_forgotten';
    const copy = (start: number, end: number): Buffer | null =>
      start === -1 || forgotten ? null : Buffer.from(bytes.subarray(start, end));
    const value = copy(valueStart, valueEnd);
    this.#compareRefusal(cursor.offset, outcome, value);
    progress.refused(outcome, reason);
    pending.reject(
      {
        stream: stream.name,
        source,
        offset: cursor.offset,
        time: cursor.time,
        outcome,
        reason,
        key: copy(keyStart, keyEnd),
        value,
        headers: forgotten ? [] : cursor.headers(),
      },
      decoded && !forgotten ? recordFields(stream.schema, this.#slots) : '',
    );
    return null;
  }

  /** The log is still the one of the progress line if its last record is the one remembered. */
  #recognise(cursor: RecordCursor): void {
    const remembered = this.#remembered;
    if (remembered === null || cursor.offset < remembered.offset) return;
    this.#remembered = null;
    if (cursor.offset === remembered.offset && recordChecksum(cursor) !== remembered.checksum) {
      throw new LogRecreatedError(this.#options.source, remembered.offset);
    }
  }

  /** The log is still the one of which rows are stored if it makes the same rows again. */
  #compare(offset: number, outcome: StoredEvent['outcome'] | 'duplicate', day: number): void {
    const stored = this.#stored?.get(offset);
    if (stored === undefined) return;
    const same =
      stored.outcome === outcome &&
      stored.day === day &&
      this.#is(this.#entity, stored.entity) &&
      this.#is(this.#id, stored.id);
    if (!same) throw new LogRecreatedError(this.#options.source, offset);
  }

  #compareRefusal(offset: number, outcome: 'invalid' | 'future', value: Buffer | null): void {
    const stored = this.#stored?.get(offset);
    if (stored === undefined) return;
    const same = stored.outcome === outcome && stored.checksum === crc32(value ?? '');
    if (!same) throw new LogRecreatedError(this.#options.source, offset);
  }

  #is(field: number, bytes: Buffer): boolean {
    const { bytes: from, start, end } = this.#slots;
    return bytes.equals(from[field]!.subarray(start[field], end[field]));
  }

  #hash(slots: Slots): number {
    const entity = this.#entity;
    return hashBytes(slots.bytes[entity]!, slots.start[entity]!, slots.end[entity]!);
  }
}

/** Where the last record lay, so that its checksum is computed once per run and not per record. */
class LastRecord {
  valid = false;
  offset = 0;
  time = 0;
  bytes: Buffer = Buffer.alloc(0);
  keyStart = 0;
  keyEnd = 0;
  valueStart = 0;
  valueEnd = 0;
  chain = 0;

  set(cursor: RecordCursor): void {
    this.valid = true;
    this.offset = cursor.offset;
    this.time = cursor.time;
    this.bytes = cursor.bytes;
    this.keyStart = cursor.keyStart;
    this.keyEnd = cursor.keyEnd;
    this.valueStart = cursor.valueStart;
    this.valueEnd = cursor.valueEnd;
    this.chain = cursor.chain;
  }
}
