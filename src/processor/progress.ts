import { crc32 } from 'node:zlib';
import type { RecordCursor } from '../sources/source.ts';
import type { ProgressLine, StoredRecord } from '../warehouse/store.ts';
import type { OutcomeCount } from './observer.ts';

/** Where a log has been processed to, its watermark, and what became of its records: a line in the making. */
export class Progress {
  readonly #line: ProgressLine;
  readonly #epoch: number;
  nextOffset: number;
  /** Microseconds since 1970; -Infinity before the first accepted record. */
  watermark: number;
  accepted: number;
  duplicate: number;
  late: number;
  #future: number;
  #invalid: number;
  #skipped: number;
  /** Refusals by reason since the last snapshot. */
  #reasons = new Map<string, OutcomeCount>();
  #counted: { accepted: number; duplicate: number; late: number };
  #last: { offset: number; time: number; checksum: number } | null = null;
  #closed = false;

  constructor(line: ProgressLine, epoch: number) {
    this.#line = line;
    this.#epoch = epoch;
    this.nextOffset = line.nextOffset;
    this.watermark = line.watermark ?? -Infinity;
    this.accepted = line.accepted;
    this.duplicate = line.duplicate;
    this.late = line.late;
    this.#future = line.future;
    this.#invalid = line.invalid;
    this.#skipped = line.skipped;
    this.#counted = { accepted: line.accepted, duplicate: line.duplicate, late: line.late };
  }

  refused(outcome: 'future' | 'invalid', reason: string): void {
    if (outcome === 'future') this.#future++;
    else this.#invalid++;
    this.#countReason(outcome, reason, 1);
  }

  /**
   * Goes on at a later offset: what was between was gone before it could be read. `stored`: of which
   * records of these it is known nevertheless what had become of them.
   */
  skipTo(offset: number, stored: readonly StoredRecord[]): void {
    for (const record of stored) {
      if ('reason' in record) this.refused(record.outcome, record.reason);
      else this[record.outcome]++;
    }
    const lost = offset - this.nextOffset - stored.length;
    this.#skipped += lost;
    if (lost > 0) this.#countReason('skipped', 'log_trimmed', lost);
    this.nextOffset = offset;
  }

  /** Says for good that nothing more will come of this log; see `isClosed`. */
  close(): void {
    this.#closed = true;
  }

  /** Notes the last record that was taken in. */
  readTo(offset: number, time: number, checksum: number): void {
    this.#last = { offset, time, checksum };
  }

  snapshot(): ProgressLine {
    const last = this.#closed
      ? { lastOffset: this.nextOffset - 1, lastChecksum: null }
      : {
          lastOffset: this.#last?.offset ?? this.#line.lastOffset,
          lastChecksum: this.#last?.checksum ?? this.#line.lastChecksum,
        };
    return {
      stream: this.#line.stream,
      source: this.#line.source,
      nextOffset: this.nextOffset,
      watermark: this.watermark === -Infinity ? null : this.watermark,
      accepted: this.accepted,
      duplicate: this.duplicate,
      late: this.late,
      future: this.#future,
      invalid: this.#invalid,
      skipped: this.#skipped,
      countedFrom: this.#line.countedFrom,
      ...last,
      lastRecordTime: this.#last === null ? this.#line.lastRecordTime : this.#last.time,
      rulesEpoch: this.#epoch,
    };
  }

  /** The outcomes counted since the last call. */
  takeOutcomes(): readonly OutcomeCount[] {
    const outcomes = [...this.#reasons.values()];
    this.#reasons = new Map();
    for (const outcome of ['accepted', 'duplicate', 'late'] as const) {
      const count = this[outcome] - this.#counted[outcome];
      if (count > 0) outcomes.push({ outcome, reason: '', count });
      this.#counted[outcome] = this[outcome];
    }
    return outcomes;
  }

  #countReason(outcome: 'future' | 'invalid' | 'skipped', reason: string, count: number): void {
    const known = this.#reasons.get(reason)?.count ?? 0;
    this.#reasons.set(reason, { outcome, reason, count: known + count });
  }
}

/** The line of a log of which nothing has been read yet. */
export function firstLine(
  stream: string,
  source: string,
  offset: number,
  epoch: number,
): ProgressLine {
  return {
    stream,
    source,
    nextOffset: offset,
    watermark: null,
    accepted: 0,
    duplicate: 0,
    late: 0,
    future: 0,
    invalid: 0,
    skipped: 0,
    countedFrom: offset,
    lastOffset: null,
    lastRecordTime: null,
    lastChecksum: null,
    rulesEpoch: epoch,
  };
}

/**
 * Whether a line is the last one of a log that is no more: no record will ever be its last one, as
 * nobody has read that.
 */
export function isClosed(line: ProgressLine): boolean {
  return line.lastOffset !== null && line.lastChecksum === null;
}

/** The source name of the log that took the place of `source`: `log@2` after `log`, then `log@3`. */
export function nextGeneration(source: string, log: string): string {
  const generation = source === log ? 1 : Number(source.slice(log.length + 1));
  return `${log}@${generation + 1}`;
}

/** Tells a record from another one at the same offset: over what was before it, its time, key and value. */
export function recordChecksum(
  cursor: Omit<RecordCursor, 'next' | 'offset' | 'fault' | 'headers'>,
): number {
  const { bytes, keyStart, keyEnd, valueStart, valueEnd } = cursor;
  let checksum = crc32(`${cursor.time}/${keyStart === -1}/${valueStart === -1}`, cursor.chain);
  if (keyStart !== -1) checksum = crc32(bytes.subarray(keyStart, keyEnd), checksum);
  if (valueStart !== -1) checksum = crc32(bytes.subarray(valueStart, valueEnd), checksum);
  return checksum;
}
