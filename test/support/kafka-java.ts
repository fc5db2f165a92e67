import { spawn, spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, openSync, closeSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePort } from './free-port.ts';
import type { RealKafka } from './kafka.ts';
import { brokerProperties } from './kafka-properties.ts';

const POM = fileURLToPath(new URL('kafka/pom.xml', import.meta.url));
const JARS = fileURLToPath(
  new URL('../../node_modules/.cache/tidemark/kafka-4.1.0', import.meta.url),
);
const START_WITHIN_MS = 60_000;

/** Quick to start, and room for what tests send. */
const JVM = ['-Xms64m', '-Xmx384m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Xshare:auto'];

/**
 * Runs the JVM and kills it as soon as standard input ends, which the kernel does for us however the
 * test process dies; the broker's folder, which nobody can use then, goes with it. Prints the JVM's
 * process id first.
 */
const GUARD = `exec 3<&0; "$@" </dev/null & pid=$!; echo $pid >&4
(cat <&3 >/dev/null; kill -9 $pid 2>/dev/null && rm -rf "$0") & wait $pid`;

export function javaKafkaIsPossible(): boolean {
  if (spawnSync('java', ['-version'], { stdio: 'ignore' }).status !== 0) return false;
  return existsSync(JARS) || spawnSync('mvn', ['-version'], { stdio: 'ignore' }).status === 0;
}

/**
 * `special`: properties that differ from the usual ones, for the ports of its listeners. `scram`: who has which
 * password, as in `SCRAM-SHA-256=[name=NAME,password=PASSWORD]`.
 */
export async function startJavaKafka(
  special: (port: number, controllerPort: number) => Readonly<Record<string, string>> = () => ({}),
  scram: readonly string[] = [],
): Promise<RealKafka> {
  await downloadJars();
  const folder = await mkdtemp(join(tmpdir(), 'tidemark-kafka-'));
  const [port, controllerPort] = await Promise.all([freePort(), freePort()]);
  const properties = {
    ...brokerProperties({ host: '127.0.0.1', port, controllerPort }),
    ...special(port, controllerPort),
    'log.dirs': join(folder, 'data'),
  };
  const settings = join(folder, 'server.properties');
  const lines = Object.entries(properties).map(([name, value]) => `${name}=${value}`);
  await writeFile(settings, `${lines.join('\n')}\n`);
  await format(folder, properties['log.dirs'], scram);

  let broker = await start(folder, settings, port);
  const end = async (signal: NodeJS.Signals) => {
    try {
      process.kill(broker.pid, signal);
    } catch {
      // It has ended already.
    }
    await broker.ended;
  };
  return {
    brokers: [`127.0.0.1:${port}`],
    get pid() {
      return broker.pid;
    },
    stop: () => end('SIGTERM'),
    kill9: () => end('SIGKILL'),
    restart: async () => {
      broker = await start(folder, settings, port);
    },
    [Symbol.asyncDispose]: async () => {
      await end('SIGKILL');
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** About 20 s with an empty Maven repository, once per clone. */
async function downloadJars(): Promise<void> {
  if (existsSync(JARS)) return;
  await mkdir(join(JARS, '..'), { recursive: true });
  const unfinished = await mkdtemp(`${JARS}-`);
  const { status, stdout, stderr } = spawnSync(
    'mvn',
    ['-q', '-B', '-f', POM, 'dependency:copy-dependencies', `-DoutputDirectory=${unfinished}`],
    { encoding: 'utf8' },
  );
  if (status !== 0) {
    await rm(unfinished, { recursive: true, force: true });
    throw new Error(`Maven could not download Kafka:\n${stdout}${stderr}`);
  }
  await rename(unfinished, JARS).catch(async () => {
    // Another test file was faster.
    await rm(unfinished, { recursive: true, force: true });
  });
}

async function format(folder: string, data: string, scram: readonly string[]): Promise<void> {
  await mkdir(data, { recursive: true });
  const id = () => Buffer.from(randomUUID().replaceAll('-', ''), 'hex').toString('base64url');
  const settings = join(folder, 'server.properties');
  const { status, stderr } = spawnSync(
    'java',
    [
      ...JVM,
      '-cp',
      `${JARS}/*`,
      'kafka.tools.StorageTool',
      'format',
      `--cluster-id=${id()}`,
      '-c',
      settings,
      ...scram.flatMap((user) => ['--add-scram', user]),
    ],
    { encoding: 'utf8' },
  );
  if (status !== 0) throw new Error(`Kafka's storage could not be formatted:\n${stderr}`);
}

async function start(
  folder: string,
  settings: string,
  port: number,
): Promise<{ pid: number; ended: Promise<void> }> {
  const logFile = join(folder, 'server.log');
  const log = openSync(logFile, 'a');
  const guard = spawn(
    'sh',
    ['-c', GUARD, folder, 'java', ...JVM, '-cp', `${JARS}/*`, 'kafka.Kafka', settings],
    { stdio: ['pipe', log, log, 'ignore', 'pipe'] },
  );
  closeSync(log);
  const ended = once(guard, 'exit').then(() => {
    guard.stdin?.destroy();
  });
  const pidPipe = guard.stdio[4];
  if (pidPipe === null || pidPipe === undefined || !('read' in pidPipe)) {
    throw new Error('the guard has no pipe');
  }
  const [line] = (await once(pidPipe, 'data')) as [Buffer];
  const pid = Number(line.toString());
  let over = false;
  void ended.then(() => {
    over = true;
  });
  const deadline = Date.now() + START_WITHIN_MS;
  while (!(await accepts(port))) {
    if (over || Date.now() > deadline) {
      guard.stdin?.destroy();
      throw new Error(`Kafka did not start:\n${(await readFile(logFile, 'utf8')).slice(-4000)}`);
    }
    await sleep(50);
  }
  return { pid, ended };
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
