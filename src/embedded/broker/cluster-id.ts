/** In: the folder of a broker. Out: how brokers of different folders are told apart. */
import { createHash } from 'node:crypto';

/** @param folder absolute and without symbolic links */
export function clusterIdOf(folder: string): string {
  return `development-${createHash('sha256').update(folder).digest('base64url').slice(0, 22)}`;
}
