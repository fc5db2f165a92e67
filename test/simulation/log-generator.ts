/**
 * In: a seed's draws. Out: the logs of a few partitions, full of what producers really do: repeats
 * within and across days and partitions, disorder, lateness, broken clocks and broken bytes.
 */
import type { Rules } from '../../src/streams/rules.ts';
import { NOTHING_SENT } from './log.ts';
import type { LogRecord, SentEvent } from './log.ts';
import type { Random } from './random.ts';
import { knownTypes } from './rules-generator.ts';
import {
  asSent,
  avroBytes,
  avroLong,
  confluent,
  encode,
  FOREIGN_SCHEMA_ID,
  fullSchema,
  olderSchema,
  reorderedSchema,
  UNKNOWN_SCHEMA_ID,
} from './writer-schemas.ts';
import type { WriterSchema } from './writer-schemas.ts';

const SECOND = 1_000_000;
const HOUR = 3600 * SECOND;
const DAY = 24 * HOUR;

/** Chosen near changes of the clocks, a leap day, a new year and the end of a month. */
const starts = ['2026-03-06', '2026-10-30', '2026-04-03', '2024-02-27', '2025-12-30', '2026-06-29'];

export interface LogPlan {
  readonly partitions: number;
  readonly records: number;
}

export function generateLogs(random: Random, plan: LogPlan, rules: Rules): LogRecord[][] {
  return new LogGenerator(random, plan, rules).generate();
}

/** What is in a record apart from its place in the log. */
type Made = Pick<LogRecord, 'value' | 'truth' | 'key' | 'fault'>;

class LogGenerator {
  readonly #random: Random;
  readonly #plan: LogPlan;
  readonly #rules: Rules;
  readonly #users: readonly string[];
  readonly #broken: number;
  readonly #timeless: number;
  readonly #step: number;
  readonly #sent: SentEvent[] = [];
  readonly #previous: Made[] = [];
  readonly #logs: LogRecord[][];
  readonly #offsets: number[];
  #now: number;

  constructor(random: Random, plan: LogPlan, rules: Rules) {
    this.#random = random;
    this.#plan = plan;
    this.#rules = rules;
    this.#users = Array.from({ length: random.int(2, 12) }, () => this.#newId(0.3));
    this.#broken = random.pick([0, 0.05, 0.2]);
    this.#timeless = random.pick([0, 0, 0.1, 1]);
    const days = random.int(1, 9);
    this.#step = (days * DAY) / plan.records;
    this.#logs = Array.from({ length: plan.partitions }, () => []);
    const far = random.chance(0.1) ? 2 ** 40 : 0;
    this.#offsets = this.#logs.map(() => (random.chance(0.7) ? 0 : far + random.int(1, 500)));
    this.#now =
      Date.parse(`${random.pick(starts)}T00:00:00Z`) * 1000 + random.int(0, 86_400) * SECOND;
  }

  generate(): LogRecord[][] {
    for (let i = 0; i < this.#plan.records; i++) {
      this.#now += Math.floor(this.#random.fraction() * 2 * this.#step);
      this.#append();
    }
    return this.#logs;
  }

  #append(): void {
    const random = this.#random;
    const earlier = this.#previous.length > 0 && random.chance(0.12);
    const made = earlier ? random.pick(this.#previous) : this.#makeValue();
    this.#previous.push(made);
    const user = made.truth.kind === 'event' ? made.truth.event.user_id : '';
    const byUser = this.#users.indexOf(user) % this.#plan.partitions;
    const partition =
      byUser >= 0 && random.chance(0.9) ? byUser : random.int(0, this.#plan.partitions - 1);
    const offset = this.#offsets[partition] ?? 0;
    this.#offsets[partition] = offset + (random.chance(0.05) ? random.int(2, 9) : 1);
    const timeless = random.chance(this.#timeless);
    this.#logs[partition]?.push({
      offset,
      time: timeless ? -1 : Math.floor(this.#now / 1000),
      key: made.key,
      value: made.value,
      headers: random.chance(0.1) ? [{ key: 'trace', value: Buffer.from([0, 255, 7]) }] : [],
      fault: made.fault,
      truth: made.truth,
    });
  }

  #makeValue(): Made {
    const random = this.#random;
    const schema = random.pick([fullSchema, fullSchema, olderSchema, reorderedSchema]);
    const event = this.#makeEvent();
    const key = random.chance(0.1) ? null : Buffer.from(event.user_id, 'utf8');
    if (!random.chance(this.#broken / 2)) {
      this.#sent.push(event);
      const truth = { kind: 'event', event: asSent(event, schema) } as const;
      return { value: encode(event, schema), truth, key, fault: null };
    }
    if (random.chance(0.1)) {
      const fault = random.pick(['batch_undecodable', 'batch_too_large'] as const);
      const value = random.pick([null, Buffer.from([1, 2, 3])]);
      return {
        value,
        truth: { kind: 'broken', reason: fault },
        key: null,
        fault,
      };
    }
    const { value, reason } = this.#breakBytes(event, schema);
    const keyBytes = random.chance(0.2) ? Buffer.from([0xff, 0xfe, 0]) : key;
    return {
      value,
      truth: { kind: 'broken', reason },
      key: keyBytes,
      fault: null,
    };
  }

  #makeEvent(): SentEvent {
    const random = this.#random;
    const repeated = this.#sent.length > 0 && random.chance(0.25) ? random.pick(this.#sent) : null;
    const type = random.pick([...knownTypes, ...knownTypes, null]);
    const name = type === null ? random.pick(['custom_thing', 'x2_y']) : type.name;
    const event: SentEvent = {
      ...NOTHING_SENT,
      event_id: repeated?.event_id ?? this.#newId(0.7),
      user_id:
        repeated !== null && random.chance(0.7) ? repeated.user_id : random.pick(this.#users),
      event_type: random.chance(0.2) ? random.pick([...(type?.aliases ?? []), name]) : name,
      event_time: this.#eventTime(repeated),
      platform: random.pick([null, 'ios', 'ios', ' iPhone ', 'ANDROID', 'web', 'toaster', ' ', '']),
      utm_source: random.pick([null, 'google', ' Organic', 'Ünïcode', 'newsletter_7', '  ']),
      country: random.pick([null, 'DE', 'US', 'ID']),
      transaction_category: random.pick([null, null, 'flight']),
      miles_amount: type === null || type.miles === 'none' ? null : this.#milesAmount(),
      producer_session_id: random.pick([null, 's1', 's2']),
      page_url: random.pick([null, 'https://example.org/a?b=c#d', 'app://home']),
      product_id: random.pick([null, 'p1']),
      order_id: random.pick([null, 'o1', '']),
      plan_id: random.pick([null, 'basic']),
      feature: random.pick([null, 'search']),
      properties: random.pick([{}, { a: 'b' }, { 'a b': '', z: '\u{1F600}', n: '1' }]),
    };
    return random.chance(this.#broken / 2) ? this.#breakRule(event) : event;
  }

  #milesAmount(): number {
    return this.#random.pick([0, 1, 100, 12_345, 2 ** 40, 2 ** 31]);
  }

  #eventTime(repeated: SentEvent | null): number {
    const random = this.#random;
    const lookback = Math.min(this.#rules.lookbackDays, 4);
    const skew = this.#rules.maxFutureSkewSeconds * SECOND;
    const recordTime = Math.floor(this.#now / 1000) * 1000;
    const before = this.#sent.at(-1)?.event_time ?? this.#now;
    const gap = this.#rules.sessionGapSeconds * SECOND;
    const kind = random.weighted({
      now: 12,
      repeated: repeated === null ? 0 : 30,
      minutes: 6,
      session: 8,
      split: 5,
      hours: 4,
      days: 3,
      midnight: 3,
      newest: 0.5,
      future: 0.5 * this.#broken * 10,
    });
    switch (kind) {
      case 'now':
        return this.#now - random.int(0, 2 * SECOND);
      case 'repeated':
        return repeated?.event_time ?? this.#now;
      case 'minutes':
        return this.#now - random.int(0, 3600) * SECOND;
      case 'session':
        return before + (random.chance(0.5) ? gap : -gap);
      case 'split':
        return before + (random.chance(0.5) ? gap + 1 : -gap - 1);
      case 'hours':
        return this.#now - random.int(0, 48) * HOUR;
      case 'days':
        return this.#now - random.int(0, (lookback + 3) * 24) * HOUR - random.int(0, SECOND);
      case 'midnight':
        return Math.floor(this.#now / (HOUR / 2)) * (HOUR / 2) - random.pick([0, 1]);
      case 'newest':
        return recordTime + skew;
      case 'future':
        return recordTime + skew + random.pick([1, SECOND, 3 * DAY]);
    }
  }

  #newId(canonical: number): string {
    const random = this.#random;
    const digits = (length: number): string =>
      Array.from({ length }, () => random.int(0, 15).toString(16)).join('');
    const uuid = [8, 4, 4, 4, 12].map(digits).join('-');
    if (random.chance(canonical)) return uuid;
    return random.pick([
      '00000000-0000-0000-0000-000000000000',
      'ffffffff-ffff-ffff-ffff-ffffffffffff',
      uuid.toUpperCase(),
      uuid.replaceAll('-', ''),
      `${uuid.slice(0, 35)}g`,
      String(random.int(1, 9)),
      `id-${random.int(1, 20)}`,
      'x'.repeat(128),
      '\u{1F600}ключ',
      '～～',
      ' ',
      'a\0b',
    ]);
  }

  #breakRule(event: SentEvent): SentEvent {
    const types = this.#rules.eventTypes.types;
    const random = this.#random;
    const withoutMiles = {
      ...event,
      event_type: 'page_view',
      miles_amount: null,
    };
    const breaks: (() => SentEvent)[] = [
      () => ({ ...event, event_id: '' }),
      () => ({ ...event, event_id: '€'.repeat(43) }),
      () => ({ ...event, user_id: '' }),
      () => ({ ...event, user_id: 'u'.repeat(random.pick([129, 5000])) }),
      () => ({
        ...event,
        event_type: random.pick(['Page View', 'pageView', '', 'a__b', '_a', 'ä']),
      }),
      () => ({
        ...event,
        event_time: random.pick([0, -5 * DAY, this.#rules.minEventTime - 1]),
      }),
      () => ({ ...event, event_time: Date.UTC(2150, 0, 1) * 1000 }),
      () => ({ ...withoutMiles, miles_amount: random.pick([0, 5, -5]) }),
      () => ({ ...event, event_type: 'miles_earned', miles_amount: null }),
      () => ({ ...event, event_type: 'miles_redeemed', miles_amount: -1 }),
      () => ({
        ...event,
        page_url: random.pick(['not a url', '', 'https://a b']),
      }),
    ];
    return types.length === 0 ? event : random.pick(breaks)();
  }

  #breakBytes(event: SentEvent, schema: WriterSchema): { value: Buffer | null; reason: string } {
    const random = this.#random;
    const sound = encode(event, schema);
    const invalidText = avroBytes(Buffer.from([0x61, 0xc3, 0x28]));
    const replaced = (field: string, bytes: Buffer): Buffer =>
      encode(event, fullSchema, { [field]: bytes });
    const year9999 = BigInt(Date.UTC(9999, 11, 31)) * 1000n;
    const huge = avroLong(random.pick([2n ** 53n + 1n, year9999, -(2n ** 60n), 2n ** 63n - 1n]));
    const breaks: (() => { value: Buffer | null; reason: string })[] = [
      () => ({ value: null, reason: 'empty_value' }),
      () => ({ value: Buffer.alloc(0), reason: 'empty_value' }),
      () => ({
        value: sound.subarray(0, random.int(1, 4)),
        reason: 'not_confluent_avro',
      }),
      () => ({
        value: Buffer.from('{"json": true}'),
        reason: 'not_confluent_avro',
      }),
      () => ({
        value: confluent(UNKNOWN_SCHEMA_ID, sound),
        reason: 'unknown_schema_id',
      }),
      () => ({
        value: confluent(FOREIGN_SCHEMA_ID, avroLong(5)),
        reason: 'incompatible_schema',
      }),
      () => ({
        value: sound.subarray(0, random.int(5, sound.length - 1)),
        reason: 'truncated',
      }),
      () => ({
        value: Buffer.concat([sound, Buffer.from([0])]),
        reason: 'trailing_bytes',
      }),
      () => ({
        value: replaced('event_time', huge),
        reason: 'number_out_of_range',
      }),
      () => ({
        value: replaced('miles_amount', Buffer.concat([avroLong(1), huge])),
        reason: 'number_out_of_range',
      }),
      () => ({
        value: replaced('event_id', invalidText),
        reason: 'invalid_utf8',
      }),
      () => ({
        value: replaced('country', Buffer.concat([avroLong(1), invalidText])),
        reason: 'invalid_utf8',
      }),
      () => ({
        value: replaced('platform', avroLong(7)),
        reason: 'undecodable',
      }),
    ];
    return random.pick(breaks)();
  }
}
