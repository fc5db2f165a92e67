/**
 * In: numbers. Out: values of the functions that statistics needs and JavaScript lacks, to some 15 digits
 * (Moshier's Cephes library, compiled to WebAssembly).
 */
import { compiled, erfc, igamc, lgam, psi } from 'cephes';

await compiled;

/** The 97.5 % point of the standard normal distribution: half the width of a 95 % interval in standard errors. */
export const NORMAL_975 = 1.959963984540054;

/** Logarithm of the gamma function; x > 0. */
export function logGamma(x: number): number {
  return lgam(x);
}

/** Derivative of `logGamma`; x > 0. */
export function digamma(x: number): number {
  return psi(x);
}

/** Probability that a standard normal variable is at least as far from 0 as z; 0 below 1e-290. */
export function normalTwoSided(z: number): number {
  const distance = Math.abs(z) / Math.SQRT2;
  // Cephes throws where the result is too small for a number.
  return distance > 25.7 ? 0 : erfc(distance);
}

/** Probability that a chi-square variable with so many degrees of freedom (≥ 1) exceeds x ≥ 0; 0 below 1e-300. */
export function chiSquareTail(x: number, degrees: number): number {
  if (x <= 0) return 1;
  const [a, half] = [degrees / 2, x / 2];
  return half > a && a * Math.log(half) - half - lgam(a) < -690 ? 0 : igamc(a, half);
}
