/**
 * The child process that is the embedded ClickHouse server. In: the path of chdb's library and the
 * arguments of `clickhouse local` (JSON), as two command-line arguments. Out: a server on loopback,
 * what ClickHouse complains about on stderr, exit status 1 when it ends by itself.
 */
import { DataType, load, open } from 'ffi-rs';
import { dieWithParent } from '../lifeline.ts';

const [, , library, encodedArguments] = process.argv;
if (library === undefined || encodedArguments === undefined) {
  throw new Error(
    'expected two arguments: the path of libchdb and the arguments of clickhouse local',
  );
}
const clickhouseArguments: unknown = JSON.parse(encodedArguments);

dieWithParent();

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
