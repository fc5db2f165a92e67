/**
 * A process that owns an embedded ClickHouse, for tests that kill it. In: the data folder. Out: one
 * line of JSON once the server is up.
 */
import { startEmbeddedClickHouse } from '../../src/embedded/clickhouse/clickhouse.ts';

const [, , dataDir] = process.argv;
if (dataDir === undefined) throw new Error('expected the data folder');
const { url, pid, owned } = await startEmbeddedClickHouse({ dataDir });
process.stdout.write(`${JSON.stringify({ url, pid, owned })}\n`);
setInterval(() => {}, 60_000);
