/** In: nothing. Out: what a long computation calls between its steps, so that others get their turn. */

/** Is awaited between two passes over the data; what it throws ends the computation. */
export type Breath = () => Promise<void>;

/** For computations that are short, or alone. */
export async function withoutPause(): Promise<void> {}
