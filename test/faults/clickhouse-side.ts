/** An embedded ClickHouse as a process of its own that can be killed, started again and set back. */
import { spawnSync } from 'node:child_process';
import { cp, mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startEmbeddedClickHouse } from '../../src/embedded/clickhouse/clickhouse.ts';

export interface ClickHouseSide extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  kill9(): Promise<void>;
  /** On the same port, with the same data. */
  restart(): Promise<void>;
  /** Copies the data of a server that was killed; resolves with what puts the copy in its place. */
  copyData(): Promise<() => Promise<void>>;
  /** Takes all that is left of its disk; resolves with what gives it back. Only on a small disk. */
  fillDisk(): Promise<() => Promise<void>>;
}

export async function clickHouseSide(
  options: { disk?: 'any' | 'small' } = {},
): Promise<ClickHouseSide> {
  const folder = await mkdtemp(join(tmpdir(), 'tidemark-faults-'));
  const small = options.disk === 'small';
  if (small && !mountSmallDisk(folder)) throw new Error('a small disk cannot be mounted here');
  const dataDir = join(folder, 'data');
  let server = await startEmbeddedClickHouse({ dataDir });
  const { url, port } = server;
  const storage = join(dataDir, 'clickhouse');
  return {
    url,
    port,
    kill9: () => server.close(),
    async restart() {
      server = await startEmbeddedClickHouse({ dataDir, port });
    },
    async copyData() {
      const copy = join(folder, 'copy');
      await cp(storage, copy, { recursive: true });
      return async () => {
        await rm(storage, { recursive: true });
        await cp(copy, storage, { recursive: true });
      };
    },
    async fillDisk() {
      const filler = join(folder, 'filler');
      const piece = Buffer.alloc(1024 * 1024);
      await using file = await open(filler, 'w');
      for (let left = true; left;) {
        // Slower than an insert, as disks fill.
        await sleep(10);
        left = await file.write(piece).then(
          () => true,
          () => false,
        );
      }
      return () => rm(filler);
    },
    async [Symbol.asyncDispose]() {
      await server.close();
      if (small) spawnSync('umount', [folder]);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

const SMALL_DISK = 'size=160m';

/** A file system of its own in memory; needs the right to mount one. */
function mountSmallDisk(folder: string): boolean {
  return spawnSync('mount', ['-t', 'tmpfs', '-o', SMALL_DISK, 'tmpfs', folder]).status === 0;
}

export function smallDiskIsPossible(): boolean {
  return process.platform === 'linux' && process.getuid?.() === 0;
}
