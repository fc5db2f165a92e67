/** A ClickHouse that answers, and does not do what it is asked. */
import { eventually } from '../support/eventually.ts';
import { pausedEarly } from './load.ts';
import type { Scenario } from './scenario.ts';

const fullDisk: Scenario = {
  name: 'a full disk',
  needs: 'a small disk',
  async play(arena) {
    await pausedEarly(arena.load);
    const processor = await arena.run();
    await arena.goesOn('the first start');
    const free = await arena.clickhouse.fillDisk();
    arena.load.resume();
    await eventually('an insert is tried again', async () => {
      return ((await processor.metric('tidemark_retries_total')) ?? 0) > 2;
    });
    await arena.anyMoment(1_000, 2_000);
    const stood = await arena.stored();
    await free();
    await arena.goesOn('a full disk');
    arena.notes.push(`a tmpfs of 160 MB filled to its end; it stood at ${stood} records`);
  },
};

/** Refuses as for a full disk, where none can be mounted. */
const noSpaceLeft: Scenario = {
  name: 'no space left, says ClickHouse',
  async play(arena) {
    await pausedEarly(arena.load);
    const processor = await arena.run();
    await arena.goesOn('the first start');
    for (const table of ['user_day_rows', 'events_rows', 'source_progress_rows']) {
      const setting = 'min_free_disk_bytes_to_perform_insert';
      await arena.load.pause();
      const before = (await processor.metric('tidemark_retries_total')) ?? 0;
      await arena.world.client.command({
        query: `ALTER TABLE ${table} MODIFY SETTING ${setting} = ${10n ** 18n}`,
      });
      arena.load.resume();
      await eventually('an insert is tried again', async () => {
        return ((await processor.metric('tidemark_retries_total')) ?? 0) > before;
      });
      await arena.world.client.command({ query: `ALTER TABLE ${table} RESET SETTING ${setting}` });
      await arena.goesOn(`no space for ${table}`);
    }
  },
};

const poison: Scenario = {
  name: 'a view that throws at every insert',
  async play(arena) {
    await pausedEarly(arena.load);
    const first = await arena.run();
    await arena.goesOn('the first start');
    arena.load.resume();
    await arena.world.client.command({
      query: `CREATE MATERIALIZED VIEW poison ENGINE = Memory
              AS SELECT throwIf(events > 0, 'poisoned') AS thrown FROM user_day_rows`,
    });
    const { status, stderr } = await first.ended;
    if (status !== 1) throw new Error(`it ended with status ${status}, not 1:\n${stderr}`);
    if (!/user_day_rows.*poisoned/s.test(stderr))
      throw new Error(`it does not say why:\n${stderr}`);
    await arena.world.client.command({ query: 'DROP TABLE poison SYNC' });
    await arena.run();
    await arena.goesOn('the end of the view');
  },
};

export const refusedWrites: readonly Scenario[] = [fullDisk, noSpaceLeft, poison];
