/** In: days or months. Out: the places of a horizontal axis, one beside the other, and which are labelled. */
import { scaleUtc } from 'd3-scale';
import { longDay, longMonth, shortDay, shortMonth } from '../numbers.ts';

export interface Slot {
  /** Heads what is shown of it. */
  readonly name: string;
  /** It may still change. */
  readonly live: boolean;
}

/** Of all places, 0 = the left edge of the first one, 1 = the right edge of the last. */
export interface Tick {
  readonly at: number;
  readonly label: string;
}

export interface SlotAxis {
  readonly slots: readonly Slot[];
  readonly ticks: readonly Tick[];
}

interface Period {
  /** ISO date: the day, or the first of the month. */
  readonly day: string;
  readonly live: boolean;
}

/** At most so many labels fit beside each other on a phone. */
const LABELS = 5;

/** `days` without gaps, ascending. */
export function dayAxis(days: readonly Period[]): SlotAxis {
  const slots = days.map(({ day, live }) => ({ name: longDay(day), live }));
  const indices = new Map(days.map(({ day }, index) => [day, index]));
  const first = days[0]?.day;
  if (first === undefined) return { slots, ticks: [] };
  const domain = [new Date(first), new Date(days.at(-1)!.day)];
  const marks = scaleUtc(domain, [0, 1])
    .ticks(LABELS)
    .map((mark) => mark.toISOString().slice(0, 10));
  const inMonths = marks.length > 1 && marks.every((mark) => mark.endsWith('-01'));
  const ticks = [...new Set(marks.length === 0 ? [first] : marks)].flatMap((mark) => {
    const index = indices.get(mark);
    const label = inMonths ? shortMonth(mark, saysYear(mark, mark === marks[0])) : shortDay(mark);
    return index === undefined ? [] : [{ at: (index + 0.5) / days.length, label }];
  });
  return { slots, ticks: thinned(ticks, inMonths ? 2 * LABELS : LABELS + 1) };
}

/** `months` without gaps, ascending. */
export function monthAxis(months: readonly Period[]): SlotAxis {
  return {
    slots: months.map(({ day, live }) => ({ name: longMonth(day), live })),
    ticks: thinned(
      months.map(({ day }, index) => ({
        at: (index + 0.5) / months.length,
        label: shortMonth(day, saysYear(day, index === 0)),
      })),
      LABELS + 1,
    ),
  };
}

function saysYear(day: string, isFirst: boolean): boolean {
  return isFirst || day.slice(5, 7) === '01';
}

function thinned(ticks: readonly Tick[], most: number): readonly Tick[] {
  const step = Math.ceil(ticks.length / most);
  return ticks.filter((_, index) => index % step === 0);
}
