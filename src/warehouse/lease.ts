/**
 * Leases in ClickHouse: what only one command may do at a time. In: a name. Out: the lease, renewed
 * until it is given back, or who has it.
 *
 * ClickHouse cannot compare and set, so whoever asks first writes that it asks and then looks: who sees
 * another steps back. Of two at the same moment both may step back; they try again at random times.
 */
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClickHouseClient } from '@clickhouse/client';
import { isAlive } from '../is-alive.ts';

/** Longer than any pause of a process that is to go on afterwards, in seconds. */
const HOLDS_S = 30;
const RENEW_EVERY_MS = 5_000;
const TRIES = 5;

export interface LeaseOptions {
  /** What is done under it, for whoever finds it taken: `ingest events.csv`. */
  readonly command: string;
  readonly signal: AbortSignal;
}

export interface Lease extends AsyncDisposable {
  /** Aborted with a LeaseLostError when it could not be renewed in time. */
  readonly lost: AbortSignal;
}

export interface LeaseHolder {
  readonly command: string;
  readonly host: string;
  readonly pid: number;
  readonly since: string;
}

export class LeaseTakenError extends Error {
  override readonly name = 'LeaseTakenError';
  readonly code = 'lease_taken';
  readonly retryable = true;

  constructor({ command, host, pid, since }: LeaseHolder) {
    super(
      `"${command}" is at work on this database (process ${pid} on ${host}, since ${since} UTC), and ` +
        'only one at a time may be: wait until it has ended, or stop it, and start again',
    );
  }
}

export class LeaseLostError extends Error {
  override readonly name = 'LeaseLostError';
  readonly code = 'lease_lost';
  readonly retryable = true;

  constructor() {
    super(
      'the database could not be told in time that this command is still at work, so another may have ' +
        'begun: nothing is lost; start it again',
    );
  }
}

/** Throws a LeaseTakenError that names the holder. */
export async function takeLease(
  client: ClickHouseClient,
  name: string,
  { command, signal }: LeaseOptions,
): Promise<Lease> {
  const claim = new Claim(client, name, command);
  for (let attempt = 1; ; attempt++) {
    await claim.write(HOLDS_S);
    const other = await claim.otherHolder();
    if (other === null) return claim.keep();
    await claim.write(-1);
    if (attempt === TRIES) throw new LeaseTakenError(other);
    await sleep(20 + Math.random() * 80 * attempt, undefined, { signal });
  }
}

/**
 * Says that this process is at work on something that any number may do at a time, until the lease is
 * given back. It is renewed whatever happens in between.
 */
export async function joinLease(
  client: ClickHouseClient,
  name: string,
  command: string,
): Promise<AsyncDisposable> {
  const claim = new Claim(client, name, command);
  await claim.write(HOLDS_S);
  return claim.keep(Infinity);
}

/** Who holds leases that a condition on `name` and `holder` chooses; the dead are left out. */
export async function leaseHolders(
  client: ClickHouseClient,
  condition: string,
  parameters: Record<string, unknown>,
): Promise<readonly LeaseHolder[]> {
  const result = await client.query({
    query: `
SELECT command, host, pid, toString(acquired_at) AS since
FROM leases_rows FINAL
WHERE ${condition} AND expires_at > now64(3)
ORDER BY acquired_at`,
    query_params: parameters,
    format: 'JSONEachRow',
  });
  const holders = await result.json<LeaseHolder>();
  return holders.filter(({ host, pid }) => host !== hostname() || isAlive(pid));
}

class Claim {
  readonly #client: ClickHouseClient;
  readonly #name: string;
  readonly #command: string;
  readonly #holder = randomUUID();

  constructor(client: ClickHouseClient, name: string, command: string) {
    this.#client = client;
    this.#name = name;
    this.#command = command;
  }

  /** Says until when it holds: so many seconds from now, by the server's clock. */
  async write(seconds: number): Promise<void> {
    await this.#client.command({
      query: `
INSERT INTO leases_rows (name, holder, command, host, pid, acquired_at, expires_at)
SELECT {name: String}, {holder: UUID}, {command: String}, {host: String}, {pid: UInt32}, now64(3),
    now64(3) + toIntervalSecond({seconds: Int32})`,
      query_params: {
        name: this.#name,
        holder: this.#holder,
        command: this.#command,
        host: hostname(),
        pid: process.pid,
        seconds,
      },
    });
  }

  /** Whoever else holds it, unless its process is known to be gone. */
  async otherHolder(): Promise<LeaseHolder | null> {
    const others = await leaseHolders(
      this.#client,
      'name = {name: String} AND holder != {holder: UUID}',
      { name: this.#name, holder: this.#holder },
    );
    return others[0] ?? null;
  }

  /** Keeps it until it could not be renewed for so many milliseconds. */
  keep(patienceMs = HOLDS_S * 1000): Lease {
    const lost = new AbortController();
    const stop = new AbortController();
    const renewing = this.#renew(stop.signal, patienceMs, () => lost.abort(new LeaseLostError()));
    return {
      lost: lost.signal,
      [Symbol.asyncDispose]: async () => {
        stop.abort();
        await renewing;
        // When it cannot be given back it ends by itself.
        await this.write(-1).catch(() => {});
      },
    };
  }

  async #renew(stop: AbortSignal, patienceMs: number, lose: () => void): Promise<void> {
    let renewed = performance.now();
    for (;;) {
      try {
        await sleep(RENEW_EVERY_MS, undefined, { signal: stop });
      } catch {
        return;
      }
      if (performance.now() - renewed > patienceMs) return lose();
      const asked = performance.now();
      await this.write(HOLDS_S).then(
        () => {
          renewed = asked;
        },
        () => {},
      );
    }
  }
}
