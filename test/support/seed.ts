/** In: the environment's SEED. Out: the same seed for fast-check and for every other random choice of a test. */
import fc from 'fast-check';

/** A whole number from 0 to 2^31 − 1, the same in all test files of one run. */
export const seed = Number(process.env['SEED']);

fc.configureGlobal({ seed });
