import { afterAll, beforeAll, expect, test } from 'vitest';
import { takeLease } from '../../src/warehouse/lease.ts';
import { readScoringStatus } from '../../src/warehouse/scoring-status.ts';
import { eventually } from '../support/eventually.ts';
import { seed } from '../support/seed.ts';
import { scoreWorld, words } from './score-world.ts';
import type { ScoreWorld } from './score-world.ts';

interface Result {
  readonly run: {
    readonly run_id: string;
    readonly rows: number;
    readonly data_fingerprint: string;
    readonly metrics: { readonly auc: number };
    readonly max_feature_psi: number | null;
    readonly score_psi: number | null;
  };
  readonly drivers: {
    readonly coefficients: readonly {
      readonly feature: string;
      readonly coefficient: number;
      readonly oddsRatioPerUnit: number;
      readonly ciLow: number;
      readonly ciHigh: number;
    }[];
    readonly dropped: readonly { readonly feature: string; readonly reason: string }[];
  };
  readonly reference: string | null;
  readonly impact: readonly string[];
}

const USERS = 600;
let world: ScoreWorld;

beforeAll(async () => {
  world = await scoreWorld(seed, USERS);
});
afterAll(() => world.close());

/** Tests build upon each other: the first one has the first run. */
test('without a promoted model users are not scored, and it is said what to do', async () => {
  const { status, stderr } = await world.score('users');
  expect(status).toBe(1);
  expect(stderr).toContain('run `tidemark score retention-drivers` first');
});

test('the first run finds what keeps users, stores it and is promoted', async () => {
  const { drivers, run, reference, impact } = await world.result<Result>('retention-drivers');
  expect(run.rows).toBe(USERS);
  expect(reference).toBe('ios');
  const share = drivers.coefficients.find(({ feature }) => feature === 'cnt_share_events_f7d')!;
  expect(share.ciLow).toBeGreaterThan(1);
  expect(share.oddsRatioPerUnit).toBeGreaterThan(1.3);
  expect(share.oddsRatioPerUnit).toBeLessThan(3.2);
  expect(impact).toContain('cnt_share_events_f7d');
  expect(drivers.coefficients.map(({ feature }) => feature)).toContain('platform=web');
  const dropped = drivers.dropped.find(({ feature }) => feature === 'cnt_sign_up_events_f7d');
  expect(dropped?.reason).toBe('constant');
  const stored = await world.rows(
    'SELECT feature, coefficient, ci_high FROM latest_scoring_coefficients ORDER BY position',
  );
  expect(stored).toEqual(
    drivers.coefficients.map(({ feature, coefficient, ciHigh }) => ({
      feature,
      coefficient,
      ci_high: ciHigh,
    })),
  );
  const [row] = await world.rows('SELECT * FROM scoring_runs');
  expect(row).toMatchObject({ run_id: run.run_id, is_promoted: true, rows: USERS });
  expect(row).toMatchObject({ as_of: '2026-03-30', model: 'retention-drivers' });
  const calibration = await world.rows('SELECT sum(rows) AS rows FROM scoring_calibration');
  expect(calibration).toEqual([{ rows: 120 }]);
});

test('each user gets the probability that the coefficients give, those with open windows too', async () => {
  const { run } = await world.result<Result>('users');
  const coefficients = await world.rows(
    'SELECT feature, coefficient FROM latest_scoring_coefficients',
  );
  const of = (name: string) =>
    Number(coefficients.find(({ feature }) => feature === name)?.['coefficient'] ?? 0);
  const users = await world.rows(`
SELECT s.probability AS probability, u.*
FROM latest_user_scores AS s
INNER JOIN dim_user_early_engagement AS u ON u.user_id = s.user_id`);
  expect(users).toHaveLength(USERS);
  expect(run.rows).toBe(USERS);
  for (const user of users) {
    let logOdds = of('(intercept)') + of(`platform=${String(user['creation_app_platform'])}`);
    for (const [name, value] of Object.entries(user)) logOdds += of(name) * (Number(value) || 0);
    expect(user['probability']).toBeCloseTo(1 / (1 + Math.exp(-logOdds)), 10);
  }
});

test('the same data give the same fingerprint and no drift; later runs are promoted only when asked', async () => {
  const [before] = await world.rows(
    `SELECT run_id, data_fingerprint FROM scoring_runs WHERE model = 'retention-drivers'`,
  );
  const again = await world.result<Result>('retention-drivers');
  expect(again.run.data_fingerprint).toBe(before!['data_fingerprint']);
  expect(again.run).toMatchObject({ max_feature_psi: 0, score_psi: 0 });
  const inUse = () =>
    world.rows(`SELECT run_id FROM scoring_runs WHERE is_promoted AND model = 'retention-drivers'`);
  expect(await inUse()).toEqual([{ run_id: before!['run_id'] }]);
  const third = await world.result<Result>('retention-drivers', '--promote-if-not-worse', '0.01');
  expect(await inUse()).toEqual([{ run_id: third.run.run_id }]);
  const worse = await world.score(
    ...words('retention-drivers --features has_page_view_f7d --promote-if-not-worse 0.01'),
  );
  expect(worse.stderr).toMatch(/not promoted: AUC [\d.]+ against/);
  expect(await inUse()).toEqual([{ run_id: third.run.run_id }]);
  expect((await world.score('promote', again.run.run_id)).status).toBe(0);
  expect(await inUse()).toEqual([{ run_id: again.run.run_id }]);
  const { stdout } = await world.score('runs');
  expect(stdout.split('\n').filter((line) => line.endsWith('yes'))).toHaveLength(2);
});

test('features of the language count what the columns count', async () => {
  const columns = await world.result<Result>(
    ...words('retention-drivers --features cnt_share_events_f7d,cnt_days_share_f7d'),
  );
  const language = await world.result<Result>(
    ...words(
      'retention-drivers --features events:share,days:share --feature-days 0..6 --target-days 22..28',
    ),
  );
  const numbers = ({ drivers }: Result) =>
    drivers.coefficients.map(({ feature: _, ...values }) => values);
  expect(numbers(language)).toEqual(numbers(columns));
  // Nothing was asked before what these were asked: there is nothing to compare with.
  expect(columns.run).toMatchObject({ max_feature_psi: null, score_psi: null });
  const sums = await world.result<Result>(
    ...words('retention-drivers --features sum:amount --target-days 22..28'),
  );
  const shares = await world.result<Result>(
    ...words('retention-drivers --features events:share --target-days 22..28'),
  );
  // Each share has the amount 2.5.
  expect(2.5 * sums.drivers.coefficients[1]!.coefficient).toBeCloseTo(
    shares.drivers.coefficients[1]!.coefficient,
    8,
  );
});

test('metrics are told when each model was last computed, and its drift', async () => {
  const models = await readScoringStatus(world.clickhouse.client);
  expect(models.map(({ model }) => model)).toEqual(['retention-drivers', 'users']);
  for (const { lastSuccessAt } of models) {
    expect(Math.abs(Date.now() - lastSuccessAt)).toBeLessThan(600_000);
  }
  const users = models.find(({ model }) => model === 'users');
  expect(users).toMatchObject({ maxFeaturePsi: null, scorePsi: null });
});

test('what was stored by a run that did not finish is nowhere to be seen', async () => {
  const run_id = '01000000-0000-7000-8000-000000000000';
  const insert = (table: string, row: object) =>
    world.clickhouse.client.insert({
      table,
      values: [{ run_id, ...row }],
      format: 'JSONEachRow',
    });
  await insert('scoring_coefficient_rows', { feature: 'half', position: 1 });
  await insert('user_score_rows', { user_id: 'half', probability: 1 });
  await insert('customer_score_rows', { customer_id: 'half' });
  await insert('scoring_drift_rows', { feature: 'half' });
  await insert('scoring_calibration_rows', { bin: 1 });
  for (const view of words(
    'scoring_coefficients latest_scoring_coefficients user_scores latest_user_scores customer_scores scoring_drift scoring_calibration',
  )) {
    const [row] = await world.rows(
      `SELECT countIf(toString(run_id) = '${run_id}') AS rows FROM ${view}`,
    );
    expect(row, view).toEqual({ rows: 0 });
  }
});

test('only users whose windows are complete count, and the first day that will have some is named', async () => {
  const { run } = await world.result<Result>('retention-drivers', '--as-of', '2026-02-10');
  const [expected] = await world.rows(
    `SELECT count() AS rows FROM user_first_week WHERE creation_date + 28 < '2026-02-10'`,
  );
  expect(run.rows).toBe(expected!['rows']);
  const early = await world.score('retention-drivers', '--as-of', '2026-01-20');
  expect(early.status).toBe(1);
  expect(early.stderr).toContain('no user has complete windows before 2026-01-20 yet');
  expect(early.stderr).toContain('on 2026-01-30');
  const late = await world.score('retention-drivers', '--as-of', '2026-04-02');
  expect(late.status).toBe(0);
  expect(late.stderr).toContain('days from 2026-03-30 on are not complete');
});

test('a target with one class ends with 1 and says so', async () => {
  const runs = () => world.rows('SELECT count() AS runs FROM scoring_runs');
  const before = await runs();
  const { status, stderr } = await world.score('retention-drivers', '--target-days', '0..0');
  expect(status).toBe(1);
  expect(stderr).toContain(`of ${USERS} users with complete windows every one was active`);
  expect(await runs()).toEqual(before);
});

test.each([
  [['retention-drivers', '--features', 'dayz'], '"dayz" is no feature'],
  [['retention-drivers', '--features', 'user_id'], 'user_id is of type String'],
  [['retention-drivers', '--features', 'days,days'], 'names "days" twice'],
  [['retention-drivers', '--target-days', '5..2'], 'the first not after the last'],
  [['retention-drivers', '--as-of', '2026-02-30'], 'a day such as 2026-11-30'],
  [['retention-drivers', '--promote', '--promote-if-not-worse', '0'], 'not both'],
  [['users', '--schedule', 'every day'], '--schedule must be a cron pattern'],
])('wrong usage is refused with 2: %j', async (argv, message) => {
  const { status, stderr } = await world.score(...argv);
  expect(stderr).toContain(message);
  expect(status).toBe(2);
});

test('a name cannot break out of the query', async () => {
  const hostile = `events:a'] OR 1 = 1 --`;
  const { status, stderr } = await world.score('retention-drivers', '--features', hostile);
  expect(status, stderr).toBe(0);
  const { stdout } = await world.score('retention-drivers', '--features', 'sum:`\\amount');
  expect(stdout).toContain('the same for every user: sum:`\\amount');
});

test('one process at a time computes a model; the other ends with 3 and names the first', async () => {
  const signal = new AbortController().signal;
  await using _lease = await takeLease(world.clickhouse.client, 'scoring users', {
    command: 'score users of another',
    signal,
  });
  const { status, stderr } = await world.score('users');
  expect(status).toBe(3);
  expect(stderr).toContain('"score users of another" is at work');
  expect((await world.score('retention-drivers')).status).toBe(0);
});

test('with a schedule it runs again and again, and Ctrl-C ends it with 130', async () => {
  const count = async () => {
    const [row] = await world.rows(
      `SELECT count() AS runs FROM scoring_runs WHERE model = 'users'`,
    );
    return Number(row!['runs']);
  };
  const before = await count();
  const running = world.startScore('users', '--schedule', '* * * * * *');
  try {
    await eventually('two runs', async () => (await count()) >= before + 2, 40_000);
  } finally {
    running.process.kill('SIGINT');
  }
  const { status, stderr } = await running.ended;
  expect(status).toBe(130);
  expect(stderr).toContain('next run of users: ');
}, 60_000);

test('the table shows what counts, as bars around 1, and how well it predicts', async () => {
  const { stdout } = await world.score('retention-drivers', '--impact-threshold', '1.3');
  const line = stdout.split('\n').find((text) => text.startsWith('cnt_share_events_f7d'))!;
  expect(line).toMatch(/│█+/);
  expect(stdout).toContain('Platforms are compared with ios.');
  expect(stdout).toContain('Left out, because the same for every user: ');
  expect(stdout).toMatch(/on 120 users that it had not seen: AUC 0\.\d+/);
});
