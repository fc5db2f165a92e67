/**
 * The child process that is the embedded broker. In: its folder and its port, as two command-line
 * arguments. Out: a Kafka broker on loopback, complaints on stderr, exit status 1 when it cannot serve.
 */
import { join } from 'node:path';
import { dieWithParent } from '../lifeline.ts';
import type { BrokerState } from './api.ts';
import { clusterIdOf } from './cluster-id.ts';
import { CommittedOffsets } from './committed-offsets.ts';
import { lockFolder } from './folder-lock.ts';
import { HOST, listen } from './server.ts';
import { Topics } from './topics.ts';

const [, , folder, portText] = process.argv;
if (folder === undefined || portText === undefined) {
  throw new Error('expected two arguments: the folder of the broker and its port');
}
const port = Number(portText);

dieWithParent();
const say = (line: string) => process.stderr.write(`${line}\n`);
let opened: (state: BrokerState) => void = () => {};
const opening = new Promise<BrokerState>((resolve) => {
  opened = resolve;
});
try {
  // The port first: whoever holds the folder is asked for by it.
  await listen(port, opening);
  if (!(await lockFolder(folder, port))) throw new Error('another broker serves this folder');
  opened({
    clusterId: clusterIdOf(folder),
    host: HOST,
    port,
    topics: new Topics(folder),
    offsets: new CommittedOffsets(join(folder, 'committed-offsets.jsonl')),
    groups: new Map(),
  });
  say(
    `Kafka-compatible broker on ${HOST}:${port}, for development only: one process, no replicas, no ` +
      'transactions, no retention; records have the time at which they were appended',
  );
} catch (error) {
  say(error instanceof Error ? `${error.message}\n${error.stack}` : String(error));
  process.exit(1);
}
