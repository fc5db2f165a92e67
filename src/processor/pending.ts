import type { Unit } from '../fold/unit.ts';
import type { Interpreter, Stream } from '../streams/stream.ts';
import { AggregateBlock } from '../warehouse/aggregate-block.ts';
import { RecordBlock } from '../warehouse/record-block.ts';
import { RejectedBlock } from '../warehouse/rejected-block.ts';
import type { Insert } from './group-commit.ts';
import type { DeadLetter } from './ports.ts';

/** What one source has made of its records and not yet handed over to be written. */
export class Pending {
  readonly accepted: RecordBlock;
  readonly late: RecordBlock;
  readonly rejected: RejectedBlock;
  readonly #aggregates: AggregateBlock | null;
  readonly #stream: Stream;
  readonly #interpreter: Interpreter;
  #letters: DeadLetter[] = [];
  #changedUnits: Unit[] = [];
  #changedEntities: number[] = [];

  constructor(stream: Stream, interpreter: Interpreter, epoch: number) {
    const rows = interpreter.rows();
    this.accepted = new RecordBlock(stream.stored, epoch, false);
    this.late = new RecordBlock(stream.stored, epoch, true);
    this.rejected = new RejectedBlock(epoch);
    this.#aggregates = rows === null ? null : new AggregateBlock(rows, stream.entity, epoch);
    this.#stream = stream;
    this.#interpreter = interpreter;
  }

  get rows(): number {
    return this.accepted.rows + this.late.rows + this.rejected.rows;
  }

  get bytes(): number {
    return this.accepted.bytes + this.late.bytes + this.rejected.bytes;
  }

  /** Notes that the aggregate of an entity is to be written. */
  changed(unit: Unit, entity: number): void {
    if (this.#aggregates === null || !unit.markChanged(entity)) return;
    this.#changedUnits.push(unit);
    this.#changedEntities.push(entity);
  }

  reject(letter: DeadLetter, fields: string): void {
    this.rejected.append(letter, fields);
    if (letter.reason !== 'user_forgotten') this.#letters.push(letter);
  }

  /** The inserts in the order in which they must be written, and the dead letters. */
  encode(source: string): {
    stages: readonly (readonly Insert[])[];
    letters: readonly DeadLetter[];
  } {
    const { tables } = this.#stream;
    for (let at = 0; at < this.#changedUnits.length; at++) {
      const unit = this.#changedUnits[at]!;
      const entity = this.#changedEntities[at]!;
      unit.unmarkChanged(entity);
      this.#aggregates!.append(unit, entity, source);
    }
    const listing = this.#interpreter.takeListings();
    const insert = (table: string | null, block: Block | null): readonly Insert[] =>
      table === null || block === null ? [] : [{ table, rows: block.rows, pieces: block.pieces() }];
    return {
      stages: [
        listing === null
          ? []
          : [{ table: listing.table, rows: listing.rows, pieces: listing.pieces }],
        insert(tables.accepted, this.accepted),
        insert(tables.aggregates, this.#aggregates),
        [...insert(tables.late, this.late), ...insert(tables.rejected, this.rejected)],
      ],
      letters: this.#letters,
    };
  }

  /** Makes the memory free for the next batch: call it when what `encode` gave has been written. */
  clear(): void {
    this.accepted.clear();
    this.late.clear();
    this.rejected.clear();
    this.#aggregates?.clear();
    this.#letters = [];
    this.#changedUnits = [];
    this.#changedEntities = [];
  }
}

interface Block {
  readonly rows: number;
  pieces(): Buffer[];
}
