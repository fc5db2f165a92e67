/** In: a person and draws. Out: everything that this person does within the window, in columns. */
import { NONE, TYPE } from './event-columns.ts';
import type { EventColumns } from './event-columns.ts';
import { weekdayPercent } from './people.ts';
import type { Faithfulness, Person, Window } from './people.ts';
import type { Random } from './random.ts';
import {
  CATEGORIES,
  COUNTRIES,
  EARNING_CATEGORIES,
  FEATURES,
  HOUR_SHARES,
  PRODUCTS,
} from './vocabulary.ts';

const SECOND = 1_000_000;
const HOUR = 3600 * SECOND;
const DAY = 24 * HOUR;

/** By faithfulness: visits per thousand days, relative to those of everybody. In percent. */
const ACTIVITY_PERCENT: Readonly<Record<Faithfulness, number>> = {
  passing: 8,
  casual: 70,
  regular: 220,
  power: 520,
};
/** Most visits of one day. */
const VISITS: Readonly<Record<Faithfulness, number>> = {
  passing: 1,
  casual: 1,
  regular: 2,
  power: 4,
};

export interface LifeOptions {
  /** Number of the user. */
  readonly user: number;
  readonly person: Person;
  readonly window: Window;
  /** Nothing happens after this, in microseconds since 1970. */
  readonly until: number;
  readonly random: Random;
  readonly columns: EventColumns;
}

export class Life {
  readonly #options: LifeOptions;
  readonly #random: Random;
  #balance = 0;
  #session = 0;
  #platform = 0;
  #utmSource: number = NONE;

  constructor(options: LifeOptions) {
    this.#options = options;
    this.#random = options.random;
  }

  live(): void {
    const { person, window } = this.#options;
    const { signUpDay, away } = person;
    for (let day = Math.max(signUpDay, window.firstDay); day <= window.lastDay; day++) {
      if (away !== null && day >= away.from && day <= away.to) continue;
      // Who comes back is as eager as after a week.
      const since = away !== null && day > away.to ? away.to + 1 - 7 : signUpDay;
      const age = day - since;
      if (age === 0 || this.#random.permille(this.#chance(day, age))) this.#spendDay(day);
    }
  }

  /** Of a visit on a day so many days after the first, per thousand. */
  #chance(day: number, age: number): number {
    const { faithfulness } = this.#options.person;
    const chance = dropOff(age) * ACTIVITY_PERCENT[faithfulness] * weekdayPercent(day);
    return Math.min(940, Math.floor(chance / 10_000));
  }

  #spendDay(day: number): void {
    const { person, until } = this.#options;
    const { ahead } = COUNTRIES[person.country]!;
    let visits = this.#random.between(1, VISITS[person.faithfulness]);
    let signsUp = day === person.signUpDay;
    for (; visits > 0; visits--) {
      const hour = (this.#random.weighted(HOUR_SHARES) - ahead + 24) % 24;
      const start = day * DAY + hour * HOUR + this.#random.below(HOUR);
      // The last day is not over: what would come later comes in the hours that it has.
      const latest = until - day * DAY;
      this.#visit(start <= until ? start : day * DAY + this.#random.below(latest), signsUp);
      signsUp = false;
    }
  }

  #visit(start: number, signsUp: boolean): void {
    const random = this.#random;
    const { person } = this.#options;
    let time = start;
    this.#session = random.bits();
    this.#platform = random.permille(150) ? person.otherPlatform : person.platform;
    this.#utmSource = signsUp || random.permille(250) ? person.utmSource : NONE;
    if (signsUp) {
      this.#happens(TYPE.sign_up, time, 0);
      time += this.#pause();
    }
    let pages = random.between(1, person.faithfulness === 'power' ? 9 : 6);
    let inCart = 0;
    for (; pages > 0; pages--) {
      const product = random.below(PRODUCTS + PRODUCTS / 2);
      this.#happens(TYPE.page_view, time, product);
      time += this.#pause();
      if (product < PRODUCTS && random.permille(170)) {
        this.#happens(TYPE.add_to_cart, time, product);
        inCart++;
        time += this.#pause();
        if (random.permille(160)) {
          this.#happens(TYPE.delete_from_cart, time, product);
          inCart--;
          time += this.#pause();
        }
      }
      if (random.permille(190)) {
        this.#happens(this.#aside(), time, random.below(FEATURES.length));
        time += this.#pause();
      }
    }
    if (inCart > 0 && random.permille(480)) time = this.#buy(time, inCart);
    if (random.permille(110)) this.#redeem(time);
  }

  #aside(): number {
    return ASIDES[this.#random.weighted(ASIDE_SHARES)]!;
  }

  #buy(at: number, items: number): number {
    const random = this.#random;
    const order = random.bits();
    this.#happens(TYPE.checkout, at, order);
    const earned = random.between(2, 40) * 10 * items;
    const time = at + random.between(1, 4) * SECOND + random.below(SECOND);
    this.#balance += earned;
    this.#happens(TYPE.miles_earned, time, random.below(EARNING_CATEGORIES), earned);
    const shipped = at + random.between(6, 40) * HOUR + random.below(HOUR);
    this.#byServer(TYPE.package_shipped, shipped, order);
    this.#byServer(TYPE.package_delivered, shipped + random.between(14, 80) * HOUR, order);
    return time + this.#pause();
  }

  #redeem(at: number): void {
    const random = this.#random;
    const { overdraws } = this.#options.person;
    if (this.#balance < 100 && !overdraws) return;
    this.#happens(TYPE.reward_search, at, 0);
    const affordable =
      Math.floor((Math.max(0, this.#balance) * random.between(30, 100)) / 1000) * 10;
    const amount = overdraws ? affordable + random.between(1, 30) * 50 : affordable;
    if (amount === 0) return;
    const category = random.between(EARNING_CATEGORIES, CATEGORIES.length - 1);
    this.#balance -= amount;
    this.#happens(TYPE.miles_redeemed, at + this.#pause(), category, amount);
  }

  /** Between two steps of a visit, in microseconds; now and then somebody is called away. */
  #pause(): number {
    const random = this.#random;
    const seconds = random.permille(25) ? random.between(600, 2700) : random.between(3, 110);
    return seconds * SECOND + random.below(SECOND);
  }

  #happens(type: number, time: number, detail: number, miles: number = NONE): void {
    const { columns, user, until } = this.#options;
    if (time > until) return;
    const session = this.#session;
    const platform = this.#platform;
    const utmSource = this.#utmSource;
    columns.push({ time, user, type, session, detail, miles, platform, utmSource });
  }

  #byServer(type: number, time: number, order: number): void {
    const { columns, user, until } = this.#options;
    if (time > until) return;
    const nowhere = { session: 0, platform: NONE, utmSource: NONE };
    columns.push({ time, user, type, detail: order, miles: NONE, ...nowhere });
  }
}

const ASIDES = [TYPE.like, TYPE.share, TYPE.reward_search, TYPE.feature_used];
const ASIDE_SHARES = [36, 12, 16, 36];

/** How many of a thousand come again so many days after the first one. */
function dropOff(age: number): number {
  if (age <= 1) return 420;
  if (age <= 3) return 310;
  if (age <= 6) return 240;
  if (age <= 13) return 190;
  if (age <= 29) return 160;
  return 130;
}
