/**
 * What idempotent producers have sent to one partition. In: the numbers of a batch's records. Out:
 * whether the batch is the next one, a repeat of one that is in the log, or out of order.
 */
import { CODE } from './error-codes.ts';
import type { Code } from './error-codes.ts';
import type { BatchProducer } from './record-batch.ts';

export type Sequence =
  | { readonly kind: 'next' }
  | { readonly kind: 'repeat'; readonly offset: number }
  | { readonly kind: 'refused'; readonly code: Code };

interface KnownBatch {
  readonly firstSequence: number;
  readonly lastSequence: number;
  readonly offset: number;
}

interface KnownProducer {
  readonly epoch: number;
  /** The newest last. */
  readonly batches: KnownBatch[];
}

/** As many batches as a producer may have under way at once. */
const REMEMBERED_BATCHES = 5;
/** Beyond, the one that has been silent for longest is forgotten, as by a broker that expires them. */
const REMEMBERED_PRODUCERS = 1_000;

export class ProducerSequences {
  readonly #producers = new Map<bigint, KnownProducer>();

  check({ id, epoch, firstSequence, lastSequence }: BatchProducer): Sequence {
    const known = this.#producers.get(id);
    if (id < 0n || known === undefined) return { kind: 'next' };
    if (epoch < known.epoch) return { kind: 'refused', code: CODE.invalidProducerEpoch };
    const last = known.batches.at(-1)!;
    const expected = epoch > known.epoch ? 0 : (last.lastSequence + 1) % 2 ** 31;
    if (firstSequence === expected) return { kind: 'next' };
    const repeated = known.batches.find(
      (batch) => batch.firstSequence === firstSequence && batch.lastSequence === lastSequence,
    );
    if (epoch === known.epoch && repeated !== undefined) {
      return { kind: 'repeat', offset: repeated.offset };
    }
    return { kind: 'refused', code: CODE.outOfOrderSequence };
  }

  /** A batch that is in the log. */
  add({ id, epoch, firstSequence, lastSequence }: BatchProducer, offset: number): void {
    if (id < 0n) return;
    const known = this.#producers.get(id);
    const batches = known?.epoch === epoch ? known.batches : [];
    batches.push({ firstSequence, lastSequence, offset });
    if (batches.length > REMEMBERED_BATCHES) batches.shift();
    this.#producers.delete(id);
    this.#producers.set(id, { epoch, batches });
    if (this.#producers.size > REMEMBERED_PRODUCERS) {
      for (const [oldest] of this.#producers) {
        this.#producers.delete(oldest);
        break;
      }
    }
  }
}
