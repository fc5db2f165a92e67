import { ClickHouseError } from '@clickhouse/client';
import { expect, test } from 'vitest';
import { warehouseError } from '../../src/warehouse/errors.ts';

function refusal(code: string): ClickHouseError {
  return new ClickHouseError({ message: 'no', code, type: 'X' });
}

test.each(['159', '202', '209', '210', '241', '242', '252', '319', '425', '745', '999'])(
  'ClickHouse error %s passes',
  (code) => {
    expect(warehouseError(refusal(code), 'insert')).toMatchObject({ code, retryable: true });
  },
);

test.each(['16', '27', '47', '60', '62', '81', '497', '516'])(
  'ClickHouse error %s does not pass by itself',
  (code) => {
    expect(warehouseError(refusal(code), 'insert')).toMatchObject({ code, retryable: false });
  },
);

test.each(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'EAI_AGAIN'])(
  'the network error %s passes',
  (code) => {
    const thrown = Object.assign(new Error('down'), { code });
    expect(warehouseError(thrown, 'insert')).toMatchObject({
      code,
      retryable: true,
      cause: thrown,
    });
  },
);

test.each(['ERR_TLS_CERT_ALTNAME_INVALID', 'SELF_SIGNED_CERT_IN_CHAIN', 'ERR_INVALID_URL'])(
  'the network error %s does not pass by itself',
  (code) => {
    const thrown = Object.assign(new Error('wrong'), { code });
    expect(warehouseError(thrown, 'insert')).toMatchObject({ code, retryable: false });
  },
);

test('a time-out passes, and what was tried is said', () => {
  expect(warehouseError(new Error('Timeout error.'), 'insert into events_rows')).toMatchObject({
    code: 'TIMEOUT',
    retryable: true,
    message: 'could not insert into events_rows: Timeout error.',
  });
});

test('an error that was judged is not judged again', () => {
  const first = warehouseError(refusal('241'), 'insert');
  expect(warehouseError(first, 'something else')).toBe(first);
});
