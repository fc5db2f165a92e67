/** In: rows that could not be taken. Out: how many for which reason; the first ones of each are told. */
import type { Invocation } from '../invocation.ts';
import { say } from '../invocation.ts';

const TOLD_PER_CODE = 3;

export class FaultTally {
  readonly #invocation: Invocation;
  readonly #counts = new Map<string, number>();

  constructor(invocation: Invocation) {
    this.#invocation = invocation;
  }

  add(
    path: string,
    row: number,
    { code, detail }: { readonly code: string; readonly detail: string },
  ): void {
    const count = (this.#counts.get(code) ?? 0) + 1;
    this.#counts.set(code, count);
    if (count <= TOLD_PER_CODE) say(this.#invocation, `${path}, row ${row}: ${code}: ${detail}`);
    if (count === TOLD_PER_CODE + 1)
      say(this.#invocation, `${code}: further rows are only counted`);
  }

  get total(): number {
    let total = 0;
    for (const count of this.#counts.values()) total += count;
    return total;
  }

  byCode(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.#counts].sort(([a], [b]) => (a < b ? -1 : 1)));
  }
}
