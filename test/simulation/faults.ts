/** In: a seed's draws. Out: what goes wrong with a call to the outside, and how long it takes. */
import type { Random } from './random.ts';
import type { Process, Scheduler } from './scheduler.ts';

/** Probabilities per call. */
export interface FaultRates {
  /** Fails, nothing was done. */
  readonly rejected: number;
  /** Done, but the answer is lost. */
  readonly answerLost: number;
  /** A part is done, then it fails. */
  readonly partial: number;
  /** Fails with a time-out, and is done some time later. */
  readonly late: number;
  /** Fails for good. */
  readonly fatal: number;
  /** Takes long. */
  readonly slow: number;
  /** Takes longer than the session of its process lasts. */
  readonly stalled: number;
}

export const NO_FAULTS: FaultRates = {
  rejected: 0,
  answerLost: 0,
  partial: 0,
  late: 0,
  fatal: 0,
  slow: 0,
  stalled: 0,
};

export function drawFaultRates(random: Random): FaultRates {
  const rate = (highest: number): number => (random.chance(0.4) ? 0 : random.fraction() * highest);
  return {
    rejected: rate(0.2),
    answerLost: rate(0.2),
    partial: rate(0.2),
    late: rate(0.15),
    fatal: random.chance(0.2) ? 0.01 : 0,
    slow: rate(0.2),
    stalled: random.chance(0.3) ? 0.03 : 0,
  };
}

export class SimulatedError extends Error {
  override readonly name = 'SimulatedError';
  readonly code: string;
  readonly retryable: boolean;

  constructor(code: string, retryable: boolean) {
    super(`simulated: ${code}`);
    this.code = code;
    this.retryable = retryable;
  }
}

/** The network between a process and whatever it calls. Every call passes through here. */
export class Network {
  readonly #scheduler: Scheduler;
  readonly #random: Random;
  rates: FaultRates;
  /** Told of a call that takes longer than a session lasts. */
  onStall: (owner: Process) => void = () => {};
  /** Effects that are still to come from calls that were given up. */
  lateEffects = 0;

  constructor(scheduler: Scheduler, random: Random, rates: FaultRates) {
    this.#scheduler = scheduler;
    this.#random = random;
    this.rates = rates;
  }

  /** A question: the answer is of the moment when it is asked, and may take its time. */
  async ask<T>(owner: Process, label: string, answer: () => T): Promise<T> {
    await this.#scheduler.step(owner, label);
    this.#failBefore(owner, label);
    const answered = answer();
    await this.#scheduler.step(owner, `${label}, answered`, this.#delay(owner));
    if (this.#random.chance(this.rates.answerLost)) throw this.#error(owner, label, 'answer lost');
    return answered;
  }

  /**
   * An effect: applied wholly, partly, late or not at all. It is under way once it is called, so it can
   * be applied although its process has died.
   */
  async apply(
    owner: Process,
    label: string,
    effect: () => void,
    partOfIt: ((random: Random) => void) | null,
  ): Promise<void> {
    const { rates } = this;
    const random = this.#random;
    const survives = random.chance(0.5);
    const delay = this.#delay(owner);
    let applied = false;
    let failure: unknown;
    const once = (): void => {
      if (applied || (!owner.alive && !survives)) return;
      applied = true;
      try {
        if (random.chance(rates.late)) {
          this.lateEffects++;
          this.#scheduler.later(`${label}, late`, random.int(10, 20_000), () => {
            this.lateEffects--;
            effect();
          });
          throw this.#error(owner, label, 'timed out');
        }
        this.#failBefore(owner, label);
        if (partOfIt !== null && random.chance(rates.partial)) {
          partOfIt(random);
          throw this.#error(owner, label, 'applied in part');
        }
        effect();
      } catch (error) {
        failure = error;
      }
    };
    await new Promise<void>((resolve) => {
      this.#scheduler.later(label, delay, () => {
        once();
        resolve();
      });
    });
    await this.#scheduler.step(owner, `${label}, answered`);
    if (failure !== undefined) throw failure as Error;
    if (random.chance(rates.answerLost)) throw this.#error(owner, label, 'answer lost');
  }

  #delay(owner: Process): number {
    if (this.#random.chance(this.rates.stalled)) {
      this.onStall(owner);
      return this.#random.int(12_000, 60_000);
    }
    return this.#random.chance(this.rates.slow) ? this.#random.int(5, 3000) : 0;
  }

  #failBefore(owner: Process, label: string): void {
    if (this.#random.chance(this.rates.rejected)) throw this.#error(owner, label, 'rejected');
    if (this.#random.chance(this.rates.fatal)) {
      this.#scheduler.trace(`  ${owner.name}: ${label} fails for good`);
      throw new SimulatedError('fatal', false);
    }
  }

  #error(owner: Process, label: string, code: string): SimulatedError {
    this.#scheduler.trace(`  ${owner.name}: ${label} fails: ${code}`);
    return new SimulatedError(code, true);
  }
}
