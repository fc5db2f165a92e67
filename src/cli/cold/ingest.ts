/** The wiring of `ingest`: files in, outcomes out. */
import { FileIntake } from './ingest-files.ts';
import type { IngestOptions, IngestSummary } from './ingest-files.ts';
import { folderSchema } from '../registry.ts';
import { withColdRun } from './with-cold-run.ts';

/** The files are looked at before anything is written. */
export async function ingest(options: Omit<IngestOptions, 'schema'>): Promise<IngestSummary> {
  const { configuration, invocation, stream, files } = options;
  const schema = folderSchema(configuration, stream.name);
  const intake = await FileIntake.open({ ...options, schema });
  const command = `ingest ${files.join(' ')}`;
  return await withColdRun({ configuration, invocation, command }, (run) => intake.into(run));
}
