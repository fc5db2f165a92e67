/** In: numbers. Out: the marks and texts that stand for them in a terminal. */
const SPARKS = ' ▁▂▃▄▅▆▇█';
const EIGHTHS = ' ▏▎▍▌▋▊▉█';
const DAY_MS = 86_400_000;

/** One mark for each value, the last at the right; `most` has the highest. */
export function sparkline(rates: readonly number[], most: number, width: number): string {
  const marks = rates.map((value) => SPARKS[most === 0 ? 0 : Math.ceil((value / most) * 8)]!);
  return marks.join('').padStart(width);
}

/** In eighths of a column; what is there is never without a mark. */
export function bar(share: number, width: number): string {
  const eighths = share === 0 ? 0 : Math.max(1, Math.round(share * width * 8));
  const part = eighths % 8 === 0 ? '' : EIGHTHS[eighths % 8]!;
  return `${'█'.repeat(Math.floor(eighths / 8))}${part}`.padEnd(width);
}

/** A day in days since 1970. */
export function dateOf(day: number): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10);
}

export function whole(value: number): string {
  return Math.round(value).toLocaleString('en');
}
