/**
 * The child process that is the embedded ClickHouse server. In: the path of chdb's library and the
 * arguments of `clickhouse local` (JSON), as two command-line arguments. Out: a server on loopback,
 * what ClickHouse complains about on stderr, exit status 1 when it ends by itself.
 *
 * Standard input is the lifeline: the parent holds its other end and never writes. It closes with the
 * parent however that ends, and this process then kills itself: a crash is the only way it ever
 * stops, so that stopping is as safe as crashing.
 */
import { DataType, load, open } from 'ffi-rs';

const [, , library, encodedArguments] = process.argv;
if (library === undefined || encodedArguments === undefined) {
  throw new Error(
    'expected two arguments: the path of libchdb and the arguments of clickhouse local',
  );
}
const clickhouseArguments: unknown = JSON.parse(encodedArguments);

process.stdin.on('close', () => process.kill(process.pid, 'SIGKILL'));
process.stdin.on('error', () => process.kill(process.pid, 'SIGKILL'));
process.stdin.resume();

open({ library: 'chdb', path: library });
// A thread of its own, because the call returns only when the server ends, and this one has to watch
// the lifeline.
await load({
  library: 'chdb',
  funcName: 'chdb_query_cmdline',
  retType: DataType.External,
  paramsType: [DataType.I32, DataType.StringArray],
  paramsValue: [
    Array.isArray(clickhouseArguments) ? clickhouseArguments.length : 0,
    clickhouseArguments,
  ],
  runInNewThread: true,
});
process.exit(1);
