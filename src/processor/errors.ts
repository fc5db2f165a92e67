/** The log under a name is not the one that its progress line remembers: it was made anew. */
export class LogRecreatedError extends Error {
  override readonly name = 'LogRecreatedError';
  readonly code = 'log_recreated';
  readonly retryable = true;

  constructor(source: string, offset: number) {
    super(
      `${source} was recreated: the record at offset ${offset} is gone, or not the one that was processed. ` +
        'Its records are a new source from here on.',
    );
  }
}

/** Another processor works with newer rules than this one was started with. */
export class RulesOutdatedError extends Error {
  override readonly name = 'RulesOutdatedError';
  readonly code = 'rules_outdated';
  readonly retryable = false;

  constructor(source: string, own: number, found: number) {
    super(
      `${source} is processed under rules epoch ${found}, and this processor has epoch ${own}. ` +
        'Restart it with the configuration of the others.',
    );
  }
}

/** The assignment was let go; whatever it still does is of no consequence. */
export class AbandonedError extends Error {
  override readonly name = 'AbandonedError';
  readonly code = 'abandoned';
  readonly retryable = true;

  constructor(log: string) {
    super(`the assignment of ${log} was let go`);
  }
}
