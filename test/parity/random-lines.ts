/** In: a seed. Out: order lines of few customers and articles, with every case that the definitions tell apart. */
import { Random } from '../../src/traffic/random.ts';
import type { PlainLine } from './order-line.ts';
import { dateOfDay } from './user-day.ts';

/** Every case that is too rare to wait for: each line changes what it names of an ordinary one. */
const CASES: readonly Partial<PlainLine>[] = [
  // Two countries on one day, equally often, one of them under two names.
  { customer: 'two-countries', invoice: 'i1', country: 'EIRE' },
  { customer: 'two-countries', invoice: 'i2', country: 'Ireland' },
  { customer: 'two-countries', invoice: 'i3', country: 'France' },
  { customer: 'two-countries', invoice: 'i3', country: 'France' },
  // Returns only, and before anything was bought; by quantity, by invoice, with and without a price.
  { customer: 'returns-only', invoice: 'C1', quantity: -3 },
  { customer: 'returns-only', invoice: 'C2', quantity: 4 },
  { customer: 'returns-only', invoice: 'i4', quantity: -1, price: 0 },
  { customer: 'returned-first', invoice: 'C3', quantity: -2, time: '2020-12-01 10:00:00' },
  { customer: 'returned-first', invoice: 'i5', time: '2021-01-05 10:00:00' },
  // Equal in everything.
  { customer: 'tie-a', invoice: 'i6' },
  { customer: 'tie-b', invoice: 'i7' },
  { customer: 'tie-c', invoice: 'i8' },
  // One invoice on two days and by two sources is one order.
  { customer: 'over-midnight', invoice: 'i9', time: '2021-01-04 23:59:59' },
  { customer: 'over-midnight', invoice: 'i9', time: '2021-01-05 00:00:01' },
  { customer: 'over-midnight', invoice: 'i9', source: 'file:b', time: '2021-01-05 00:00:01' },
  // In a country that is none, wholly and in part.
  { customer: 'nowhere', invoice: 'i10', country: 'Unspecified' },
  { customer: 'partly-nowhere', invoice: 'i11', country: 'European Community' },
  { customer: 'partly-nowhere', invoice: 'i12', country: null },
  // What is no sale.
  { customer: 'no-sale', invoice: 'i13', price: 0 },
  { customer: 'no-sale', invoice: 'i14', code: 'm' },
  { customer: 'no-sale', invoice: 'i15', code: 'bank charges' },
  { customer: 'no-sale', invoice: 'A16', description: 'Adjust bad debt', price: -110_620_600 },
  { customer: 'no-sale', invoice: 'i17', description: null },
  { customer: '', invoice: 'i18' },
  { customer: 'no-sale', invoice: 'C19', code: 'POST', quantity: -1 },
  { customer: 'negative', invoice: 'i20', price: -25_000 },
  // Codes are compared whole, and articles as they are written.
  { customer: 'codes', invoice: 'i21', code: 'POSTER' },
  { customer: 'codes', invoice: 'i22', code: '84029e' },
  { customer: 'codes', invoice: 'i23', code: '84029E', price: 20_000 },
  // Two prices: one after the other, in turns, meeting in one instant; three prices.
  { code: 'after', price: 10_000, time: '2021-01-01 10:00:00' },
  { code: 'after', price: 10_000, time: '2021-01-02 10:00:00' },
  { code: 'after', price: 12_500, time: '2021-01-02 10:00:01' },
  { code: 'turns', price: 10_000, time: '2021-01-01 10:00:00' },
  { code: 'turns', price: 12_500, time: '2021-01-02 10:00:00' },
  { code: 'turns', price: 10_000, time: '2021-01-03 10:00:00' },
  { code: 'meets', price: 10_000, time: '2021-01-02 10:00:00' },
  { code: 'meets', price: 12_500, time: '2021-01-02 10:00:00' },
  { code: 'three', price: 10_000 },
  { code: 'three', price: 10_001 },
  { code: 'three', price: 10_002 },
  { code: 'once-free', price: 10_000 },
  { code: 'once-free', price: 0 },
  // Its only other price is that of a return.
  { code: 'returned-at-another-price', price: 10_000 },
  { code: 'returned-at-another-price', price: 9_000, quantity: -1 },
];

const ORDINARY: Omit<PlainLine, 'id'> = {
  source: 'file:a',
  customer: 'ordinary',
  invoice: 'i0',
  code: 'mug',
  description: 'A MUG',
  quantity: 2,
  price: 31_500,
  time: '2021-01-05 09:00:00',
  country: 'United Kingdom',
};

const COUNTRIES = ['United Kingdom', 'EIRE', 'RSA', 'USA', 'France', 'Unspecified', null];
const CODES = ['mug', 'bowl', 'BOWL', 'lamp', 'POST', 'M', 'D'];
const FIRST_DAY = 18_600;

export function randomLines(seed: number): readonly PlainLine[] {
  const random = new Random(seed);
  const pick = <T>(choices: readonly T[]) => choices[random.below(choices.length)]!;
  const drawn = Array.from({ length: random.between(0, 160) }, (): Omit<PlainLine, 'id'> => {
    // Mostly old: then some are churned, and days without anybody lie between.
    const day = FIRST_DAY + random.below(random.permille(500) ? 30 : 150);
    const invoice = `${random.permille(100) ? 'C' : ''}${day}-${random.below(3)}`;
    return {
      source: pick(['file:a', 'file:b', 'order-lines/0']),
      customer: random.permille(100) ? '' : `c${random.below(14)}`,
      invoice,
      code: pick(CODES),
      description: random.permille(50) ? null : 'SOMETHING',
      quantity: random.between(1, 12) * (random.permille(80) ? -1 : 1),
      price: random.permille(50) ? 0 : pick([9_500, 12_500, 12_501, 100_000]),
      time: `${dateOfDay(day)} ${random.between(10, 23)}:${random.between(10, 59)}:00`,
      country: pick(COUNTRIES),
    };
  });
  const cases = CASES.map((line) => ({ ...ORDINARY, ...line }));
  return [...cases, ...drawn].map((line, at) => ({ ...line, id: `line-${at}` }));
}
