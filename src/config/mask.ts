/** In: a setting's text. Out: the same without what is secret in it. */
const MASK = '***';

export function masked(text: string, secret: 'whole' | 'password' | undefined): string {
  if (secret === 'whole') return MASK;
  if (secret === undefined) return text;
  // By text rather than as a URL: what is masked may be too wrong to be one.
  return text
    .replace(/^([^/@]*\/\/)?([^/@:]*):.*@/s, `$1$2:${MASK}@`)
    .replace(/([?&][^=&]*(?:password|secret|token)[^=&]*=)[^&#]*/gi, `$1${MASK}`);
}
