/**
 * Offsets that are stored in, commits to the group out: the newest of each partition, in one request
 * at a time and at most two a second. They are for lag tools; reading never starts from them.
 */
import type { Logger } from 'pino';

export interface CommittedOffset {
  readonly topic: string;
  readonly partition: number;
  readonly offset: string;
}

const INTERVAL_MS = 500;

export class OffsetCommits {
  readonly #commit: (offsets: CommittedOffset[]) => Promise<void>;
  readonly #logger: Logger;
  readonly #pending = new Map<string, CommittedOffset>();
  #timer: NodeJS.Timeout | undefined;
  #sending: Promise<void> = Promise.resolve();

  constructor(commit: (offsets: CommittedOffset[]) => Promise<void>, logger: Logger) {
    this.#commit = commit;
    this.#logger = logger;
  }

  add(topic: string, partition: number, nextOffset: number): void {
    this.#pending.set(`${topic}/${partition}`, { topic, partition, offset: String(nextOffset) });
    this.#timer ??= setTimeout(() => void this.flush(), INTERVAL_MS);
  }

  /** Resolves when all offsets added so far were sent, or could not be. */
  flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#sending = this.#sending.then(() => this.#send());
    return this.#sending;
  }

  /** Forgets what was not sent yet. */
  clear(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#pending.clear();
  }

  async #send(): Promise<void> {
    if (this.#pending.size === 0) return;
    const offsets = [...this.#pending.values()];
    this.#pending.clear();
    try {
      await this.#commit(offsets);
    } catch (error) {
      this.#logger.info(
        { err: error },
        'offsets were not committed to Kafka; the next commit makes up for it',
      );
    }
  }
}
