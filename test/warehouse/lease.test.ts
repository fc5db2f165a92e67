import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { ClickHouseClient } from '@clickhouse/client';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { takeLease } from '../../src/warehouse/lease.ts';
import type { Lease } from '../../src/warehouse/lease.ts';
import { testClickHouse } from '../support/clickhouse.ts';
import type { TestClickHouse } from '../support/clickhouse.ts';

const NEVER = new AbortController().signal;

let clickhouse: TestClickHouse;
let client: ClickHouseClient;

beforeAll(async () => {
  clickhouse = await testClickHouse();
  client = clickhouse.client;
});
afterAll(() => clickhouse.close());
beforeEach(() => client.command({ query: 'TRUNCATE TABLE leases_rows' }));

const take = (command: string, name = 'work') =>
  takeLease(client, name, { command, signal: NEVER });

/** As whoever holds it would have written it. */
async function heldBy(pid: number, { host = 'hostName()', seconds = 30 } = {}): Promise<void> {
  await client.command({
    query: `
INSERT INTO leases_rows (name, holder, command, host, pid, acquired_at, expires_at)
SELECT 'work', generateUUIDv4(), 'theirs', ${host}, ${pid}, now64(3), now64(3) + toIntervalSecond(${seconds})`,
  });
}

test('while it is held nobody else gets it, and is told who has it; given back, the next one does', async () => {
  {
    await using lease = await take('ingest a.csv');
    expect(lease.lost.aborted).toBe(false);
    await expect(take('ingest b.csv')).rejects.toMatchObject({
      code: 'lease_taken',
      message: expect.stringMatching(
        new RegExp(
          `^"ingest a\\.csv" is at work .*process ${process.pid} on .*: wait until it has`,
        ),
      ) as string,
    });
    await using other = await take('something else', 'other work');
    expect(other.lost.aborted).toBe(false);
  }
  await using next = await take('ingest b.csv');
  expect(next.lost.aborted).toBe(false);
});

test('of several that ask at the same moment at most one gets it', async () => {
  const asked = await Promise.allSettled(Array.from({ length: 4 }, (_, n) => take(`ingest ${n}`)));
  const leases: Lease[] = [];
  for (const each of asked) {
    if (each.status === 'fulfilled') leases.push(each.value);
    else expect(each.reason).toMatchObject({ code: 'lease_taken' });
  }
  expect(leases.length).toBeLessThanOrEqual(1);
  for (const lease of leases) await lease[Symbol.asyncDispose]();
  await using lease = await take('afterwards');
  expect(lease.lost.aborted).toBe(false);
});

test('whose process on this host is gone does not hold it any more', async () => {
  const child = spawn(process.execPath, ['--version'], { stdio: 'ignore' });
  await once(child, 'exit');
  await heldBy(child.pid!);
  await using lease = await take('ingest');
  expect(lease.lost.aborted).toBe(false);
});

test('of another host it is not known: its lease holds until it expires', async () => {
  await heldBy(1, { host: "'elsewhere'" });
  await expect(take('ingest')).rejects.toThrow(
    '"theirs" is at work on this database (process 1 on elsewhere',
  );
  await client.command({ query: 'TRUNCATE TABLE leases_rows' });
  await heldBy(1, { host: "'elsewhere'", seconds: -1 });
  await using lease = await take('ingest');
  expect(lease.lost.aborted).toBe(false);
});

test('whoever is interrupted while it waits stops asking', async () => {
  await heldBy(process.pid);
  const signal = AbortSignal.abort();
  await expect(takeLease(client, 'work', { command: 'ingest', signal })).rejects.toMatchObject({
    name: 'AbortError',
  });
  const held = await clickhouse.rows(
    'SELECT command FROM leases_rows FINAL WHERE expires_at > now64(3)',
  );
  expect(held).toEqual([{ command: 'theirs' }]);
});
