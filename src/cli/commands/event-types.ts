import type { Command } from 'commander';
import { UsageError } from '../exit-status.ts';
import type { Invocation } from '../invocation.ts';
export function define(command: Command, _: Invocation): void {
  command.action(() => {
    throw new UsageError('later');
  });
}
