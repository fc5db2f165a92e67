/** All that is done to the processor and to what it stands on, each while records are being sent. */
import { changedLogs } from './changed-logs.ts';
import { deadProcesses } from './dead-processes.ts';
import { refusedWrites } from './refused-writes.ts';
import type { Scenario } from './scenario.ts';
import { badNetworks } from './bad-networks.ts';

const undisturbed: Scenario = {
  name: 'nothing happens',
  async play({ run }) {
    await run();
  },
};

export const SCENARIOS: readonly Scenario[] = [
  undisturbed,
  ...deadProcesses,
  ...badNetworks,
  ...refusedWrites,
  ...changedLogs,
];

export function scenario(name: string): Scenario {
  const found = SCENARIOS.find((one) => one.name === name);
  if (found === undefined) throw new Error(`no scenario is named "${name}"`);
  return found;
}
