/**
 * Where the engine of the embedded ClickHouse is: nothing in, the path of chdb's shared library out.
 */
import { createRequire } from 'node:module';
import { EmbeddedServerError } from '../errors.ts';

/**
 * The path of the library of the optional package `chdb`.
 * @throws EmbeddedServerError `NOT_INSTALLED` when `chdb` or `ffi-rs` is missing or has no
 * binary for this platform.
 */
export async function findEngine(): Promise<string> {
  try {
    createRequire(import.meta.url).resolve('ffi-rs');
    const { libchdbPath } = await import('chdb/libchdb');
    return libchdbPath();
  } catch (cause) {
    throw new EmbeddedServerError(
      'NOT_INSTALLED',
      'the embedded ClickHouse needs the optional packages chdb and ffi-rs, which are not installed ' +
        `for ${process.platform}-${process.arch}: install them (npm install chdb ffi-rs), or set ` +
        'CLICKHOUSE_URL to use a ClickHouse of your own',
      { cause },
    );
  }
}
