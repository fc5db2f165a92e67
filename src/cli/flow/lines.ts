/** In: snapshots of what flows. Out: the same as lines of text for people, of at most 80 columns. */
import { Calendar } from '../../streams/calendar.ts';
import { zoneOffset } from '../../streams/zone-offset.ts';
import { bar, dateOf, sparkline, whole } from './marks.ts';
import { OUTCOMES, processedBy } from './snapshot.ts';
import type { FlowSnapshot } from './snapshot.ts';

export interface FlowOptions {
  /** The first line begins with it. */
  readonly title: string;
  /** Days behind the watermark's are settled when they are more than so many. */
  readonly lookbackDays: number;
  /** IANA name; in which days are told. */
  readonly timezone: string;
  /** How many records there will be, where that is known. */
  readonly total?: number;
}

type Paint = (style: keyof typeof STYLES, text: string) => string;

const STYLES = { title: 1, dim: 2, good: 32, fair: 33, bad: 31, water: 36 } as const;
const SPARK_WIDTH = 22;
const BAR_WIDTH = 40;
const LINE_WIDTH = 60;
/** Rates are told over at least so long, as writes come in groups. */
const RATE_OVER_MS = 950;
const DAY_SECONDS = 86_400;
const STYLE_OF = {
  accepted: 'good',
  duplicate: 'dim',
  late: 'fair',
  future: 'fair',
  invalid: 'bad',
} as const;

export class FlowLines {
  readonly #options: FlowOptions;
  readonly #calendar: Calendar;
  readonly #zone: ((instant: number) => number) | null;
  readonly #recent: FlowSnapshot[] = [];
  readonly #in: number[] = [];
  readonly #out: number[] = [];
  #first: FlowSnapshot | null = null;
  /** Where the time line begins, in seconds since 1970. */
  #earliest: number | null = null;

  constructor(options: FlowOptions) {
    this.#options = options;
    this.#calendar = new Calendar(options.timezone);
    this.#zone = zoneOffset(options.timezone);
  }

  /** To be called at even intervals, such as once a second. */
  add(snapshot: FlowSnapshot): void {
    const recent = this.#recent;
    this.#first ??= snapshot;
    recent.push(snapshot);
    while (recent.length > 2 && snapshot.at - recent[1]!.at >= RATE_OVER_MS) recent.shift();
    const before = recent[0]!;
    remember(this.#out, rate(processedBy(before), processedBy(snapshot), before, snapshot));
    remember(this.#in, rate(arrivedBy(before), arrivedBy(snapshot), before, snapshot));
    const { watermark } = snapshot;
    if (watermark !== null) this.#earliest = Math.min(this.#earliest ?? watermark, watermark);
  }

  /** All that is known, in several lines. */
  picture(color: boolean): string[] {
    const snapshot = this.#recent.at(-1);
    if (snapshot === undefined) return [];
    const paint: Paint = (style, text) =>
      color ? `\u001b[${STYLES[style]}m${text}\u001b[0m` : text;
    return [
      this.#heading(snapshot, paint),
      '',
      ...this.#rates(snapshot, paint),
      '',
      ...outcomeLines(snapshot, paint),
      '',
      ...this.#timeLines(snapshot, paint),
      `  lag        ${lagText(snapshot)}, last write ${ageText(snapshot)}`,
    ];
  }

  /** The same in one line. */
  summary(): string {
    const snapshot = this.#recent.at(-1);
    if (snapshot === undefined) return '';
    const { outcomes, watermark } = snapshot;
    const counts = OUTCOMES.filter((outcome) => outcomes[outcome] > 0).map(
      (outcome) => `${whole(outcomes[outcome])} ${outcome}`,
    );
    return [
      `${this.#options.title}: ${whole(processedBy(snapshot))}${this.#ofTotal()} processed, ${whole(this.#out.at(-1) ?? 0)}/s`,
      ...counts,
      `lag ${lagText(snapshot)}`,
      ...(watermark === null ? [] : [`watermark ${this.#moment(watermark)}`]),
    ].join(', ');
  }

  #heading({ at, partitions }: FlowSnapshot, paint: Paint): string {
    const { title } = this.#options;
    const seconds = Math.floor((at - (this.#first?.at ?? at)) / 1000);
    const clock = `${String(Math.floor(seconds / 60)).padStart(2, '0')}:${String(seconds % 60).padStart(2, '0')}`;
    const right = `${partitions === 1 ? '1 partition' : `${partitions} partitions`}  ${clock}`;
    const left = title.slice(0, 74 - right.length);
    const gap = ' '.repeat(78 - left.length - right.length - 2);
    return `  ${paint('title', left)}${gap}${paint('dim', right)}`;
  }

  #rates(snapshot: FlowSnapshot, paint: Paint): string[] {
    const most = Math.max(...this.#in, ...this.#out);
    const line = (name: string, rates: readonly number[], count: number | null, what: string) => {
      const now = `${whole(rates.at(-1) ?? 0)}/s`.padStart(11);
      const told = count === null ? '' : `${whole(count)}${this.#ofTotal()} ${what}`;
      return `  ${name.padEnd(11)}${paint('water', sparkline(rates, most, SPARK_WIDTH))} ${now}   ${told}`;
    };
    return [
      line('events in', this.#in, arrivedBy(snapshot), 'in Kafka'),
      line('out', this.#out, processedBy(snapshot), 'processed'),
    ];
  }

  #ofTotal(): string {
    const { total } = this.#options;
    return total === undefined ? '' : ` of ${whole(total)}`;
  }

  /** From the first watermark to now: settled days, days that may still change, what is to come. */
  #timeLines({ at, watermark }: FlowSnapshot, paint: Paint): string[] {
    if (watermark === null || this.#earliest === null)
      return ['  no event has been accepted yet', ''];
    const from = this.#earliest - DAY_SECONDS;
    const now = Math.max(at / 1000, watermark);
    const column = (time: number) =>
      Math.round(Math.min(1, Math.max(0, (time - from) / (now - from))) * LINE_WIDTH);
    const day = this.#calendar.day(watermark * 1_000_000);
    const settledDay = day - this.#options.lookbackDays;
    const tidemark = settledDay * DAY_SECONDS - (this.#zone?.(watermark * 1000) ?? 0) / 1000;
    const settled = column(tidemark);
    const live = Math.max(column(watermark), settled) - settled;
    const told = Number.isFinite(settledDay)
      ? `${paint('good', '━')} settled, tidemark ${dateOf(settledDay)}  `
      : '';
    return [
      `  event time ${paint('good', '━'.repeat(settled))}${paint('water', '╍'.repeat(live))}${paint('dim', '·'.repeat(LINE_WIDTH - settled - live))} now`,
      `             ${told}${paint('water', '╍')} live, watermark ${this.#moment(watermark)}`,
    ];
  }

  #moment(seconds: number): string {
    const day = this.#calendar.day(seconds * 1_000_000);
    const time = new Date(seconds * 1000).toLocaleTimeString('en-GB', {
      timeZone: this.#options.timezone,
      hour: '2-digit',
      minute: '2-digit',
    });
    return `${dateOf(day)} ${time}`;
  }
}

function arrivedBy(snapshot: FlowSnapshot): number | null {
  return snapshot.lagEvents === null ? null : processedBy(snapshot) + snapshot.lagEvents;
}

/** A second; 0 where it is not known. */
function rate(
  from: number | null,
  to: number | null,
  before: FlowSnapshot,
  after: FlowSnapshot,
): number {
  if (from === null || to === null || after.at <= before.at) return 0;
  return Math.max(0, ((to - from) * 1000) / (after.at - before.at));
}

function remember(rates: number[], value: number): void {
  rates.push(value);
  if (rates.length > SPARK_WIDTH) rates.shift();
}

function outcomeLines(snapshot: FlowSnapshot, paint: Paint): string[] {
  const { outcomes } = snapshot;
  const sum = processedBy(snapshot);
  const most = Math.max(...OUTCOMES.map((outcome) => outcomes[outcome]));
  return OUTCOMES.map((outcome) => {
    const count = outcomes[outcome];
    const filled = bar(most === 0 ? 0 : count / most, BAR_WIDTH);
    const share = sum === 0 ? '' : `${((100 * count) / sum).toFixed(2)} %`;
    return `  ${outcome.padEnd(11)}${paint(STYLE_OF[outcome], filled)} ${whole(count).padStart(12)} ${share.padStart(9)}`;
  });
}

function lagText({ lagEvents, lagSeconds }: FlowSnapshot): string {
  if (lagEvents === null) return 'not known yet';
  if (lagEvents === 0) return 'none';
  const behind = lagSeconds === null ? '' : ` (${lagSeconds.toFixed(1)} s)`;
  return `${whole(lagEvents)} events${behind}`;
}

function ageText({ at, lastWrite }: FlowSnapshot): string {
  if (lastWrite === null) return 'none yet';
  return `${Math.max(0, at / 1000 - lastWrite).toFixed(1)} s ago`;
}
