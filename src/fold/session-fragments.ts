import { Counts, type Countable } from './counts.ts';

/** A maximal run of one user's events within a day in which no gap exceeds the session gap. */
export interface SessionFragment<K extends Countable> {
  /** Microseconds since 1970. */
  start: number;
  end: number;
  events: number;
  readonly counts: Counts<K>;
}

/**
 * Adds an event to fragments sorted by start. The result is the connected components of the events'
 * times under "at most `gap` apart", whatever the order in which they are added.
 */
export function addToFragments<K extends Countable>(
  fragments: SessionFragment<K>[],
  time: number,
  kind: K,
  gap: number,
): void {
  let before = fragments.length - 1;
  while (before >= 0 && fragments[before]!.start > time) before--;
  const left = fragments[before];
  const right = fragments[before + 1];
  const joinsLeft = left !== undefined && time - left.end <= gap;
  const joinsRight = right !== undefined && right.start - time <= gap;
  if (joinsLeft) {
    left.events++;
    left.counts.add(kind);
    if (time > left.end) left.end = time;
    if (joinsRight) {
      left.end = right.end;
      left.events += right.events;
      left.counts.addAll(right.counts);
      fragments.splice(before + 1, 1);
    }
  } else if (joinsRight) {
    right.start = time;
    right.events++;
    right.counts.add(kind);
  } else {
    const counts = new Counts<K>();
    counts.add(kind);
    fragments.splice(before + 1, 0, { start: time, end: time, events: 1, counts });
  }
}
