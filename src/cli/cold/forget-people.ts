/**
 * In: ids of people. Out: nothing is stored of them any more, what comes of them is refused, and every
 * table is as if they had never been.
 *
 * The rules come first: from then on whoever starts refuses their records. When no processor works under
 * older rules any more, nobody can store what is erased next.
 */
import type { ClickHouseClient } from '@clickhouse/client';
import type { Configuration } from '../../config/configuration.ts';
import { forgottenPerson } from '../../streams/forgotten-people.ts';
import type { PersonField } from '../../streams/rules.ts';
import { PersonEraser } from '../../warehouse/erased-person.ts';
import type { ErasedRows, Person } from '../../warehouse/erased-person.ts';
import { warehouseError } from '../../warehouse/errors.ts';
import { takeLease } from '../../warehouse/lease.ts';
import { dropLeftDays } from '../../warehouse/rebuilt-day.ts';
import { Refresher } from '../../warehouse/refresher.ts';
import { adoptRules, readNewestRules } from '../../warehouse/rules-store.ts';
import { awaitProcessors } from '../../warehouse/running-processors.ts';
import { COLD_WRITES } from './cold-run.ts';
import { UsageError, WorkError } from '../exit-status.ts';
import type { Invocation } from '../invocation.ts';
import { say } from '../invocation.ts';
import { openStream } from '../registry.ts';
import { STREAMS } from '../streams.ts';
import { openMigratedWarehouse } from '../warehouse.ts';

export interface Forgetting {
  readonly configuration: Configuration;
  readonly invocation: Invocation;
  readonly ids: readonly string[];
  /** Whether the customers with these ids are the same people. */
  readonly customers: boolean;
  /** How long to wait for running processors. */
  readonly patienceMs: number;
}

export interface Forgot {
  readonly people: number;
  /** Of the rules by which they are refused. */
  readonly rules_epoch: number;
  /** Rows that are gone, by table. */
  readonly erased: ErasedRows;
}

/** A refresh that had begun before may store a row of theirs once more; it is looked for so often. */
const LOOKS = 3;

export async function forgetPeople(work: Forgetting): Promise<Forgot> {
  const { configuration, invocation, patienceMs } = work;
  const people = peopleOf(work);
  await using warehouse = await openMigratedWarehouse(configuration, invocation);
  const { client } = warehouse;
  // Who it is about is nobody's business, so the lease does not say it.
  await using lease = await takeLease(client, COLD_WRITES, {
    command: 'forget',
    signal: invocation.signal,
  });
  const signal = AbortSignal.any([invocation.signal, lease.lost]);
  await list(client, people);
  const { epoch } = await adoptRules(
    client,
    (await readNewestRules(client)) ?? configuration.rules,
  );
  const outdated = await awaitProcessors(client, epoch, { patienceMs, signal });
  if (outdated.length > 0) {
    const names = outdated.map(({ host, pid }) => `process ${pid} on ${host}`).join(', ');
    throw new WorkError(
      `processors still work under older rules (${names}), so nothing is erased yet: restart them, ` +
        'and run the same command again',
    );
  }
  await dropLeftDays(client);
  const eraser = new PersonEraser(
    client,
    STREAMS.map((facts) => openStream(configuration, facts)),
  );
  const erased: Record<string, number> = {};
  for (let look = 1; ; look++) {
    signal.throwIfAborted();
    const now = await eraseAll(eraser, people);
    for (const [table, rows] of Object.entries(now)) erased[table] = (erased[table] ?? 0) + rows;
    if (look > 1 && Object.keys(now).length === 0) break;
    if (look > LOOKS) {
      throw new WorkError(
        `rows of the person appear again and again (${Object.keys(now).join(', ')}): stop the processors, ` +
          'and run the same command again',
      );
    }
    await refresh(client, signal);
  }
  say(
    invocation,
    'Kafka still has their records until its retention removes them; dead-letter topics and backups too',
  );
  return { people: work.ids.length, rules_epoch: epoch, erased };
}

function peopleOf({ ids, customers }: Forgetting): readonly Person[] {
  if (ids.includes('')) throw new UsageError('USER_ID must not be empty');
  const fields: readonly PersonField[] = customers ? ['user_id', 'customer_id'] : ['user_id'];
  return ids.flatMap((id) =>
    fields.map((field) => ({ id, forgotten: forgottenPerson(field, id) })),
  );
}

async function list(client: ClickHouseClient, people: readonly Person[]): Promise<void> {
  try {
    await client.insert({
      table: 'forgotten_users',
      values: people.map(({ forgotten }) => forgotten),
      format: 'JSONEachRow',
    });
  } catch (error) {
    throw warehouseError(error, 'list whom to forget');
  }
}

async function eraseAll(eraser: PersonEraser, people: readonly Person[]): Promise<ErasedRows> {
  const sums: Record<string, number> = {};
  for (const person of people) {
    for (const [table, rows] of Object.entries(await eraser.erase(person))) {
      sums[table] = (sums[table] ?? 0) + rows;
    }
  }
  return sums;
}

async function refresh(client: ClickHouseClient, signal: AbortSignal): Promise<void> {
  const refreshed = await (await Refresher.open(client, signal)).refresh();
  const failed = refreshed.filter(({ error }) => error !== null);
  if (failed.length === 0) return;
  throw new WorkError(
    `erased, but not yet gone from ${failed.map(({ mart, error }) => `${mart} (${error})`).join('; ')}: ` +
      'run the same command again',
  );
}
