/** Bugs that were never made, each of which the simulation must find: it is worth what it can find. */
import type { Mutation } from './mutation.ts';

const COMMIT = 'src/processor/group-commit.ts';
const ASSIGNMENT = 'src/processor/assignment.ts';
const OUTBOX = 'src/processor/outbox.ts';
const TAKEN = 'src/processor/taken-log.ts';
const INTAKE = 'src/processor/intake.ts';
const LOADER = 'src/processor/unit-loader.ts';
const CACHE = 'src/fold/unit-cache.ts';
const WRITE_LINES = 'await this.#writeProgress(batches.map(({ line }) => line));';

export const mutations: readonly Mutation[] = [
  {
    name: 'the line is written before the rows',
    breaks: 'a line is never ahead of what it covers',
    edits: [
      {
        file: COMMIT,
        text: '    const stages = Math.max(...batches.map((batch) => batch.stages.length));',
        by: `    ${WRITE_LINES}
    const stages = Math.max(...batches.map((batch) => batch.stages.length));`,
      },
    ],
  },
  {
    name: 'the line is written before the aggregates',
    breaks: 'a line is never ahead of what it covers',
    edits: [
      {
        file: COMMIT,
        text: '      const byTable = new Map<string, Insert[]>();',
        by: `      if (stage === 2) ${WRITE_LINES}
      const byTable = new Map<string, Insert[]>();`,
      },
    ],
  },
  {
    name: 'aggregates are written before their rows',
    breaks: 'user-days are a fold of the stored events',
    edits: [
      {
        file: 'src/processor/pending.ts',
        text: `        insert(tables.accepted, this.accepted),
        insert(tables.aggregates, this.#aggregates),`,
        by: `        insert(tables.aggregates, this.#aggregates),
        [],`,
      },
      {
        file: 'src/processor/pending.ts',
        text: '[...insert(tables.late, this.late), ',
        by: '[...insert(tables.accepted, this.accepted), ...insert(tables.late, this.late), ',
      },
    ],
  },
  {
    name: 'Kafka is told before the line is stored',
    breaks: 'what is committed to Kafka is stored',
    edits: [
      {
        file: OUTBOX,
        text: '    intake.write++;',
        by: '    intake.write++;\n    this.#options.onCommitted?.(line);',
      },
    ],
  },
  {
    name: 'settled while a write is under way',
    breaks: 'what was settled is stored',
    edits: [
      {
        file: OUTBOX,
        text: 'while (!this.isEmpty) {',
        by: 'while (this.#dirty) {',
      },
    ],
  },
  {
    name: 'one set of buffers for taking in and for writing',
    breaks: 'bytes under way stay what they are',
    edits: [
      {
        file: OUTBOX,
        text: '    this.#pending = this.#spare;',
        by: '    this.#spare = pending;',
      },
    ],
  },
  {
    name: 'a unit that is absent starts empty',
    breaks: 'an event counts once, however often it is read',
    edits: [
      {
        file: CACHE,
        text: '(day > this.#emptyAfter ? this.create(day, bucket) : undefined)',
        by: 'this.create(day, bucket)',
      },
    ],
  },
  {
    name: 'a unit is loaded with what lies ahead of the record at hand',
    breaks: 'a replay decides every record as before',
    edits: [
      {
        file: LOADER,
        text: '      before,\n      columns',
        by: '      before: Infinity,\n      columns',
      },
    ],
  },
  {
    name: 'a duplicate is one of the same batch only',
    breaks: 'an event counts once, however often it is sent',
    edits: [
      { file: LOADER, text: '    this.#fold(own, stream.foldFields, created, true);', by: '' },
    ],
  },
  {
    name: 'versions count writes and not events',
    breaks: 'of two versions of a user-day the one with more events counts',
    edits: [
      {
        file: 'src/warehouse/aggregate-block.ts',
        text: 'words(unit.count(entity), this.#epoch)',
        by: 'words(this.#block.rows, this.#epoch)',
      },
    ],
  },
  {
    name: 'the cache outlives an exception',
    breaks: 'whatever fails is done again from the line',
    edits: [
      {
        file: TAKEN,
        text: 'this.cache = new UnitCache(interpreter.stride, lookElsewhere ? Infinity : storedUpTo);',
        by: `const kept = keptCaches.get(store) ?? new Map<string, UnitCache>();
    keptCaches.set(store, kept);
    this.cache = kept.get(source) ?? new UnitCache(interpreter.stride, lookElsewhere ? Infinity : storedUpTo);
    kept.set(source, this.cache);`,
      },
      {
        file: TAKEN,
        text: 'export interface TakenLogOptions {',
        by: `const keptCaches = new WeakMap<object, Map<string, UnitCache>>();
export interface TakenLogOptions {`,
      },
    ],
  },
  {
    name: 'an eviction that forgets',
    breaks: 'an event counts once, however often it is read',
    edits: [
      { file: CACHE, text: 'this.#emptyAfter = Math.max(this.#emptyAfter, unit.day);', by: '' },
    ],
  },
  {
    name: 'what is not written yet is evicted',
    breaks: 'user-days are a fold of all their events',
    edits: [{ file: CACHE, text: '.filter((unit) => unit.usedBy <= written)', by: '' }],
  },
  {
    name: 'duplicates move the watermark',
    breaks: 'the watermark is the time of an accepted event of this log',
    edits: [
      {
        file: INTAKE,
        text: '      progress.duplicate++;',
        by: '      progress.duplicate++;\n      this.sawTime(time);',
      },
    ],
  },
  {
    name: 'refused events move the watermark',
    breaks: 'the watermark is the time of an accepted event of this log',
    edits: [
      {
        file: INTAKE,
        text: '    if (recordTime >= 0 && time > recordTime * 1000 + this.#skew) {',
        by: '    if (recordTime >= 0 && time > recordTime * 1000 + this.#skew) {\n      this.sawTime(time);',
      },
    ],
  },
  {
    name: 'the watermark begins anew with every assignment',
    breaks: 'which events are late depends on the log alone',
    edits: [
      {
        file: 'src/processor/progress.ts',
        text: 'this.watermark = line.watermark ?? -Infinity;',
        by: 'this.watermark = -Infinity;',
      },
    ],
  },
  {
    name: 'files do not look at what others have accepted',
    breaks: 'overlapping files are harmless',
    edits: [
      {
        file: TAKEN,
        text: 'const lookElsewhere = cold || line.source !== log;',
        by: 'const lookElsewhere = line.source !== log;',
      },
    ],
  },
  {
    name: 'a recreated log does not look at what the one before it had accepted',
    breaks: 'what is sent again into a new topic counts once',
    edits: [
      {
        file: TAKEN,
        text: 'const lookElsewhere = cold || line.source !== log;',
        by: 'const lookElsewhere = cold;',
      },
    ],
  },
  {
    name: 'a file is recognised by one row alone',
    breaks: 'a file that was changed anywhere is read anew',
    edits: [{ file: 'src/processor/progress.ts', text: ', cursor.chain);', by: ', 0);' }],
  },
  {
    name: 'a file that became shorter is taken for read',
    breaks: 'a file that was changed anywhere is read anew',
    edits: [
      {
        file: 'src/processor/log-run.ts',
        text: '      if (!signal.aborted) await assignment.end(next);\n',
        by: '',
      },
    ],
  },
  {
    name: 'the record that the line remembers is not compared',
    breaks: 'a log that was made anew is another source',
    edits: [
      {
        file: INTAKE,
        text: 'if (cursor.offset === remembered.offset && recordChecksum(cursor) !== remembered.checksum) {',
        by: 'if (cursor.offset < 0) {',
      },
    ],
  },
  {
    name: 'late events are marked after they were taken in',
    breaks: 'late events that are applied are in the tables',
    edits: [
      {
        file: 'src/processor/late-run.ts',
        text: '    if (waiting > 0) await late.mark(source);\n',
        by: '',
      },
      {
        file: 'src/processor/late-run.ts',
        text: '    applied.push({ source, outcome });',
        by: '    applied.push({ source, outcome });\n    if (waiting > 0) await late.mark(source);',
      },
    ],
  },
  {
    name: 'who asks while a write is under way is not heard',
    breaks: 'everything that was read is stored in the end',
    edits: [
      {
        file: COMMIT,
        text: '    this.#waiting.clear();\n    if (taken.length === 0) return;',
        by: '    if (taken.length === 0) return this.#waiting.clear();',
      },
      {
        file: COMMIT,
        text: '      for (const { committer } of taken) committer.stored();',
        by: '      this.#waiting.clear();\n      for (const { committer } of taken) committer.stored();',
      },
    ],
  },
  {
    name: 'rows that old rules left after the line stay',
    breaks: 'after a change of rules nothing of the old ones is left after the line',
    edits: [
      {
        file: TAKEN,
        text: "    await retrying('remove', () => store.removeOutdated(stream.tables, range));",
        by: '',
      },
    ],
  },
  {
    name: 'user-days of lost records are not folded',
    breaks: 'user-days are a fold of the stored events, lost records or not',
    edits: [
      {
        file: TAKEN,
        text: '    await this.#keep(ahead, first, pending);\n',
        by: '',
      },
    ],
  },
  {
    name: 'lost records count as lost, stored or not',
    breaks: 'what is stored is counted',
    edits: [
      {
        file: 'src/processor/progress.ts',
        text: 'for (const record of stored) {',
        by: 'for (const record of stored.slice(stored.length)) {',
      },
    ],
  },
  {
    name: 'what is stored beyond the last line of a log that is no more is left as it is',
    breaks: 'what is stored is counted, and is in its user-day',
    edits: [{ file: ASSIGNMENT, text: '      await taken.close(pending);\n', by: '' }],
  },
  {
    name: 'the last line of a log that is no more covers rows that no user-day counts',
    breaks: 'what is stored is in its user-day',
    edits: [
      {
        file: TAKEN,
        text: '    await this.#keep(ahead, Number.MAX_SAFE_INTEGER, pending);\n',
        by: '',
      },
    ],
  },
  {
    name: 'a file that was changed beyond the line of an interrupted run is the same file',
    breaks: 'a file that was changed anywhere is read anew',
    edits: [
      {
        file: ASSIGNMENT,
        text: '    if (cold && line === stored) await taken.expectStored();\n',
        by: '',
      },
    ],
  },
  {
    name: "a zombie's line wins",
    breaks: 'the line never goes back',
    edits: [
      {
        file: 'test/simulation/memory-tables.ts',
        text: '    if (held !== undefined && isNewer(held, line)) return;\n',
        by: '',
      },
    ],
  },
  {
    name: 'a session splits at a gap that is just as long as allowed',
    breaks: 'a session splits where a gap is longer than allowed',
    edits: [
      {
        file: 'src/streams/user-day-row.ts',
        text: 'time - end > this.#sessionGap',
        by: 'time - end >= this.#sessionGap',
      },
    ],
  },
  {
    name: 'a file that was changed has no time of its new first reading',
    breaks: 'which rows of a file are from the future is decided once',
    edits: [
      {
        file: ASSIGNMENT,
        text: '      lastRecordTime: cold ? clock.now() : null,\n',
        by: '',
      },
      {
        file: ASSIGNMENT,
        text: 'const isFirst = cold && line.lastRecordTime === null;',
        by: 'const isFirst = cold && stored === undefined;',
      },
    ],
  },
  {
    name: 'a file does not wait for those of the same days that are being written',
    breaks: 'the same event in two files of one command counts once',
    edits: [
      {
        file: 'src/processor/log-run.ts',
        text: 'afterOthers: (days) => unstored.settleThoseOf(days),',
        by: 'afterOthers: () => Promise.resolve(),',
      },
    ],
  },
  {
    name: 'when a file was first read is stored after its first rows',
    breaks: 'which rows of a file are from the future is decided once',
    edits: [
      {
        file: COMMIT,
        text: '    await this.#writeProgress(batches.flatMap(({ firstLine }) => firstLine ?? []));\n',
        by: '',
      },
    ],
  },
];
