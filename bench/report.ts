/** In: results. Out: a table for people. */
import { cpus, totalmem } from 'node:os';
import type { Result } from './measure.ts';

export function report(results: readonly Result[]): string {
  const base = results.find(({ baseline }) => baseline);
  const rows = results.map((result) => {
    const rate = result.events / result.seconds;
    const perMillion = (name: string) => {
      const seconds = result.cpu[name];
      return seconds === undefined ? '' : ((seconds / result.events) * 1e6).toFixed(1);
    };
    return [
      result.name,
      Math.round(rate).toLocaleString('en'),
      base === undefined ? '' : `${((rate * base.seconds) / base.events).toFixed(2)} ×`,
      perMillion('processor'),
      perMillion('clickhouse'),
      perMillion('kafka'),
      result.memory === undefined ? '' : Math.round(result.memory).toString(),
      result.check ?? '',
    ];
  });
  const head = [
    'what',
    'events/s',
    'ratio',
    'CPU s/M: processor',
    'ClickHouse',
    'Kafka',
    'peak MiB',
    'result',
  ];
  const lines = [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`);
  return lines.join('\n');
}

/** The machine in one line. */
export function machine(): string {
  const [first] = cpus();
  const memory = Math.round(totalmem() / 2 ** 30);
  return `${cpus().length} × ${first?.model ?? 'unknown CPU'}, ${memory} GiB, Node ${process.version}`;
}
