import { expect, test } from 'vitest';
import {
  GroupCommit,
  type CommitBatch,
  type Committer,
  type Insert,
} from '../../src/processor/group-commit.ts';
import { noObserver } from '../../src/processor/observer.ts';
import type { Clock, DeadLetter } from '../../src/processor/ports.ts';
import { firstLine } from '../../src/processor/progress.ts';
import type { ProgressLine, Store } from '../../src/warehouse/store.ts';
import { eventually } from '../support/eventually.ts';
import { patientClock } from './in-memory.ts';

test('whoever is ready when a write starts is in it, whoever is not is in the next', async () => {
  const { commits, written, store } = setUp();
  const gate = store.hold('a');
  const [first, second, third] = ['one', 'two', 'three'].map((name) => new Source(name)) as [
    Source,
    Source,
    Source,
  ];
  first.ready('a', 1);
  second.ready('a', 2);
  commits.request(first);
  commits.request(second);
  await eventually('the first write has started', () => gate.waiting === 1);
  third.ready('a', 3);
  commits.request(third);
  first.ready('a', 4);
  commits.request(first);
  expect([first, second, third].map((source) => source.taken)).toEqual([1, 1, 0]);
  gate.open();
  await eventually('all is stored', () => first.stores === 2 && third.stores === 1);
  expect(written()).toEqual(['a: 1 2', 'lines: one two', 'a: 3 4', 'lines: three one']);
  await commits.close();
});

test('a first line is written before rows, these before what is made of them, the dead letters, and last the lines', async () => {
  const { commits, written } = setUp();
  const source = new Source('one');
  source.batch = {
    stages: [
      [],
      [insert('events', 1)],
      [insert('days', 2)],
      [insert('late', 3), insert('rejected', 4)],
    ],
    letters: [letter(5)],
    firstLine: firstLine('s', 'first of one', 6, 1),
    line: firstLine('s', 'one', 6, 1),
  };
  commits.request(source);
  await eventually('it is stored', () => source.stores === 1);
  expect(written()).toEqual([
    'lines: first of one',
    'events: 1',
    'days: 2',
    'late: 3',
    'rejected: 4',
    'letters: 5',
    'lines: one',
  ]);
  await commits.close();
});

test('a table without rows is not written to, and a group without anything writes nothing', async () => {
  const { commits, written } = setUp();
  const [empty, gone] = [new Source('empty'), new Source('gone')];
  empty.batch = {
    stages: [[{ table: 'a', rows: 0, pieces: [] }]],
    letters: [],
    firstLine: null,
    line: firstLine('s', 'empty', 1, 1),
  };
  commits.request(empty);
  commits.request(gone);
  await eventually('it is stored', () => empty.stores === 1);
  expect(written()).toEqual(['lines: empty']);
  expect([gone.stores, gone.failures]).toEqual([0, []]);
  await commits.close();
});

test('an error that can pass is tried again with the same bytes, with growing waits, for as long as it takes', async () => {
  const clock = patientClock();
  const { commits, store, written, fatal } = setUp({ clock });
  const source = new Source('one');
  source.ready('a', 7);
  store.fails('a', 12, true);
  commits.request(source);
  await eventually('it is stored', () => source.stores === 1);
  expect(store.tries.filter((what) => what === 'a: 7')).toHaveLength(13);
  expect(written()).toEqual(['a: 7', 'lines: one']);
  expect(source.taken).toBe(1);
  expect(fatal).toEqual([]);
  const wholes = [100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000, 10_000, 10_000, 10_000];
  expect(clock.slept).toEqual(wholes.map((whole) => whole * 0.75));
  await commits.close();
});

test('an error that cannot pass fails the members of its group after three tries, and nobody else', async () => {
  const { commits, store, written, fatal } = setUp();
  const [bad, alsoThere, later] = ['bad', 'there', 'later'].map((name) => new Source(name)) as [
    Source,
    Source,
    Source,
  ];
  const gate = store.hold('a');
  store.fails('a', 3, false);
  bad.ready('a', 1);
  alsoThere.ready('b', 2);
  commits.request(bad);
  commits.request(alsoThere);
  await eventually('the write has started', () => gate.waiting === 1);
  later.ready('b', 3);
  commits.request(later);
  gate.open();
  await eventually('the later one is stored', () => later.stores === 1);
  for (const source of [bad, alsoThere]) {
    expect([source.stores, source.failures]).toEqual([
      0,
      [expect.objectContaining({ message: 'a failed' })],
    ]);
  }
  expect(later.failures).toEqual([]);
  expect(fatal).toEqual([expect.objectContaining({ message: 'a failed' })]);
  expect(store.tries.filter((what) => what === 'a: 1')).toHaveLength(3);
  // No line without its rows.
  expect(written().filter((what) => what.startsWith('lines'))).toEqual(['lines: later']);
  await commits.close();
});

test.each(['lines', 'letters'])('when the %s cannot be written the group fails', async (what) => {
  const { commits, store, fatal } = setUp();
  const source = new Source('one');
  source.ready('a', 1, [letter(2)]);
  store.fails(what, 3, false);
  commits.request(source);
  await eventually('it failed', () => source.failures.length === 1);
  expect([source.stores, fatal.length]).toEqual([0, 1]);
  await commits.close();
});

test('closing ends the retries, fails what was being written, and is nothing fatal', async () => {
  const { commits, store, fatal } = setUp();
  const source = new Source('one');
  source.ready('a', 1);
  store.fails('a', Infinity, true);
  commits.request(source);
  await eventually('it is tried again', () => store.tries.length > 5);
  await commits.close();
  expect(source.failures).toEqual([
    expect.objectContaining({ message: 'the processor is stopping' }),
  ]);
  expect(fatal).toEqual([]);
});

test('closing leaves nobody waiting for a write that does not come', async () => {
  const { commits, store } = setUp();
  const [writing, waiting, late] = ['writing', 'waiting', 'late'].map(
    (name) => new Source(name),
  ) as [Source, Source, Source];
  const gate = store.hold('a');
  writing.ready('a', 1);
  commits.request(writing);
  await eventually('the write has started', () => gate.waiting === 1);
  waiting.ready('b', 2);
  commits.request(waiting);
  const closed = commits.close();
  gate.open();
  await closed;
  late.ready('b', 3);
  commits.request(late);
  const stopping = [expect.objectContaining({ message: 'the processor is stopping' })];
  expect(waiting.failures).toEqual(stopping);
  expect(late.failures).toEqual(stopping);
  expect([waiting.taken, late.taken]).toEqual([0, 0]);
  expect(store.tries).not.toContain('b: 2');
});

test('a write waits its interval since the last one began, unless somebody is in a hurry', async () => {
  let wake = (): void => {};
  const waits: number[] = [];
  const clock: Clock = {
    now: () => 1000,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        waits.push(ms);
        wake = resolve;
        signal?.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
      }),
  };
  const { commits } = setUp({ clock, intervalMs: 50 });
  const [calm, hasty] = [new Source('calm'), new Source('hasty')];
  const write = (source: Source): void => {
    source.ready('a', 1);
    commits.request(source);
  };
  write(calm);
  await eventually('the first is written at once', () => calm.stores === 1);
  expect(waits).toEqual([]);
  write(calm);
  await eventually('the second waits', () => waits.length === 1);
  expect([waits, calm.taken]).toEqual([[50], 1]);
  wake();
  await eventually('the second is written', () => calm.stores === 2);
  write(calm);
  await eventually('the third waits', () => waits.length === 2);
  hasty.urgent = true;
  write(hasty);
  await eventually('the hasty one takes the calm one along', () => hasty.stores === 1);
  expect(calm.stores).toBe(3);
  await commits.close();
});

test('a request that comes as the last write ends is not lost', async () => {
  const { commits } = setUp();
  const source = new Source('one');
  let left = 200;
  source.onStored = () => {
    if (left-- === 0) return;
    // In the same step, or in the next.
    const again = (): void => {
      source.ready('a', left);
      commits.request(source);
    };
    if (left % 2 === 0) again();
    else queueMicrotask(again);
  };
  source.ready('a', 1);
  commits.request(source);
  await eventually('all are stored', () => source.stores === 201);
  await commits.close();
});

class Source implements Committer {
  readonly name: string;
  urgent = false;
  rows = 0;
  batch: CommitBatch | null = null;
  taken = 0;
  stores = 0;
  readonly failures: unknown[] = [];
  onStored: () => void = () => {};

  constructor(name: string) {
    this.name = name;
  }

  ready(table: string, byte: number, letters: readonly DeadLetter[] = []): void {
    this.batch = {
      stages: [[insert(table, byte)]],
      letters,
      firstLine: null,
      line: firstLine('s', this.name, byte, 1),
    };
  }

  take(): CommitBatch | null {
    const { batch } = this;
    this.batch = null;
    if (batch !== null) this.taken++;
    return batch;
  }

  stored(): void {
    this.stores++;
    this.onStored();
  }

  failed(error: unknown): void {
    this.failures.push(error);
  }
}

/** Inserts wait at a table that is held, and then fail as often as they are told to. */
class Tables implements Pick<Store, 'insert' | 'writeProgress'> {
  /** What was asked for, what came through. */
  readonly tries: string[] = [];
  readonly done: string[] = [];
  readonly #failures = new Map<string, { left: number; retryable: boolean }>();
  readonly #gates = new Map<string, Gate>();

  hold(table: string): Gate {
    const gate = new Gate();
    this.#gates.set(table, gate);
    return gate;
  }

  fails(table: string, times: number, retryable: boolean): void {
    this.#failures.set(table, { left: times, retryable });
  }

  insert(table: string, blocks: readonly Uint8Array[]): Promise<void> {
    return this.#apply(table, `${table}: ${Buffer.concat(blocks).join(' ')}`);
  }

  writeProgress(lines: readonly ProgressLine[]): Promise<void> {
    return this.#apply('lines', `lines: ${lines.map((line) => line.source).join(' ')}`);
  }

  send(letters: readonly DeadLetter[]): Promise<void> {
    return this.#apply('letters', `letters: ${letters.map(({ offset }) => offset).join(' ')}`);
  }

  async #apply(table: string, what: string): Promise<void> {
    this.tries.push(what);
    await this.#gates.get(table)?.passed();
    const failure = this.#failures.get(table);
    if (failure !== undefined && failure.left-- > 0) {
      throw Object.assign(new Error(`${table} failed`), { retryable: failure.retryable });
    }
    this.done.push(what);
  }
}

class Gate {
  waiting = 0;
  readonly #opened: Promise<void>;
  open!: () => void;

  constructor() {
    this.#opened = new Promise((resolve) => {
      this.open = resolve;
    });
  }

  async passed(): Promise<void> {
    this.waiting++;
    await this.#opened;
  }
}

function setUp({
  clock = patientClock(),
  intervalMs = 0,
}: { clock?: Clock; intervalMs?: number } = {}) {
  const tables = new Tables();
  const fatal: unknown[] = [];
  const unused = (): Promise<never> => Promise.reject(new Error('a group commit only writes'));
  const commits = new GroupCommit({
    store: {
      insert: (table, blocks) => tables.insert(table, blocks),
      writeProgress: (lines) => tables.writeProgress(lines),
      readProgress: unused,
      readAccepted: unused,
      readAcceptedElsewhere: unused,
      readOutdated: unused,
      removeOutdated: unused,
      readAhead: unused,
    },
    deadLetters: tables,
    clock,
    observer: noObserver,
    intervalMs,
    random: () => 0.5,
    onFatal: (error) => fatal.push(error),
  });
  return { commits, store: tables, fatal, written: () => tables.done };
}

function insert(table: string, byte: number): Insert {
  return { table, rows: 1, pieces: [Buffer.from([byte])] };
}

function letter(offset: number): DeadLetter {
  return {
    stream: 's',
    source: 'one',
    offset,
    time: -1,
    outcome: 'invalid',
    reason: 'truncated',
    key: null,
    value: null,
    headers: [],
  };
}
