/** In: a filled topic. Out: how fast one Node process fetches it and does nothing with it. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { FilledTopic } from './filled-topic.ts';
import { measure, type Result } from './measure.ts';

const WAYS = {
  objects: 'fetching alone: kafkajs',
  walk: 'fetching alone: our cursor over its batches',
} as const;

export async function fetching(
  filled: Omit<FilledTopic, 'traffic'>,
  way: keyof typeof WAYS,
): Promise<Result> {
  const { broker, brokerPid, topic, events } = filled;
  let report = { seconds: 0, cpu: 0, memory: 0 };
  const { cpu } = await measure({ kafka: brokerPid }, async () => {
    const script = fileURLToPath(new URL('./fetch-alone.ts', import.meta.url));
    const { stdout } = await promisify(execFile)(process.execPath, [
      '--import',
      import.meta.resolve('tsx'),
      script,
      broker,
      topic,
      String(events),
      way,
    ]);
    report = parse(stdout);
  });
  const { seconds, memory } = report;
  return {
    name: WAYS[way],
    events,
    seconds,
    cpu: { ...cpu, processor: report.cpu },
    memory,
  };
}

function parse(line: string): { seconds: number; cpu: number; memory: number } {
  const value: unknown = JSON.parse(line);
  if (typeof value === 'object' && value !== null && 'seconds' in value) {
    const { seconds, cpu, memory } = { cpu: NaN, memory: NaN, ...value };
    return { seconds: Number(seconds), cpu: Number(cpu), memory: Number(memory) };
  }
  throw new Error(`fetch-alone printed ${line}`);
}
