/** In: the seed of the run. Out: a line before the first test and one after the last that say how to repeat it. */

export function setup(): void {
  announce();
}

export function teardown(): void {
  announce();
}

function announce(): void {
  process.stdout.write(
    `seed ${process.env['SEED']} (repeat: SEED=${process.env['SEED']} npm test)\n`,
  );
}
