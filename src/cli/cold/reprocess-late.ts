/** In: late events in the warehouse. Out: they are in the tables, and what became of each. */
import type { Configuration } from '../../config/configuration.ts';
import { recordSchema } from '../../decode/record-schema.ts';
import { wirePrefix } from '../../decode/wire-prefix.ts';
import { applyLateEvents } from '../../processor/late-run.ts';
import type { LateEvents } from '../../processor/late-run.ts';
import { NO_MAPPING } from '../../sources/file/mapping.ts';
import { RowEncoder } from '../../sources/file/row-encoder.ts';
import type { RowShape } from '../../sources/file/row-file.ts';
import { RecordList } from '../../sources/record-list.ts';
import type { RecordBatch } from '../../sources/source.ts';
import { markApplied, readApplied, readLateSources } from '../../warehouse/late-events.ts';
import type { LateRow } from '../../warehouse/late-events.ts';
import { sumOfOutcomes } from './outcome-tally.ts';
import type { Outcomes } from './outcome-tally.ts';
import { folderSchema, openStream } from '../registry.ts';
import { STREAMS } from '../streams.ts';
import type { StreamFacts } from '../streams.ts';
import type { ColdWork } from './with-cold-run.ts';
import { withColdRun } from './with-cold-run.ts';

export interface AppliedSource extends Outcomes {
  readonly stream: string;
  /** Where the events had come late. */
  readonly source: string;
}

export interface AppliedLate extends Outcomes {
  readonly sources: readonly AppliedSource[];
}

/** Applies all late events that were not; those that others have accepted meanwhile are duplicates. */
export async function reprocessLate(work: Omit<ColdWork, 'command'>): Promise<AppliedLate> {
  return withColdRun({ ...work, command: 'reprocess --late' }, async (run, client) => {
    const sources: AppliedSource[] = [];
    for (const facts of STREAMS) {
      const stream = openStream(work.configuration, facts);
      if (stream.tables.late === null) continue;
      const late: LateEvents = {
        readSources: () => readLateSources(client, stream),
        mark: (source) => markApplied(client, stream, source),
        read: (source, from) =>
          lateLog(work.configuration, facts, readApplied(client, stream, source, from), from),
      };
      const applied = await applyLateEvents(late, (log) =>
        run.process({ ...log, stream, countsEarlier: false }),
      );
      for (const { source, outcome } of applied)
        if (outcome.rows_read > 0) sources.push({ stream: stream.name, source, ...outcome });
    }
    return { ...sumOfOutcomes(sources), sources };
  });
}

/** The position in the log is the offset. */
async function* lateLog(
  configuration: Configuration,
  { name, key }: StreamFacts,
  applied: AsyncIterable<readonly LateRow[]>,
  from: number,
): AsyncGenerator<RecordBatch> {
  const schema = folderSchema(configuration, name);
  const { fields } = recordSchema(JSON.parse(schema.schema) as object);
  const { timezone } = configuration.rules;
  const target = { stream: name, fields, key, hashed: null, timezone };
  const prefix = wirePrefix(schema.id);
  const encoder = new RowEncoder(target, NO_MAPPING, asRows(fields), prefix);
  let offset = from;
  for await (const rows of applied) {
    const batch = new RecordList(offset);
    for (const [recordTime, ...cells] of rows) {
      const encoded = encoder.encode({ number: offset + 1, cells, fault: null });
      if (encoded.kind !== 'record') throw new Error(`a late record of ${name} is no record`);
      const time = recordTime === null ? -1 : Number(recordTime);
      batch.add({ offset, time, key: encoded.key, value: encoded.value });
      offset++;
    }
    yield batch;
  }
}

/** What the encoder has to know of rows that have a cell for every field. */
function asRows(fields: readonly { readonly name: string; readonly kind: string }[]): RowShape {
  return {
    path: 'late records',
    columns: fields.map(({ name, kind }) => ({
      name,
      ...(kind === 'timestamp' && { time: 'epoch_us' as const }),
    })),
    open: false,
    locate: (column) => fields.findIndex(({ name }) => name === column),
  };
}
