/** Two that ask for one lease, step by step in every order of their first steps, on a real ClickHouse. */
import type { ClickHouseClient } from '@clickhouse/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { takeLease } from '../../src/warehouse/lease.ts';
import type { Lease } from '../../src/warehouse/lease.ts';
import { eventually } from '../support/eventually.ts';
import { testClickHouse } from '../support/clickhouse.ts';
import type { TestClickHouse } from '../support/clickhouse.ts';

/** Writing that it asks, looking, and stepping back: three of each, and some after stepping back. */
const STEPS = 3;

let ch: TestClickHouse;
beforeAll(async () => {
  ch = await testClickHouse();
});
afterAll(() => ch.close());

/** All orders of so many steps of A and of B. */
function orders(a: number, b: number): string[] {
  if (a === 0) return ['B'.repeat(b)];
  if (b === 0) return ['A'.repeat(a)];
  return [
    ...orders(a - 1, b).map((rest) => `A${rest}`),
    ...orders(a, b - 1).map((rest) => `B${rest}`),
  ];
}

/** Somebody whose every call of ClickHouse waits until it is let through. */
class Taker {
  readonly #waiting: (() => void)[] = [];
  #free = false;
  lease: Lease | null = null;
  ended = false;

  constructor(name: string, lease: string) {
    void this.#take(name, lease);
  }

  /** One call goes through and is answered; none if it has ended. */
  async step(): Promise<void> {
    await eventually('it calls or ends', () => this.ended || this.#waiting.length > 0);
    this.#waiting.shift()?.();
    await eventually('it calls or ends', () => this.ended || this.#waiting.length > 0);
  }

  /** All further calls go through. */
  async finish(): Promise<void> {
    this.#free = true;
    for (const go of this.#waiting.splice(0)) go();
    await eventually('it ends', () => this.ended);
  }

  async #take(command: string, lease: string): Promise<void> {
    const turn = async (): Promise<void> => {
      if (!this.#free) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    };
    const gated: Pick<ClickHouseClient, 'command' | 'query'> = {
      command: async (given) => {
        await turn();
        return ch.client.command(given);
      },
      query: async (given) => {
        await turn();
        return ch.client.query(given);
      },
    };
    const signal = new AbortController().signal;
    try {
      this.lease = await takeLease(gated as ClickHouseClient, lease, { command, signal });
    } catch (error) {
      expect(error).toMatchObject({ code: 'lease_taken' });
    }
    this.ended = true;
  }
}

test.each(orders(STEPS, STEPS))(
  'of two that ask in the order %s at most one gets it',
  async (order) => {
    const takers = { A: new Taker('A', order), B: new Taker('B', order) };
    const held = (): number => Object.values(takers).filter(({ lease }) => lease !== null).length;
    for (const who of order) {
      await takers[who as 'A' | 'B'].step();
      expect(held()).toBeLessThanOrEqual(1);
    }
    await Promise.all([takers.A.finish(), takers.B.finish()]);
    expect(held()).toBeLessThanOrEqual(1);
    for (const { lease } of Object.values(takers)) await lease?.[Symbol.asyncDispose]();
  },
);
