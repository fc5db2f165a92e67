/** In: how many balances are, and were, below zero. Out: the metrics that say so. */
import { Counter, Gauge } from 'prom-client';
import type { Registry } from 'prom-client';

/** As of the last refresh of the stored tables. */
export interface BalanceState {
  readonly negativeUsers: number;
  readonly openBreaches: number;
  readonly breaches: number;
}

/** Nothing is shown before the first refresh. */
export function registerBalanceGauges(
  registry: Registry,
  balances: () => BalanceState | undefined,
): void {
  const gauge = (name: string, help: string, value: (state: BalanceState) => number) =>
    new Gauge({
      name,
      help,
      // A gauge that knows labels shows nothing until it is set.
      labelNames: ['none'],
      registers: [registry],
      collect() {
        this.reset();
        const state = balances();
        if (state !== undefined) this.set(value(state));
      },
    });
  gauge(
    'tidemark_negative_balance_users',
    'Users whose miles balance is below zero.',
    ({ negativeUsers }) => negativeUsers,
  );
  gauge(
    'tidemark_open_balance_breaches',
    'Times that a miles balance fell below zero and has not come back.',
    ({ openBreaches }) => openBreaches,
  );
  let most = 0;
  new Counter({
    name: 'tidemark_balance_breaches_total',
    help: 'Times that a miles balance fell below zero; one that a late event undoes stays counted until the restart.',
    labelNames: ['none'],
    registers: [registry],
    collect() {
      const state = balances();
      if (state === undefined) return;
      this.inc(Math.max(0, state.breaches - most));
      most = Math.max(most, state.breaches);
    },
  });
}
