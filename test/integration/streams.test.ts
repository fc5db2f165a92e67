/** All streams through one processor and a real Kafka: killed, started again, and fed the same again. */
import { readFileSync } from 'node:fs';
import avro from 'avsc';
import type { Message } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { testClickHouse } from '../support/clickhouse.ts';
import type { TestClickHouse } from '../support/clickhouse.ts';
import { eventually } from '../support/eventually.ts';
import { kafkaKinds } from '../support/kafka.ts';
import { seed } from '../support/seed.ts';
import { at, message, randomOf } from './events.ts';
import { PATIENCE_MS } from './run-process.ts';
import { freshWorld, kafkaSide } from './world.ts';
import type { KafkaSide, World } from './world.ts';

const DAY = 86_400_000_000;
const START = at('2026-03-01T06:00:00Z');
const SMALL_STEPS = { KAFKA_FETCH_BYTES_PER_PARTITION: '65536', MAX_PENDING_ROWS: '1000' };
const LINES = 6_000;
const STATES = 2_000;

interface Line {
  readonly line_id: string;
  readonly invoice_no: string;
  readonly customer_id: string | null;
  readonly stock_code: string;
  readonly description: string | null;
  readonly quantity: number;
  /** Ten-thousandths. */
  readonly price: number;
  readonly invoiced_at: number;
  readonly country: string | null;
}

interface Plan {
  readonly plan_id: string;
  /** Null: a tombstone. */
  readonly name: string | null;
  readonly updated_at: number;
}

function sender(file: string, id: number): (record: object) => Buffer {
  const path = new URL(`../../schemas/${file}`, import.meta.url);
  const type = avro.Type.forSchema(JSON.parse(readFileSync(path, 'utf8')) as avro.Schema);
  const header = Buffer.alloc(5);
  header.writeUInt32BE(id, 1);
  return (record) => Buffer.concat([header, type.toBuffer(record)]);
}

function decimal(unscaled: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(BigInt(unscaled));
  return bytes;
}

describe.each(kafkaKinds())(
  'all streams on $name',
  { timeout: 2 * PATIENCE_MS },
  ({ open, embedded }) => {
    const random = randomOf(seed);
    /** The embedded broker writes its own times, and a tombstone has no other. */
    const tombstoneShare = embedded ? 0 : 0.1;
    const below = (limit: number): number => Math.floor(random() * limit);
    let kafka: KafkaSide;
    let clickhouse: TestClickHouse;
    let world: World;
    let topics: { events: string; lines: string; plans: string };

    beforeAll(async () => {
      [kafka, clickhouse] = await Promise.all([kafkaSide(open), testClickHouse()]);
      topics = {
        events: await kafka.topic(),
        lines: `lines-${below(1e9)}`,
        plans: `plans-${below(1e9)}`,
      };
      world = await freshWorld({
        kafka,
        clickhouse: clickhouse.url,
        topic: topics.events,
        settings: {
          ...SMALL_STEPS,
          KAFKA_TOPIC_ORDER_LINES: topics.lines,
          KAFKA_TOPIC_SUBSCRIPTION_PLANS: topics.plans,
        },
      });
    }, 90_000);
    afterAll(async () => {
      await world[Symbol.asyncDispose]();
      await clickhouse.close();
      await kafka[Symbol.asyncDispose]();
    });

    const line = sender('order-line.avsc', 2);
    const plan = sender('subscription-plan.avsc', 6);
    const lineMessage = ({ price, ...rest }: Line): Message => ({
      // So that a line sent again meets itself.
      key: rest.customer_id ?? rest.line_id,
      value: line({ ...rest, unit_price: decimal(price) }),
    });
    const planMessage = ({ plan_id, name, updated_at }: Plan): Message => ({
      key: plan_id,
      timestamp: String(name === null ? updated_at / 1000 : Date.now()),
      value:
        name === null
          ? null
          : plan({ plan_id, name, price: decimal(0), period: 'month', updated_at }),
    });

    function someLines(): Line[] {
      return Array.from({ length: LINES }, (_, number) => {
        const customer = below(40);
        const invoice = `${below(10) === 0 ? 'C' : ''}${Math.floor(number / 5)}`;
        return {
          line_id: `l${number}`,
          invoice_no: invoice,
          customer_id: customer === 0 ? null : `c${customer}`,
          stock_code: below(20) === 0 ? 'POST' : `sku${below(50)}`,
          description: below(30) === 0 ? null : 'thing',
          quantity: 1 + below(9),
          price: below(25) === 0 ? 0 : below(1e6) + 1,
          invoiced_at:
            START + Math.floor((number / LINES) * 4 * DAY) - below(20 * 3600) * 1_000_000,
          country: ['France', 'EIRE', null][below(3)]!,
        };
      });
    }

    function somePlans(): Plan[] {
      const plans: Plan[] = [];
      for (let number = 0; number < STATES; number++) {
        const earlier = plans[below(Math.max(1, plans.length))];
        const repeats = earlier !== undefined && below(5) === 0;
        plans.push(
          repeats
            ? earlier
            : {
                plan_id: `p${below(30)}`,
                name: random() < tombstoneShare ? null : `name ${below(5)}`,
                updated_at: START - below(90) * DAY + below(3) * 1_000_000,
              },
        );
      }
      return plans;
    }

    const consumed = (stream: string, records: number): Promise<void> =>
      eventually(
        `${records} records of ${stream}`,
        async () => {
          const [row] = await world.rows<{ n: number }>(
            `SELECT sum(next_offset - counted_from) AS n FROM source_progress WHERE stream = '${stream}'`,
          );
          return row?.n === records;
        },
        PATIENCE_MS,
      );

    test('topics that appear later are joined, and kill -9 loses and doubles nothing', async () => {
      const lines = someLines();
      const plans = somePlans();
      const first = await world.run();
      await kafka.send(topics.events, [
        message({ event_id: 'e1', user_id: 'u1', event_type: 'like', event_time: START }),
      ]);
      await first.meanwhile(consumed('app-events', 1));
      // Ready although most streams have no topic.
      expect((await fetch(`${first.url}/readyz`)).status).toBe(200);

      await kafka.topic({ name: topics.lines });
      await kafka.topic({ name: topics.plans, partitions: 2 });
      await kafka.send(topics.lines, lines.slice(0, LINES / 2).map(lineMessage));
      await kafka.send(topics.plans, plans.slice(0, STATES / 2).map(planMessage));
      await first.meanwhile(
        eventually(
          'something of the lines is stored',
          async () => (await world.rows('SELECT 1 FROM order_lines_rows LIMIT 1')).length > 0,
          PATIENCE_MS,
        ),
      );
      await first.kill9();
      const second = await world.run();
      await kafka.send(topics.lines, lines.slice(LINES / 2).map(lineMessage));
      await kafka.send(topics.plans, plans.slice(STATES / 2).map(planMessage));
      // And half of it again.
      await kafka.send(topics.lines, lines.slice(0, LINES / 2).map(lineMessage));
      await second.meanwhile(consumed('order-lines', 1.5 * LINES));
      await second.meanwhile(consumed('subscription-plans', STATES));
      await second.stop();

      const stored = await world.rows<Record<string, number | string>>(`
SELECT customer_id, toString(event_date) AS day, part.1 AS invoice, part.2 AS country, part.3 AS kind,
    sum(part.4) AS lines, sum(part.5) AS units, toUInt64(sum(part.6) * 10000) AS amount
FROM (SELECT customer_id, event_date, arrayJoin(parts) AS part FROM customer_day_rows FINAL)
GROUP BY ALL`);
      const key = (row: Record<string, unknown>) => Object.values(row).join('|');
      expect(stored.map(key).sort()).toEqual(partsOf(lines).map(key).sort());
      expect(
        await world.rows(
          `SELECT sum(accepted) AS a, sum(duplicate) + sum(late) AS d FROM source_progress WHERE stream = 'order-lines'`,
        ),
      ).toEqual([{ a: LINES, d: LINES / 2 }]);

      const distinct = new Set(
        plans.map((one) => `${one.plan_id}|${one.name ?? ''}|${one.updated_at}`),
      );
      const states = await world.rows<{ state: string }>(`
SELECT concat(plan_id, '|', name, '|', toString(toUnixTimestamp64Micro(updated_at))) AS state
FROM subscription_plan_rows FINAL`);
      expect(states.map(({ state }) => state).sort()).toEqual([...distinct].sort());
      expect(
        await world.rows(
          `SELECT sum(accepted) AS a, sum(duplicate) AS d FROM source_progress WHERE stream = 'subscription-plans'`,
        ),
      ).toEqual([{ a: distinct.size, d: STATES - distinct.size }]);
      const deleted = await world.rows(
        `SELECT countIf(deleted = 'yes') AS yes, countIf(deleted = 'yes' AND name != '') AS wrong FROM subscription_plan_rows FINAL`,
      );
      const tombstones = new Set(
        plans.filter(({ name }) => name === null).map((one) => `${one.plan_id}|${one.updated_at}`),
      );
      expect(deleted).toEqual([{ yes: tombstones.size, wrong: 0 }]);
    });

    test('a tombstone without key is refused, one of an unknown key is kept', async () => {
      const processor = await world.run();
      const [before] = await world.rows<{ n: number }>(
        'SELECT count() AS n FROM subscription_plan_rows FINAL',
      );
      await kafka.send(topics.plans, [
        { key: null, value: null },
        { key: 'nobody', value: null },
      ]);
      await processor.meanwhile(consumed('subscription-plans', STATES + 2));
      expect((await processor.stop()).status).toBe(0);
      expect(await world.rows(`SELECT stream, reason FROM rejected_events`)).toEqual([
        { stream: 'subscription-plans', reason: 'tombstone_without_key' },
      ]);
      expect(await world.rows('SELECT count() AS n FROM subscription_plan_rows FINAL')).toEqual([
        { n: before!.n + 1 },
      ]);
    });

    test('a stream that is named and has no topic makes the processor not ready', async () => {
      const processor = await world.run({ STREAMS: 'app-events,orders' });
      await processor.meanwhile(
        eventually(
          'it says which topic is missing',
          async () => {
            const response = await fetch(`${processor.url}/readyz`).catch(() => undefined);
            return (
              response?.status === 503 &&
              (await response.text()).includes('topic orders is missing')
            );
          },
          PATIENCE_MS,
        ),
      );
      expect((await processor.stop()).status).toBe(0);
    });
  },
);

/** Written from the definitions: the sums of `customer_day_rows`, one row per part. */
function partsOf(lines: readonly Line[]): Record<string, string | number>[] {
  const parts = new Map<string, Record<string, string | number> & { amount: number }>();
  for (const line of lines) {
    const customer = line.customer_id ?? '';
    const day = new Date(line.invoiced_at / 1000).toISOString().slice(0, 10);
    const kind = line.invoice_no.startsWith('C')
      ? 'return'
      : line.stock_code === 'POST'
        ? 'non_product'
        : line.price === 0
          ? 'free'
          : line.description === null || customer === ''
            ? 'incomplete'
            : 'sale';
    const country = line.country ?? '';
    const key = [customer, day, line.invoice_no, country, kind].join('|');
    const part = parts.get(key);
    parts.set(key, {
      customer_id: customer,
      day,
      invoice: line.invoice_no,
      country,
      kind,
      lines: Number(part?.['lines'] ?? 0) + 1,
      units: Number(part?.['units'] ?? 0) + line.quantity,
      amount: (part?.amount ?? 0) + line.quantity * line.price,
    });
  }
  return [...parts.values()];
}
