/** In: files of rows. Out: their events in the tables, and what became of every row. */
import { basename } from 'node:path';
import { crc32 } from 'node:zlib';
import type { Configuration } from '../../config/configuration.ts';
import { recordSchema } from '../../decode/record-schema.ts';
import { wirePrefix } from '../../decode/wire-prefix.ts';
import { NO_MAPPING, readMapping } from '../../sources/file/mapping.ts';
import type { Mapping } from '../../sources/file/mapping.ts';
import { containerLog, isOfSchema } from '../../sources/file/container-log.ts';
import { fileLog } from '../../sources/file/file-log.ts';
import { openRows } from '../../sources/file/open-rows.ts';
import type { FileFormat } from '../../sources/file/open-rows.ts';
import { RowEncoder } from '../../sources/file/row-encoder.ts';
import type { RowFault, RowFile } from '../../sources/file/row-file.ts';
import type { RowTarget } from '../../sources/file/row-plan.ts';
import type { RecordBatch } from '../../sources/source.ts';
import type { Stream } from '../../streams/stream.ts';
import type { ProgressLine as Line } from '../../warehouse/store.ts';
import type { ColdLog, ColdRun } from './cold-run.ts';
import { UsageError } from '../exit-status.ts';
import { FaultTally } from './fault-tally.ts';
import type { Invocation } from '../invocation.ts';
import { say } from '../invocation.ts';
import { sumOfOutcomes } from './outcome-tally.ts';
import type { Outcomes } from './outcome-tally.ts';
import { ProgressLine } from '../progress.ts';
import { openStream } from '../registry.ts';
import type { StreamFacts } from '../streams.ts';

export interface IngestOptions {
  readonly files: readonly string[];
  readonly format: FileFormat | undefined;
  /** Path of the mapping. */
  readonly map: string | undefined;
  /** Takes the place of `file:` in the names of the sources. */
  readonly label: string | undefined;
  /** Infinity: events may be as old as they like. */
  readonly lookbackDays: number;
  readonly stream: StreamFacts;
  /** The stream's schema as JSON text, and its id. */
  readonly schema: { readonly id: number; readonly schema: string };
  readonly configuration: Configuration;
  readonly invocation: Invocation;
}

export interface IngestedFile extends Outcomes {
  readonly file: string;
  readonly source: string;
}

export interface IngestSummary extends Outcomes {
  readonly files: readonly IngestedFile[];
  readonly seconds: number;
}

/** Files that were looked at, and can be taken in. */
export class FileIntake {
  readonly #options: IngestOptions;
  readonly #target: RowTarget;
  readonly #mapping: Mapping;
  readonly #stream: Stream;
  readonly #prefix: Buffer;

  private constructor(options: IngestOptions, mapping: Mapping) {
    const { stream, schema, configuration } = options;
    this.#options = options;
    this.#mapping = mapping;
    this.#stream = openStream(configuration, stream);
    this.#target = {
      stream: stream.name,
      fields: recordSchema(JSON.parse(schema.schema) as object).fields,
      key: stream.key,
      hashed: stream.hashed,
      timezone: configuration.rules.timezone,
    };
    this.#prefix = wirePrefix(schema.id);
  }

  /** Looks at all files and the mapping. Throws a FileError or a UsageError that says what is wrong. */
  static async open(options: IngestOptions): Promise<FileIntake> {
    const { files, format, map, invocation } = options;
    const intake = new FileIntake(options, map === undefined ? NO_MAPPING : await readMapping(map));
    const paths = new Map<string, string>();
    for (const path of files) {
      const source = intake.#sourceOf(path);
      const other = paths.get(source);
      if (other !== undefined) {
        throw new UsageError(
          `${other} and ${path} would both be the source ${source}: ingest them one by one, with another --source`,
        );
      }
      paths.set(source, path);
      await using file = await openRows(path, format);
      const { unused } = intake.#encoder(file);
      if (unused.length > 0)
        say(invocation, `${path}: nothing takes the columns ${unused.join(', ')}`);
    }
    return intake;
  }

  /** One file after the other. */
  async into(run: ColdRun): Promise<IngestSummary> {
    const { files, invocation } = this.#options;
    const faults = new FaultTally(invocation);
    const progress = new ProgressLine(invocation, 'ingest');
    const rows = files.map(() => 0);
    const logs = files.map((path, at) =>
      this.#log(path, faults, (read, file) => {
        rows[at] = read;
        const { bytes, of } = file.progress();
        const fraction = (at + (of === 0 ? 1 : bytes / of)) / files.length;
        progress.tell({ rows: rows.reduce((sum, n) => sum + n, 0), fraction });
      }),
    );
    try {
      const outcomes = await run.processAll(logs, this.#options.lookbackDays);
      const done = files.map((path, at): IngestedFile => {
        return { file: path, source: this.#sourceOf(path), ...outcomes[at]! };
      });
      return { ...sumOfOutcomes(done), files: done, seconds: Number(progress.seconds.toFixed(3)) };
    } finally {
      progress.end();
    }
  }

  #log(path: string, faults: FaultTally, told: (rows: number, file: RowFile) => void): ColdLog {
    const { format } = this.#options;
    const read = async function* (this: FileIntake, line: Line) {
      await using file = await openRows(path, format);
      for await (const batch of this.#batches(path, file, line, faults)) {
        yield batch;
        told(batch.nextOffset, file);
      }
    };
    return {
      stream: this.#stream,
      name: this.#sourceOf(path),
      countsEarlier: true,
      read: (line) => read.call(this, line),
    };
  }

  #batches(
    path: string,
    file: RowFile,
    line: Line,
    faults: FaultTally,
  ): AsyncIterable<RecordBatch> {
    const time = line.lastRecordTime ?? Date.now();
    const { lookbackDays, schema, stream } = this.#options;
    const { fields, where } = this.#mapping;
    const { container } = file;
    // Under another lookback the same rows are another matter.
    const seed = lookbackDays === Infinity ? 0 : crc32(`lookback ${lookbackDays}`);
    const json = JSON.parse(schema.schema) as object;
    const asItIs = fields.size === 0 && where === undefined;
    if (container !== undefined && asItIs && isOfSchema(container, json)) {
      const { key } = stream;
      return containerLog({ path, container, schema: json, key, prefix: this.#prefix, time, seed });
    }
    const onFault = (row: number, fault: RowFault): void => faults.add(path, row, fault);
    const remembered = line.lastOffset ?? null;
    return fileLog({ file, encoder: this.#encoder(file), time, seed, remembered, onFault });
  }

  #encoder(file: RowFile): RowEncoder {
    return new RowEncoder(this.#target, this.#mapping, file, this.#prefix);
  }

  #sourceOf(path: string): string {
    const { label } = this.#options;
    // `@` and `#` set apart the generations and the branches of a source.
    const name = basename(path).replace(/[%@#]/g, (sign) => encodeURIComponent(sign));
    return label === undefined ? `file:${name}` : `${label}/${name}`;
  }
}
