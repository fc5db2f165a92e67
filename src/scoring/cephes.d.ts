/** What we use of cephes, whose own types its entry for ES modules does not name. */
declare module 'cephes' {
  /** Resolves when the functions can be called. */
  export const compiled: Promise<void>;
  /** Complementary error function. */
  export function erfc(x: number): number;
  /** Complement of the regularised incomplete gamma function. */
  export function igamc(a: number, x: number): number;
  /** Logarithm of the gamma function's absolute value. */
  export function lgam(x: number): number;
  /** Digamma function. */
  export function psi(x: number): number;
}
