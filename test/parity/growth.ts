/**
 * The growth tables by sets, word by word as they are defined. In: distinct accepted events and which of
 * their types count. Out: the rows that each table must have. Slow is fine.
 */
import { dateOfDay, dayOf, dayOfDate, groupBy, sum } from './user-day.ts';
import type { PlainEvent } from './user-day.ts';

export interface World {
  readonly events: readonly PlainEvent[];
  readonly isActive: (type: string) => boolean;
  /** Of a utm_source. */
  readonly channelOf: (utm: string | null) => string;
  /** Days since 1970: the day of the latest watermark, and the first day that is not complete. */
  readonly lastDay: number;
  readonly completeBefore: number;
}

export type Row = Readonly<Record<string, unknown>>;

/** What a set of users is to a period, after the periods before it. */
interface Period {
  readonly at: number;
  readonly active: ReadonlySet<string>;
  readonly before: ReadonlySet<string>;
  readonly fresh: number;
  readonly retained: number;
  readonly resurrected: number;
  readonly churned: number;
}

const monthOf = (day: number) => {
  const date = new Date(day * 86_400_000);
  return date.getUTCFullYear() * 12 + date.getUTCMonth();
};
const dateOfMonth = (month: number) =>
  `${Math.floor(month / 12)}-${String((month % 12) + 1).padStart(2, '0')}-01`;
const lastDayOfMonth = (month: number) => dayOfDate(dateOfMonth(month + 1)) - 1;
const percent = (part: number, whole: number) => (whole === 0 ? null : (100 * part) / whole);
const mean = (values: readonly (number | null)[]) => {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : sum(known) / known.length;
};
const orUnknown = <T>(value: T | null, name: (value: T) => string) =>
  value === null ? 'Unknown' : name(value);
const roundHalfUp = (value: number) => Math.floor(value + 0.5);

/** Users by the period in which they were active, from the first to the last period. */
function periods(world: World, periodOf: (day: number) => number): readonly Period[] {
  const active = world.events.filter(({ type }) => world.isActive(type));
  const byPeriod = groupBy(active, ({ time }) => periodOf(dayOf(time)));
  if (byPeriod.size === 0) return [];
  const result: Period[] = [];
  const ever = new Set<string>();
  let before = new Set<string>();
  for (let at = Math.min(...byPeriod.keys()); at <= periodOf(world.lastDay); at++) {
    const now = new Set((byPeriod.get(at) ?? []).map(({ user }) => user));
    const those = (test: (user: string) => boolean, from = now) => [...from].filter(test).length;
    result.push({
      at,
      active: now,
      before,
      fresh: those((user) => !ever.has(user)),
      retained: those((user) => before.has(user)),
      resurrected: those((user) => ever.has(user) && !before.has(user)),
      churned: those((user) => !now.has(user), before),
    });
    for (const user of now) ever.add(user);
    before = now;
  }
  return result;
}

function daysOf(world: World) {
  const days = periods(world, (day) => day);
  const at = (day: number) => days.find((each) => each.at === day);
  const activeIn = (from: number, to: number) =>
    new Set(
      days.filter((each) => each.at >= from && each.at <= to).flatMap((each) => [...each.active]),
    );
  const first = new Map<string, number>();
  for (const day of days)
    for (const user of day.active) if (!first.has(user)) first.set(user, day.at);
  const lastBefore = (user: string, day: number) =>
    days.findLast((each) => each.at < day && each.active.has(user))?.at;
  const complete = (day: number) => day < world.completeBefore;
  return { days, at, activeIn, first, lastBefore, complete };
}

export function growthMetrics(world: World): Row[] {
  const { days, activeIn, complete } = daysOf(world);
  return days.map((day, index) => {
    const dau = day.active.size;
    const previous = days[index - 1]?.active.size ?? null;
    const ratio = day.churned === 0 ? null : (day.fresh + day.resurrected) / day.churned;
    const wau = activeIn(day.at - 6, day.at).size;
    const mau = activeIn(day.at - 29, day.at).size;
    const averageOf = (n: number) =>
      mean(days.slice(Math.max(0, index - n + 1), index + 1).map(({ active }) => active.size));
    const week = days.slice(Math.max(0, index - 7), index);
    const trend = dau * 7 - sum(week.map(({ active }) => active.size));
    const ofActive = (value: number | null) => (dau === 0 ? null : value);
    return {
      event_date: dateOfDay(day.at),
      daily_active_users: dau,
      new_users: day.fresh,
      retained_users: day.retained,
      resurrected_users: day.resurrected,
      churned_users: day.churned,
      dau_growth: previous === null ? null : dau - previous,
      new_users_pct: percent(day.fresh, dau),
      retained_users_pct: percent(day.retained, dau),
      resurrected_users_pct: percent(day.resurrected, dau),
      daily_quick_ratio: ratio,
      quick_ratio_state: previous === null ? 'no_prior' : day.churned === 0 ? 'no_churn' : 'ok',
      day_over_day_retention_pct: ofActive(percent(day.retained, previous ?? 0)),
      weekly_active_users_7d: wau,
      active_users_28d: activeIn(day.at - 27, day.at).size,
      monthly_active_users_30d: mau,
      weekly_avg_dau: averageOf(7),
      monthly_avg_dau: averageOf(30),
      dau_wau_stickiness: ofActive(percent(dau, wau)),
      dau_mau_stickiness: ofActive(percent(dau, mau)),
      wau_mau_stickiness: ofActive(percent(wau, mau)),
      daily_growth_quality: orUnknown(ofActive(ratio), (value) =>
        value < 1 ? 'Declining' : value < 1.5 ? 'Healthy' : 'Strong',
      ),
      activity_trend_7d: orUnknown(ofActive(trend), (value) =>
        week.length < 7 || value === 0 ? 'Stable' : value > 0 ? 'Trending Up' : 'Trending Down',
      ),
      is_complete: complete(day.at),
    };
  });
}

function monthsOf(world: World) {
  const months = periods(world, monthOf);
  return months.map((month, index) => {
    const mau = month.active.size;
    const previous = months[index - 1]?.active.size ?? 0;
    return {
      counts: {
        activity_month: dateOfMonth(month.at),
        total_mau: mau,
        new_users: month.fresh,
        retained_users: month.retained,
        resurrected_users: month.resurrected,
        churned_users: month.churned,
        retention_rate_pct: mau === 0 ? null : percent(month.retained, previous),
        churn_rate_pct: mau === 0 ? null : percent(month.churned, previous),
        is_complete: lastDayOfMonth(month.at) < world.completeBefore,
      },
      ratio: month.churned === 0 ? null : (month.fresh + month.resurrected) / month.churned,
      index,
    };
  });
}

export function growthAccounting(world: World): Row[] {
  return monthsOf(world).map(({ counts, ratio }) => ({
    ...counts,
    quick_ratio: ratio === null ? null : roundHalfUp(100 * ratio) / 100,
    growth_quality_category: orUnknown(counts.total_mau === 0 ? null : ratio, (value) =>
      value < 1
        ? 'Declining'
        : value < 1.5
          ? 'Typical Consumer'
          : value < 2
            ? 'Good Consumer'
            : 'Excellent Consumer',
    ),
    verification_total: counts.new_users + counts.retained_users + counts.resurrected_users,
  }));
}

export function quickRatioAnalysis(world: World): Row[] {
  const months = monthsOf(world);
  return months.map(({ counts, ratio, index }) => {
    const previous = months[index - 1]?.ratio ?? null;
    const change = ratio === null || previous === null ? null : ratio - previous;
    const gained = counts.new_users + counts.resurrected_users;
    const alerts: string[] = [];
    if (ratio !== null) {
      if (ratio < 1) alerts.push('CRITICAL: Quick Ratio Below 1.0');
      if (ratio < 1.2 && previous !== null && previous >= 1.2) {
        alerts.push('WARNING: Quick Ratio Dropped Below 1.2');
      }
      if (change !== null && change < -0.3) {
        alerts.push('WARNING: Quick Ratio Declined >0.3 Points');
      }
      if (counts.churned_users > 1.5 * gained) {
        alerts.push('WARNING: Churn Significantly Exceeding Growth');
      }
    }
    const retention = counts.retention_rate_pct;
    const recommendation = () => {
      if (ratio !== null && ratio < 1) return 'Focus on reducing churn before growth';
      if (ratio !== null && ratio >= 1.5 && retention !== null && retention >= 60) {
        return 'Invest heavily in user acquisition';
      }
      if (retention !== null && retention < 40) return 'Improve product stickiness and onboarding';
      if (counts.new_users === 0) return 'Restart user acquisition efforts';
      return 'Optimize current growth strategy';
    };
    const known = counts.total_mau === 0 ? null : ratio;
    return {
      ...counts,
      quick_ratio: ratio,
      quick_ratio_3mo_avg: mean(
        months.slice(Math.max(0, index - 2), index + 1).map((m) => m.ratio),
      ),
      quick_ratio_change: change,
      alert_level: alerts[0] ?? 'OK',
      alerts,
      growth_quality_score: known === null ? null : roundHalfUp(Math.min(100, 50 * known)),
      retention_benchmark: orUnknown(retention, (value) =>
        value >= 80
          ? 'Excellent (80%+)'
          : value >= 60
            ? 'Good (60-80%)'
            : value >= 40
              ? 'Average (40-60%)'
              : value >= 20
                ? 'Below Average (20-40%)'
                : 'Poor (<20%)',
      ),
      quick_ratio_benchmark: orUnknown(known, (value) =>
        value >= 2
          ? 'Top Tier (2.0+)'
          : value >= 1.5
            ? 'Strong (1.5-2.0)'
            : value >= 1
              ? 'Healthy (1.0-1.5)'
              : value >= 0.8
                ? 'Concerning (0.8-1.0)'
                : 'Critical (<0.8)',
      ),
      business_stage: index < 6 ? 'Early Stage' : index < 24 ? 'Growth Stage' : 'Mature Stage',
      strategic_recommendation: recommendation(),
    };
  });
}

export function retentionQuality(world: World): Row[] {
  const { days, activeIn, first, complete } = daysOf(world);
  return days.map(({ at, active, before }) => {
    const users = [...active];
    const dau = users.length;
    const aged = (from: number, to: number) =>
      users.filter((user) => {
        const age = at - (first.get(user) ?? at);
        return age >= from && age <= to;
      }).length;
    const week = activeIn(at - 7, at - 2);
    const everBefore = activeIn(-Infinity, at - 8);
    const consecutive = users.filter((user) => before.has(user)).length;
    const returning = users.filter((user) => !before.has(user) && week.has(user)).length;
    const long = users.filter(
      (user) => !before.has(user) && !week.has(user) && everBefore.has(user),
    ).length;
    const share = percent(consecutive, dau);
    return {
      event_date: dateOfDay(at),
      daily_active_users: dau,
      new_stage_users: aged(0, 7),
      growing_stage_users: aged(8, 30),
      established_stage_users: aged(31, 90),
      mature_stage_users: aged(91, Infinity),
      users_consecutive_today: consecutive,
      returning_week_users: returning,
      returning_long_gap_users: long,
      consecutive_today_pct: share,
      daily_retention_health_score:
        dau === 0
          ? null
          : Math.min(100, (100 * (3 * consecutive + 2 * returning + long)) / (3 * dau)),
      retention_quality_category: orUnknown(share, (value) =>
        value >= 80
          ? 'Excellent'
          : value >= 60
            ? 'Good'
            : value >= 40
              ? 'Average'
              : value >= 20
                ? 'Below Average'
                : 'Poor',
      ),
      engagement_trend: orUnknown(share, (value) =>
        value > 70 ? 'High Engagement' : value >= 40 ? 'Moderate Engagement' : 'Low Engagement',
      ),
      is_complete: complete(at),
    };
  });
}

export function resurrectionAnalysis(world: World): Row[] {
  const { days, lastBefore, complete } = daysOf(world);
  const totals: { total: number; share: number | null }[] = [];
  return days.map(({ at, active }, index) => {
    const dau = active.size;
    const gaps = [...active]
      .map((user) => at - (lastBefore(user, at) ?? at))
      .filter((gap) => gap >= 2);
    const within = (from: number, to: number) =>
      gaps.filter((gap) => gap >= from && gap <= to).length;
    const [s, m, l, v] = [within(2, 7), within(8, 30), within(31, 90), within(91, Infinity)];
    const total = gaps.length;
    const share = percent(total, dau);
    totals.push({ total, share });
    const week = totals.slice(Math.max(0, index - 6));
    return {
      event_date: dateOfDay(at),
      daily_active_users: dau,
      short_dormancy_resurrections: s,
      medium_dormancy_resurrections: m,
      long_dormancy_resurrections: l,
      very_long_dormancy_resurrections: v,
      total_resurrections: total,
      resurrection_pct_of_dau: share,
      avg_dormancy_length: mean(gaps),
      resurrection_effectiveness_score: percent(s + 2 * m + 3 * l + 4 * v, dau),
      resurrection_quality_category: orUnknown(share, (value) =>
        value >= 30
          ? 'Excellent'
          : value >= 20
            ? 'Good'
            : value >= 10
              ? 'Average'
              : value >= 5
                ? 'Below Average'
                : 'Poor',
      ),
      resurrection_pattern:
        dau === 0
          ? 'Unknown'
          : total === 0
            ? 'No Resurrections'
            : s > m + l + v
              ? 'Quick Return Focus'
              : l + v > s
                ? 'Long-term Recovery'
                : 'Balanced Recovery',
      avg_7d_resurrections: mean(week.map((day) => day.total)),
      avg_7d_resurrection_pct: mean(week.map((day) => day.share)),
      is_complete: complete(at),
    };
  });
}

function cohorts(world: World, periodOf: (day: number) => number) {
  const all = periods(world, periodOf);
  const seen = new Set<string>();
  return all.flatMap(({ at, active }) => {
    const cohort = [...active].filter((user) => !seen.has(user));
    for (const user of cohort) seen.add(user);
    if (cohort.length === 0) return [];
    return all
      .filter((period) => period.at >= at)
      .map((period) => {
        const users = cohort.filter((user) => period.active.has(user)).length;
        return {
          cohort: at,
          period: period.at,
          cells: {
            period_number: period.at - at,
            users_active: users,
            cohort_size: cohort.length,
            retention_rate: percent(users, cohort.length),
          },
        };
      });
  });
}

export function retentionCohorts(world: World): Row[] {
  return cohorts(world, monthOf).map(({ cohort, period, cells }) => ({
    cohort_month: dateOfMonth(cohort),
    period_month: dateOfMonth(period),
    ...cells,
    is_complete: lastDayOfMonth(period) < world.completeBefore,
  }));
}

export function retentionCohortsDaily(world: World): Row[] {
  return cohorts(world, (day) => day).map(({ cohort, period, cells }) => ({
    cohort_date: dateOfDay(cohort),
    period_date: dateOfDay(period),
    ...cells,
    is_complete: period < world.completeBefore,
  }));
}

export { daysOf, mean, orUnknown, percent };
