import { expect, test } from 'vitest';
import { checkOf, shippedChecks } from '../../src/checks/check-file.ts';

test('a file is a promise, what is said of it, and a query', () => {
  expect(
    checkOf(
      'big-baskets',
      `-- warn: No basket is too big.
-- Kind: range
-- Tolerates: 3 rows
-- Error above: 100 rows
-- Stream: order-lines
-- Reads: marts
-- Remedy: ask the shop
--   and wait
-- A remark that is part of nothing.
SELECT 1 WHERE false;
`,
    ),
  ).toMatchObject({
    name: 'big-baskets',
    severity: 'warn',
    promise: 'No basket is too big.',
    kind: 'range',
    tolerates: 3,
    errorAbove: 100,
    stream: 'order-lines',
    readsMarts: true,
    remedy: 'ask the shop and wait',
    query: expect.stringMatching(/SELECT 1 WHERE false$/) as string,
    fault: undefined,
  });
});

test('what is not said is as usual', () => {
  expect(checkOf('plain', '-- error: It holds.\nSELECT 1 WHERE false')).toMatchObject({
    severity: 'error',
    kind: 'expression',
    tolerates: 0,
    errorAbove: undefined,
    stream: 'app-events',
    readsMarts: false,
    remedy: '',
  });
});

test.each([
  ['SELECT 1', /must begin with "-- error: PROMISE" or "-- warn: PROMISE"/],
  ['-- error: x\n-- Kind: odd\nSELECT 1', /Kind must be one of unique, .* got "odd"/],
  ['-- error: x\n-- Stream: tides\nSELECT 1', /Stream must be app-events or .* got "tides"/],
  ['-- error: x\n-- Tolerates: few\nSELECT 1', /Tolerates must be like 10 rows, got "few"/],
  ['-- warn: x\n-- Error above: 3 %\nSELECT 1', /Error above must be like .* got "3 %"/],
])('what a file says wrongly is named: %s', (text, fault) => {
  expect(checkOf('wrong', text).fault).toMatch(fault);
});

test('the files that come with the software are as they should be, and say what to do', async () => {
  for (const { name, fault, remedy } of await shippedChecks()) {
    expect({ name, fault, remedy: remedy !== '' }).toEqual({
      name,
      fault: undefined,
      remedy: true,
    });
  }
});
