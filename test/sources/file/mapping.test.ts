import { expect, test } from 'vitest';
import { recordsOf, temporaryFolder } from './support.ts';

const HEADER = 'event_id,user_id,event_type,event_time';
const ROW = 'e1,u1,page_view,2021-02-11T23:55:34Z';

async function oneRecord(csv: string, mapping: object | null, options = {}) {
  await using folder = await temporaryFolder();
  const [first] = await recordsOf(await folder.write('a.csv', csv), mapping, options);
  return first!.record as Record<string, unknown>;
}

async function refusal(csv: string, mapping: object | null): Promise<unknown> {
  await using folder = await temporaryFolder();
  return await recordsOf(await folder.write('a.csv', csv), mapping).then(
    () => 'no refusal',
    (error: unknown) => (error as Error).message.replace(/\S+(?=a\.csv)/, ''),
  );
}

test('columns that have the name of a field need no entry, others are not taken', async () => {
  const record = await oneRecord(`${HEADER},other\n${ROW},x`, null);
  expect(record).toMatchObject({
    event_id: 'e1',
    user_id: 'u1',
    event_type: 'page_view',
    event_time: 1_613_087_734_000_000,
    platform: null,
    properties: {},
  });
});

test('"column": another name', async () => {
  const record = await oneRecord(`${HEADER},sid\n${ROW},s1`, { producer_session_id: 'sid' });
  expect(record['producer_session_id']).toBe('s1');
});

test('{"column", "default"}: the default stands in for empty cells', async () => {
  const mapping = { platform: { column: 'p', default: 'web' } };
  expect((await oneRecord(`${HEADER},p\n${ROW},`, mapping))['platform']).toBe('web');
  expect((await oneRecord(`${HEADER},p\n${ROW},ios`, mapping))['platform']).toBe('ios');
});

test('{"value"}: a constant', async () => {
  expect((await oneRecord(`${HEADER}\n${ROW}`, { country: { value: 'ID' } }))['country']).toBe(
    'ID',
  );
  const miles = await oneRecord(`${HEADER}\n${ROW}`, { miles_amount: { value: 5 } });
  expect(miles['miles_amount']).toBe(5);
});

test('{"template"}: columns and the number of the row', async () => {
  const mapping = { event_id: { template: '{user_id}-{event_type}-{@row}!' } };
  const record = await oneRecord(`${HEADER}\n${ROW}`, mapping);
  expect(record['event_id']).toBe('u1-page_view-1!');
});

test('null: the field stays empty although a column has its name', async () => {
  const record = await oneRecord(`${HEADER},country\n${ROW},ID`, { country: null });
  expect(record['country']).toBeNull();
});

test('{"column", "strip_decimal"}: 17850.0 is the id 17850', async () => {
  const mapping = { user_id: { column: 'customer', strip_decimal: true } };
  const record = await oneRecord(`${HEADER},customer\n${ROW},17850.0`, mapping);
  expect(record['user_id']).toBe('17850');
});

test('"properties": extra columns are kept, without empty ones', async () => {
  const csv = `${HEADER},segment,tier,note\n${ROW},gold,,hi`;
  const record = await oneRecord(csv, { properties: ['segment', 'tier', 'note'] });
  expect(record['properties']).toEqual({ note: 'hi', segment: 'gold' });
});

test('"where": only some rows are taken', async () => {
  await using folder = await temporaryFolder();
  const path = await folder.write('a.csv', `${HEADER},k\n${ROW},a\n${ROW},\n${ROW},b`);
  const taken = async (where: object) =>
    (await recordsOf(path, { where })).map(({ record }) => record !== 'left out');
  expect(await taken({ column: 'k', not_empty: true })).toEqual([true, false, true]);
  expect(await taken({ column: 'k', in: ['b', 'c'] })).toEqual([false, false, true]);
});

test.each([
  ['2021-02-11T23:55:34Z', 1_613_087_734_000_000],
  ['2021-02-11 23:55:34', 1_613_087_734_000_000],
  ['2021-02-11 23:55:34.123456', 1_613_087_734_123_456],
  ['2021-02-11T23:55:34.1234567+07:00', 1_613_062_534_123_456],
  ['2021-02-11 23:55', 1_613_087_700_000_000],
  ['2021-02-11', 1_613_001_600_000_000],
  ['1969-12-31T23:59:59.999999Z', -1],
])('the time %s is read to the microsecond', async (text, micros) => {
  const record = await oneRecord(`${HEADER}\ne,u,t,${text}`, null);
  expect(record['event_time']).toBe(micros);
});

test.each([
  ['epoch_s', '1613087734', 1_613_087_734_000_000],
  ['epoch_s', '1613087734.123456', 1_613_087_734_123_456],
  ['epoch_ms', '1613087734123', 1_613_087_734_123_000],
  ['epoch_us', '1613087734123456', 1_613_087_734_123_456],
  ['epoch_s', '1613087734.0', 1_613_087_734_000_000],
])('a time of format %s: %s', async (format, text, micros) => {
  const record = await oneRecord(`${HEADER}\ne,u,t,${text}`, {
    event_time: { column: 'event_time', format },
  });
  expect(record['event_time']).toBe(micros);
});

test('a time without a zone is local time; shown twice it is the first, skipped it goes on', async () => {
  const at = async (text: string, timezone: string) =>
    new Date(
      Number((await oneRecord(`${HEADER}\ne,u,t,${text}`, null, { timezone }))['event_time']) /
        1000,
    ).toISOString();
  expect(await at('2021-02-11 23:55:34', 'Asia/Jakarta')).toBe('2021-02-11T16:55:34.000Z');
  expect(await at('2021-02-11T23:55:34Z', 'Asia/Jakarta')).toBe('2021-02-11T23:55:34.000Z');
  expect(await at('2021-07-01 12:00:00', 'Europe/Berlin')).toBe('2021-07-01T10:00:00.000Z');
  expect(await at('2021-10-31 02:30:00', 'Europe/Berlin')).toBe('2021-10-31T00:30:00.000Z');
  expect(await at('2021-10-31 03:30:00', 'Europe/Berlin')).toBe('2021-10-31T02:30:00.000Z');
  expect(await at('2021-03-28 02:30:00', 'Europe/Berlin')).toBe('2021-03-28T01:30:00.000Z');
  expect(await at('2021-03-28 03:30:00', 'Europe/Berlin')).toBe('2021-03-28T01:30:00.000Z');
});

test.each(['516', '516.0', '516.', '+516', ' 516 '])('%s is the whole number 516', async (text) => {
  const record = await oneRecord(`${HEADER},miles_amount\n${ROW},${text}`, null);
  expect(record['miles_amount']).toBe(516);
});

test.each([
  ['miles_amount', '516.5', 'miles_amount_malformed'],
  ['miles_amount', 'many', 'miles_amount_malformed'],
  ['miles_amount', '9223372036854775808', 'miles_amount_out_of_range'],
  ['event_time', '2021-02-30', 'event_time_malformed'],
  ['event_time', '1613087734', 'event_time_malformed'],
  ['event_time', '', 'event_time_missing'],
])('what Avro cannot hold is a fault of its row: %s=%s', async (field, text, code) => {
  const row: Record<string, string> = {
    event_id: 'e',
    user_id: 'u',
    event_type: 't',
    event_time: '2021-01-01',
    miles_amount: '',
    [field]: text,
  };
  await using folder = await temporaryFolder();
  const path = await folder.write(
    'a.csv',
    `${Object.keys(row).join(',')}\n${Object.values(row).join(',')}`,
  );
  expect((await recordsOf(path)).map(({ record }) => record)).toEqual([code]);
});

test('breaches of rules that Avro can hold are encoded as they are', async () => {
  await using folder = await temporaryFolder();
  const path = await folder.write('a.csv', `${HEADER},miles_amount\ne1,,Not Snake,1970-01-01,-5`);
  const [{ key, record } = { key: null, record: '' }] = await recordsOf(path);
  expect(key).toBe('');
  expect(record).toMatchObject({
    user_id: '',
    event_type: 'Not Snake',
    event_time: 0,
    miles_amount: -5,
  });
});

test('an event without an id gets a hash of its content: equal for equal rows, in any format', async () => {
  await using folder = await temporaryFolder();
  const csv = await folder.write(
    'a.csv',
    `${HEADER},b,a\n,u1,page_view,2021-01-01 00:00:00,2,1\n,u1,page_view,2021-01-01 00:00:01,2,1\n`,
  );
  const ndjson = await folder.write(
    'a.ndjson',
    '{"user_id":"u1","event_type":"page_view","event_time":"2021-01-01T00:00:00Z","properties":{"a":1,"b":"2"}}',
  );
  const ids = async (path: string, mapping: object | null) =>
    (await recordsOf(path, mapping)).map(({ record }) => (record as { event_id: string }).event_id);
  const [first, second] = await ids(csv, { properties: ['b', 'a'] });
  expect(first).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(second).not.toBe(first);
  expect(await ids(ndjson, null)).toEqual([first]);
});

test('order lines: prices, quantities and keys', async () => {
  await using folder = await temporaryFolder();
  const path = await folder.write(
    'a.csv',
    'InvoiceNo,StockCode,Quantity,InvoiceDate,UnitPrice,CustomerID\n' +
      '536365,85123A,-6.0,2010-12-01 08:26:00,2.55,17850.0\n' +
      '536366,M,1,2010-12-01,-11062.06,\n' +
      '536367,X,1,2010-12-01,0.00001,\n' +
      '536368,X,3000000000,2010-12-01,1,\n',
  );
  const mapping = {
    line_id: { template: '{InvoiceNo}-{@row}' },
    invoice_no: 'InvoiceNo',
    stock_code: 'StockCode',
    quantity: 'Quantity',
    invoiced_at: 'InvoiceDate',
    unit_price: 'UnitPrice',
    customer_id: { column: 'CustomerID', strip_decimal: true },
  };
  const records = await recordsOf(path, mapping, { schema: 'order-line' });
  const unscaled = (record: unknown) => {
    const bytes = (record as { unit_price: Buffer }).unit_price;
    return BigInt.asIntN(bytes.length * 8, BigInt(`0x${bytes.toString('hex')}`));
  };
  expect(records[0]).toMatchObject({
    key: '17850',
    record: { line_id: '536365-1', quantity: -6, customer_id: '17850' },
  });
  expect(unscaled(records[0]!.record)).toBe(25_500n);
  expect(records[1]).toMatchObject({ key: null, record: { customer_id: null } });
  expect(unscaled(records[1]!.record)).toBe(-110_620_600n);
  expect(records[2]!.record).toBe('unit_price_malformed');
  expect(records[3]!.record).toBe('quantity_out_of_range');
});

test.each([
  [
    { user_id: 'userid' },
    'mapping map.json: user_id takes column "userid", which a.csv does not have; it has event_id, user_id, event_type, event_time',
  ],
  [
    { event_id: { template: '{nope}' } },
    'mapping map.json: event_id takes column "nope", which a.csv does not have; it has event_id, user_id, event_type, event_time',
  ],
  [
    { where: { column: 'nope', not_empty: true } },
    'mapping map.json: where takes column "nope", which a.csv does not have; it has event_id, user_id, event_type, event_time',
  ],
  [{ user_id: null }, 'mapping map.json: user_id may not be empty in stream app-events'],
  [{ user_id: ['user_id'] }, 'mapping map.json: user_id takes one column, not a list'],
])(
  'a mapping that does not fit the file names the field and the columns: %j',
  async (mapping, text) => {
    expect(await refusal(`${HEADER}\n${ROW}`, mapping)).toBe(text);
  },
);

test('a mapping of an unknown field names the fields there are', async () => {
  expect(await refusal(`${HEADER}\n${ROW}`, { userid: 'user_id' })).toMatch(
    /^mapping map\.json: stream app-events has no field "userid"; its fields are event_id, user_id, /,
  );
});

test('a field that must have a value and has no column is named with the columns', async () => {
  expect(await refusal('event_id,user,event_type,event_time\n', null)).toBe(
    'mapping no mapping: user_id of stream app-events has no column of its name in a.csv; say which of its columns it takes: event_id, user, event_type, event_time',
  );
});

test.each([
  [{ user_id: 5 }, /user_id must be one of the forms/],
  [{ user_id: { colum: 'x' } }, /user_id must be one of the forms/],
  [{ event_time: { column: 'x', format: 'epoch' } }, /event_time must be one of the forms/],
  [{ where: { column: 'x' } }, /where must be \{"column"/],
  [[], /mapping map\.json must be an object/],
])('a mapping of no known form is refused: %j', async (mapping, text) => {
  expect(await refusal(`${HEADER}\n${ROW}`, mapping)).toMatch(text);
});
