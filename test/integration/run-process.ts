/** In: an environment. Out: `tidemark run` as a process of its own, and what it says over HTTP. */
import type { Ended, Running } from '../cli/tidemark.ts';
import { start } from '../cli/tidemark.ts';
import { freePort } from '../support/free-port.ts';

/** As long as a step may take on a busy machine. */
export const PATIENCE_MS = 45_000;

export interface Processor extends Running {
  readonly url: string;
  /** Its metrics whose line starts so, added up; undefined while there are none. */
  metric(start: string): Promise<number | undefined>;
  /** What is awaited, or an error with its log when the process ends before. */
  meanwhile<T>(awaited: Promise<T>): Promise<T>;
  /** Sends SIGTERM and waits for its end. */
  stop(): Promise<Ended>;
  kill9(): Promise<Ended>;
}

/** Starts `tidemark run` on a free port; resolves at once. */
export async function startProcessor(
  environment: Readonly<Record<string, string>>,
): Promise<Processor> {
  const port = await freePort();
  const running = start(['run'], { HTTP_PORT: String(port), ...environment });
  const url = `http://127.0.0.1:${port}`;
  const end = (signal: NodeJS.Signals) => {
    running.process.kill(signal);
    return running.ended;
  };
  const endedBefore = async (): Promise<never> => {
    const { status, stderr } = await running.ended;
    throw new Error(`the processor ended with status ${status}:\n${stderr}`);
  };
  return {
    ...running,
    url,
    meanwhile: (awaited) => Promise.race([awaited, endedBefore()]),
    async metric(wanted) {
      if (running.process.exitCode !== null) await endedBefore();
      const response = await fetch(`${url}/metrics`).catch(() => undefined);
      const lines = ((await response?.text()) ?? '').split('\n');
      const values = lines
        .filter((line) => line.startsWith(wanted))
        .map((line) => Number(line.slice(line.lastIndexOf(' ') + 1)));
      return values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0);
    },
    stop: () => end('SIGTERM'),
    kill9: () => end('SIGKILL'),
  };
}
