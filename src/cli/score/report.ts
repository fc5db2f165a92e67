/** In: what a run of scoring found. Out: text for a person. */
import type { CalibrationBin } from '../../scoring/classification.ts';
import type { Coefficient } from '../../scoring/retention-drivers.ts';
import type { DroppedFeature } from '../../scoring/usable-features.ts';
import type { CustomersResult } from './customers.ts';
import type { RetentionResult } from './retention.ts';
import { SCORE } from './runs.ts';
import type { FeatureDrift } from './runs.ts';
import type { UsersResult } from './users.ts';
import { table } from '../table.ts';

/** Half the width of the picture of an odds ratio, and what it stands for at least. */
const HALF = 12;
const LEAST_SCALE = 2;
const CALIBRATION_WIDTH = 40;
/** From here on a distribution has moved. */
const MOVED = 0.1;

export function retentionReport(result: RetentionResult, impactThreshold: number): string {
  const { run, drivers, impact, reference } = result;
  const shown = drivers.coefficients
    .filter(({ feature }) => impact.includes(feature))
    .sort((a, b) => Math.abs(Math.log(b.oddsRatioPerSd)) - Math.abs(Math.log(a.oddsRatioPerSd)));
  const [first, last] = run.parameters['target_days'] as [number, number];
  const lines = [
    `What goes with being active on days ${first} to ${last}, of ${count(drivers.rows)} users with complete windows before ${run.as_of}; ${percent(drivers.baseRate)} were.`,
    '',
    ...(shown.length === 0
      ? ['No feature has an odds ratio beyond the threshold.']
      : [driverTable(shown)]),
    ...hidden(drivers.coefficients.length - 1 - shown.length, impactThreshold),
    ...(reference === null ? [] : [`Platforms are compared with ${reference}.`]),
    ...whyDropped(drivers.dropped),
    ...drivers.imputed.map(
      ({ feature, rows }) =>
        `${feature} is not known of ${count(rows)} users, who were given its mean.`,
    ),
    '',
    `log-likelihood ${drivers.logLikelihood.toFixed(6)}, pseudo-R² ${drivers.pseudoR2.toFixed(6)}, all features together p ${pText(drivers.pValue)}`,
  ];
  if (drivers.heldOut !== null) {
    const { rows, auc, logLoss, brier, accuracy, baseRate, calibration } = drivers.heldOut;
    lines.push(
      `on ${count(rows)} users that it had not seen: AUC ${auc.toFixed(4)}, log-loss ${logLoss.toFixed(4)}, Brier ${brier.toFixed(4)}, accuracy ${percent(accuracy)} (${percent(Math.max(baseRate, 1 - baseRate))} by always saying the same)`,
      '',
      'Of each tenth of them, what was predicted (│) and what came (█)',
      calibrationPicture(calibration),
    );
  }
  return [...lines, ...driftLines(result.drift)].join('\n');
}

export function usersReport({ run, drift, modelRun }: UsersResult): string {
  return [
    `${count(run.rows)} users with a complete first week before ${run.as_of} have a probability, ${percent(Number(run.metrics['mean_probability']))} on average, by the coefficients of run ${modelRun}.`,
    'SELECT * FROM latest_user_scores ORDER BY probability LIMIT 10',
    ...driftLines(drift),
  ].join('\n');
}

export function customersReport(result: CustomersResult): string {
  const { run, purchases, value, horizonDays, expectedMargin, segments } = result;
  const { r, alpha, a, b } = purchases.parameters;
  const most = Math.max(...segments.map((segment) => segment.expectedMargin));
  const rows = segments.map((segment) => [
    segment.name,
    count(segment.customers),
    percent(segment.probabilityAlive),
    money(segment.expectedMargin),
    '█'.repeat(Math.max(0, Math.round((24 * segment.expectedMargin) / most) || 0)),
  ]);
  const margin = expectedMargin === null ? '' : `, ${money(expectedMargin)} of margin in all`;
  const worth =
    value === null
      ? []
      : [
          `Gamma-Gamma: p ${value.parameters.p.toFixed(3)}, q ${value.parameters.q.toFixed(3)}, v ${value.parameters.v.toFixed(3)}, log-likelihood ${value.logLikelihood.toFixed(3)}`,
        ];
  return [
    `${count(run.rows)} customers with an order before ${run.as_of}: what they are expected to bring within ${horizonDays} days${margin}.`,
    '',
    table(['segment', 'customers', 'still there', 'margin', ''], rows),
    '',
    `BG/NBD, in days: r ${r.toFixed(4)}, α ${alpha.toFixed(3)}, a ${a.toFixed(4)}, b ${b.toFixed(4)}, log-likelihood ${purchases.logLikelihood.toFixed(3)}`,
    ...worth,
    ...driftLines(result.drift),
  ].join('\n');
}

function driverTable(coefficients: readonly Coefficient[]): string {
  const logs = coefficients.map(({ oddsRatioPerSd }) => Math.abs(Math.log(oddsRatioPerSd)));
  const scale = Math.max(Math.log(LEAST_SCALE), ...logs.filter(Number.isFinite));
  const ends = Math.exp(scale).toFixed(1);
  const axis = `÷${ends}`.padEnd(HALF) + '1' + `×${ends}`.padStart(HALF);
  return table(
    ['feature', 'odds per sd', axis, 'per unit', '95 % interval', 'p'],
    coefficients.map((one) => [
      one.feature,
      ratio(one.oddsRatioPerSd),
      oddsBar(one.oddsRatioPerSd, scale),
      ratio(one.oddsRatioPerUnit),
      `${ratio(one.ciLow)} – ${ratio(one.ciHigh)}`,
      pText(one.pValue),
    ]),
  );
}

/** To the right of 1 what goes with staying, to the left what goes with leaving; equal factors, equal lengths. */
function oddsBar(oddsRatio: number, scale: number): string {
  const length = Math.min(HALF, Math.round((HALF * Math.abs(Math.log(oddsRatio))) / scale));
  const bar = '█'.repeat(length);
  return oddsRatio < 1
    ? `${bar.padStart(HALF)}│${' '.repeat(HALF)}`
    : `${' '.repeat(HALF)}│${bar.padEnd(HALF)}`;
}

function calibrationPicture(bins: readonly CalibrationBin[]): string {
  const most = Math.max(...bins.flatMap(({ predicted, observed }) => [predicted, observed]), 1e-9);
  const at = (share: number) => Math.round((CALIBRATION_WIDTH * share) / most);
  return table(
    ['predicted', 'came', ''],
    bins.map(({ predicted, observed }) => {
      const cells: string[] = Array.from({ length: CALIBRATION_WIDTH + 1 }, (_, cell) =>
        cell < at(observed) ? '█' : ' ',
      );
      cells[at(predicted)] = '│';
      return [percent(predicted), percent(observed), cells.join('').trimEnd()];
    }),
  );
}

function hidden(number: number, threshold: number): readonly string[] {
  if (number === 0) return [];
  const low = (1 / threshold).toFixed(2);
  return [
    `${number} more with odds ratios between ${low} and ${threshold} (--impact-threshold) are in scoring_coefficients.`,
  ];
}

function whyDropped(dropped: readonly DroppedFeature[]): readonly string[] {
  const constant = dropped.filter(({ reason }) => reason === 'constant');
  const lines = dropped.flatMap(({ feature, reason, with: others }) => {
    if (reason === 'constant') return [];
    if (reason === 'collinear') {
      return [`Left out: ${feature}, which follows exactly from ${others.join(', ')}.`];
    }
    const together = others.length === 0 ? '' : `, together with ${others.join(', ')}`;
    return [
      `Left out: ${feature}, which tells the outcome of some users without a doubt${together}: it has no finite odds ratio. Is it a consequence of staying?`,
    ];
  });
  if (constant.length === 0) return lines;
  const names = constant.map(({ feature }) => feature).join(', ');
  return [...lines, `Left out, because the same for every user: ${names}.`];
}

function driftLines(drift: readonly FeatureDrift[]): readonly string[] {
  const moved = drift
    .flatMap(({ feature, psi }) => (psi === null || psi < MOVED ? [] : [{ feature, psi }]))
    .sort((a, b) => b.psi - a.psi);
  return moved.map(({ feature, psi }) => {
    const what = feature === SCORE ? 'The scores have' : `${feature} has`;
    const much = psi > 0.25 ? 'much, ' : '';
    return `${what} moved since the run before: ${much}PSI ${psi.toFixed(3)}.`;
  });
}

function count(number: number): string {
  return number.toLocaleString('en');
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

function money(amount: number): string {
  return Math.round(amount).toLocaleString('en');
}

function ratio(value: number): string {
  if (value === 0 || (value >= 0.001 && value < 1e6)) return value.toFixed(value < 10 ? 4 : 2);
  return value.toExponential(2);
}

function pText(p: number): string {
  return p < 1e-4 ? p.toExponential(1) : p.toFixed(4);
}
