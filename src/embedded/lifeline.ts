/**
 * Standard input is the lifeline of an embedded server: the parent holds its other end and never writes.
 * It closes with the parent however that ends, and this process then kills itself: a crash is the only
 * way it ever stops, so that stopping is as safe as crashing.
 */
export function dieWithParent(): void {
  process.stdin.on('close', () => process.kill(process.pid, 'SIGKILL'));
  process.stdin.on('error', () => process.kill(process.pid, 'SIGKILL'));
  process.stdin.resume();
}
