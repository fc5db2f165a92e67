/** Draws texts of any characters that UTF-8 can encode. fast-check's own take seconds to set up. */
import fc from 'fast-check';

const codePoint = fc.oneof(
  fc.integer({ min: 0, max: 0x7f }),
  fc.integer({ min: 0, max: 0xd7ff }),
  fc.integer({ min: 0xe000, max: 0x10ffff }),
);

export function anyText(bounds: { minLength?: number; maxLength: number }): fc.Arbitrary<string> {
  return fc.array(codePoint, bounds).map((points) => String.fromCodePoint(...points));
}
