/**
 * A Prometheus histogram of seconds for what may happen once per event. Counting is two additions, where
 * the library's takes a look-up per call; so it prints itself.
 */
const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const BOUNDS: readonly number[] = [
  1,
  10,
  MINUTE,
  10 * MINUTE,
  HOUR,
  6 * HOUR,
  DAY,
  2 * DAY,
  7 * DAY,
  30 * DAY,
];

export class LatenessHistogram {
  readonly #name: string;
  readonly #help: string;
  /** Per bound, and last for what is beyond all of them; not cumulated. */
  readonly #counts = new Float64Array(BOUNDS.length + 1);
  #sum = 0;

  constructor(name: string, help: string) {
    this.#name = name;
    this.#help = help;
  }

  count(seconds: number): void {
    let bucket = 0;
    while (bucket < BOUNDS.length && seconds > BOUNDS[bucket]!) bucket++;
    this.#counts[bucket]! += 1;
    this.#sum += seconds;
  }

  /** In Prometheus' text format. */
  text(): string {
    const name = this.#name;
    let total = 0;
    const lines = [...this.#counts].map((count, bucket) => {
      total += count;
      return `${name}_bucket{le="${BOUNDS[bucket] ?? '+Inf'}"} ${total}`;
    });
    return [
      `# HELP ${name} ${this.#help}`,
      `# TYPE ${name} histogram`,
      ...lines,
      `${name}_sum ${this.#sum}`,
      `${name}_count ${total}`,
      '',
    ].join('\n');
  }
}
