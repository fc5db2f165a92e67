/**
 * A ClickHouse whose users have certain rights. In: grants by user, as SQL. Out: an embedded server in a
 * temporary folder, and a client of each user.
 *
 * It keeps no roles, so what a role is granted is granted to a user, by a file of users.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ClickHouseClient } from '@clickhouse/client';
import { findEngine } from '../../src/embedded/clickhouse/engine.ts';
import { startServer } from '../../src/embedded/embedded-server.ts';
import { programArguments } from '../../src/embedded/launch.ts';
import { openClickHouse } from '../../src/warehouse/clickhouse-client.ts';

export interface ClickHouseWithUsers extends AsyncDisposable {
  /** Of the user `default`, who may do everything, or of another one. */
  client(user?: string): ClickHouseClient;
}

const SERVER = new URL('../../src/embedded/clickhouse/server-process', import.meta.url);

export async function clickHouseWithUsers(
  grants: Readonly<Record<string, readonly string[]>>,
): Promise<ClickHouseWithUsers> {
  const dataDir = await mkdtemp(join(tmpdir(), 'tidemark-users-'));
  const config = join(dataDir, 'users.xml');
  await writeFile(config, configuration(config, grants));
  const engine = await findEngine();
  const server = await startServer(
    {
      title: 'ClickHouse',
      name: 'clickhouse',
      portSetting: 'CLICKHOUSE_PORT',
      arguments: ({ storage }, port) => [
        ...programArguments(SERVER),
        engine,
        JSON.stringify([
          'clickhouse',
          `--config-file=${config}`,
          '--listen_host=127.0.0.1',
          `--http_port=${port}`,
          `--path=${storage}`,
          '--query',
          'CREATE DATABASE IF NOT EXISTS tidemark ENGINE = Atomic; SYSTEM START LISTEN HTTP; ' +
            'SELECT sleepEachRow(3) FROM system.numbers FORMAT Null SETTINGS max_block_size = 1',
        ]),
      ],
      serves: async (port) => {
        const answer = await fetch(`http://127.0.0.1:${port}/ping`).catch(() => undefined);
        return answer?.ok === true;
      },
      lockedMessage: 'Cannot lock file',
      portTakenMessage: 'Address already in use',
    },
    { dataDir },
  );
  const clients: ClickHouseClient[] = [];
  return {
    client(user = 'default') {
      const url = `http://${user}@127.0.0.1:${server.port}/tidemark`;
      const client = openClickHouse({ url });
      clients.push(client);
      return client;
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(clients.map((client) => client.close()));
      await server.close();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

function configuration(path: string, grants: Readonly<Record<string, readonly string[]>>): string {
  const user = (name: string, rights: string) =>
    `<${name}><password></password><networks><ip>127.0.0.1</ip></networks><profile>default</profile><quota>default</quota>${rights}</${name}>`;
  const granted = Object.entries(grants).map(([name, statements]) => {
    const queries = statements.map((statement) => `<query>${escaped(statement)}</query>`).join('');
    return user(name, `<grants>${queries}</grants>`);
  });
  const everything = user('default', '<access_management>1</access_management>');
  return `<clickhouse>
  <users_config>${path}</users_config>
  <profiles><default/></profiles>
  <quotas><default/></quotas>
  <users>${everything}${granted.join('')}</users>
</clickhouse>`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
