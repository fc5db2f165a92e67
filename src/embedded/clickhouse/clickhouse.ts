/**
 * The embedded ClickHouse. In: a data folder. Out: a real ClickHouse server on loopback that serves
 * it, started in a child process, or the one that another process has already started there.
 */
import { dirname, join } from 'node:path';
import type { DataFolder } from '../data-folder.ts';
import { startServer } from '../embedded-server.ts';
import type { EmbeddedServer, EmbeddedServerOptions, ServerKind } from '../embedded-server.ts';
import { programArguments } from '../launch.ts';
import { findEngine } from './engine.ts';

export interface EmbeddedClickHouse extends EmbeddedServer {
  /** `http://127.0.0.1:PORT/tidemark` */
  readonly url: string;
}

/** The database that all tables live in. */
const DATABASE = 'tidemark';

/**
 * Starts the server of a data folder, or finds the one that is running there. It ends with the
 * process that started it, however that ends.
 * @throws EmbeddedServerError
 */
export async function startEmbeddedClickHouse(
  options: EmbeddedServerOptions,
): Promise<EmbeddedClickHouse> {
  const engine = await findEngine();
  const server = await startServer(clickHouse(engine), options);
  return { ...server, url: `http://127.0.0.1:${server.port}/${DATABASE}` };
}

function clickHouse(engine: string): ServerKind {
  return {
    title: 'ClickHouse',
    name: 'clickhouse',
    portSetting: 'CLICKHOUSE_PORT',
    arguments: (folder, port) => [
      ...programArguments(new URL('./server-process', import.meta.url)),
      engine,
      JSON.stringify(clickhouseArguments(folder, port)),
    ],
    serves: servesFolder,
    lockedMessage: 'Cannot lock file',
    portTakenMessage: 'Address already in use',
  };
}

/** Whether the server that listens on this port, if any, is the one that serves this folder. */
async function servesFolder(port: number, folder: DataFolder): Promise<boolean> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}/`, {
      method: 'POST',
      body: `SELECT path FROM system.disks WHERE name = 'default' FORMAT TSVRaw`,
      signal: AbortSignal.timeout(5_000),
    });
    return (await response.text()).trim() === `${folder.storage}/`;
  } catch {
    return false;
  }
}

function clickhouseArguments(folder: DataFolder, port: number): string[] {
  return [
    'clickhouse',
    '--listen_host=127.0.0.1',
    `--http_port=${port}`,
    `--path=${folder.storage}`,
    '--query',
    'CREATE DATABASE IF NOT EXISTS tidemark ENGINE = Atomic; ' +
      'SYSTEM START LISTEN HTTP; ' +
      'SELECT sleepEachRow(3) FROM system.numbers FORMAT Null SETTINGS max_block_size = 1',
    '--',
    // It shares the machine with its owner: half of the memory, and caches that fit a laptop.
    '--max_server_memory_usage_to_ram_ratio=0.5',
    '--mark_cache_size=268435456',
    '--primary_index_cache_size=268435456',
    // Longer than any client keeps an idle connection, so that none is closed under a request.
    '--keep_alive_timeout=60',
    // Where BACKUP … TO File('NAME') puts it.
    `--backups.allowed_path=${join(dirname(folder.storage), 'backups')}`,
  ];
}
