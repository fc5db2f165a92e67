/**
 * What drives retention. In: a table of features. Out: odds ratios with their intervals, how well the model
 * predicts people it has not seen, and what had to be left out.
 */
import { withoutPause } from './breath.ts';
import type { Breath } from './breath.ts';
import { classify } from './classification.ts';
import type { Classification } from './classification.ts';
import { StandardRows, momentsOf } from './feature-table.ts';
import type { FeatureTable, Moments, RowMask } from './feature-table.ts';
import { holdOut } from './hold-out.ts';
import { fitLogistic, probabilityOf, withoutFeatures } from './logistic.ts';
import type { LogisticFit, LogisticOptions } from './logistic.ts';
import { NORMAL_975, chiSquareTail, normalTwoSided } from './special-functions.ts';
import { usableFeatures } from './usable-features.ts';
import type { DroppedFeature } from './usable-features.ts';

export interface DriverOptions {
  /** Penalty λ/2 · Σ coefficient² on the standardised features; 0 = none. With one, intervals are too narrow. */
  readonly l2: number;
  /** A whole number; decides who is held out. */
  readonly seed: number;
  readonly breathe?: Breath;
}

export interface Coefficient {
  /** `(intercept)` for the intercept. */
  readonly feature: string;
  /** Change of the log odds per unit. */
  readonly coefficient: number;
  readonly stdError: number;
  /** Of the coefficient being 0 (Wald). */
  readonly pValue: number;
  readonly oddsRatioPerUnit: number;
  /** Per standard deviation of the feature; of the intercept NaN. */
  readonly oddsRatioPerSd: number;
  /** 95 % interval of `oddsRatioPerUnit`. */
  readonly ciLow: number;
  readonly ciHigh: number;
  /** Mean of the known values, which takes the place of the missing ones; of the intercept NaN. */
  readonly mean: number;
  readonly deviation: number;
}

export interface Drivers {
  readonly rows: number;
  readonly baseRate: number;
  /** The intercept first, then the features in the order of the table. */
  readonly coefficients: readonly Coefficient[];
  readonly dropped: readonly DroppedFeature[];
  /** Features with missing values, and how many. */
  readonly imputed: readonly { readonly feature: string; readonly rows: number }[];
  readonly logLikelihood: number;
  /** Of the model with the intercept alone. */
  readonly nullLogLikelihood: number;
  /** McFadden's: 1 − logLikelihood/nullLogLikelihood. */
  readonly pseudoR2: number;
  /** Of all coefficients being 0 (likelihood ratio). */
  readonly pValue: number;
  readonly iterations: number;
  /** False: no maximum was found; the numbers are not to be relied on. */
  readonly converged: boolean;
  /** On rows that another fit did not see; null where a class is too small to hold some of it out. */
  readonly heldOut: Classification | null;
  /** Of every row, by the fit on all of them. */
  readonly probabilities: Float64Array;
}

const HELD_OUT = 0.2;

/** The target must have both classes. */
export async function retentionDrivers(
  table: FeatureTable,
  { l2, seed, breathe = withoutPause }: DriverOptions,
): Promise<Drivers> {
  const fitting: Fitting = { l2, breathe };
  const model = await fitUsable(table, null, fitting);
  const { moments, columns, dropped, fit } = model;
  const { rows, positives } = moments;
  const baseRate = positives / rows;
  const nullLogLikelihood =
    positives * Math.log(baseRate) + (rows - positives) * Math.log(1 - baseRate);
  const gain = 2 * (fit.logLikelihood - nullLogLikelihood);
  const probabilities = new Float64Array(rows);
  model.standardRows.each((row, _, index) => {
    probabilities[index] = probabilityOf(fit.coefficients, row);
  });
  return {
    rows,
    baseRate,
    coefficients: coefficientsOf(table, model),
    dropped,
    imputed: columns
      .map((column) => ({ feature: table.features[column]!, rows: moments.missing[column]! }))
      .filter((feature) => feature.rows > 0),
    logLikelihood: fit.logLikelihood,
    nullLogLikelihood,
    pseudoR2: 1 - fit.logLikelihood / nullLogLikelihood,
    pValue: columns.length === 0 ? 1 : chiSquareTail(gain, columns.length),
    iterations: fit.iterations,
    converged: fit.converged,
    heldOut:
      Math.min(positives, rows - positives) < 5 ? null : await judge(table, model, seed, fitting),
    probabilities,
  };
}

type Fitting = Omit<LogisticOptions, 'start'>;

interface Model {
  readonly moments: Moments;
  readonly columns: readonly number[];
  readonly dropped: readonly DroppedFeature[];
  readonly fit: LogisticFit;
  readonly standardRows: StandardRows;
}

/** Leaves out what cannot be used, and one after the other the features that separate the classes. */
async function fitUsable(
  table: FeatureTable,
  mask: RowMask | null,
  fitting: Fitting,
): Promise<Model> {
  const moments = momentsOf(table, mask);
  const usable = usableFeatures(table, mask, moments);
  let columns = usable.columns;
  const dropped = [...usable.dropped];
  for (;;) {
    const standardRows = new StandardRows(table, mask, moments, columns);
    const start = withoutFeatures(columns.length, moments.positives / moments.rows);
    const fit = await fitLogistic(standardRows, { ...fitting, start });
    if (fit.separating.length === 0) return { moments, columns, dropped, fit, standardRows };
    const alone = separateAlone(standardRows, columns.length);
    const culprit = fit.separating.find((position) => alone[position]);
    const positions = culprit === undefined ? fit.separating : [culprit];
    const [strongest = 0, ...others] = positions.map((position) => columns[position]!);
    columns = columns.filter((column) => column !== strongest);
    dropped.push({
      feature: table.features[strongest]!,
      reason: 'separating',
      with: others.map((column) => table.features[column]!),
    });
  }
}

/** By feature, whether some threshold has all of one class on its one side and all of the other on the other. */
function separateAlone(rows: StandardRows, features: number): readonly boolean[] {
  const ofClass = () => ({
    least: new Float64Array(features).fill(Infinity),
    most: new Float64Array(features).fill(-Infinity),
  });
  const [negative, positive] = [ofClass(), ofClass()];
  rows.each((row, target) => {
    const { least, most } = target === 1 ? positive : negative;
    for (let j = 0; j < features; j++) {
      if (row[j + 1]! < least[j]!) least[j] = row[j + 1]!;
      if (row[j + 1]! > most[j]!) most[j] = row[j + 1]!;
    }
  });
  return Array.from(
    negative.most,
    (most, j) => most <= positive.least[j]! || positive.most[j]! <= negative.least[j]!,
  );
}

/** Standardised coefficients, told in the features' own units. */
function coefficientsOf(table: FeatureTable, { moments, columns, fit }: Model): Coefficient[] {
  const size = columns.length + 1;
  const { coefficients, covariance } = fit;
  // The intercept in own units is a combination of all standardised coefficients.
  const weights = [1, ...columns.map((k) => -moments.means[k]! / moments.deviations[k]!)];
  let [intercept, variance] = [0, 0];
  for (let i = 0; i < size; i++) {
    intercept += weights[i]! * coefficients[i]!;
    for (let j = 0; j < size; j++)
      variance += weights[i]! * weights[j]! * covariance[i * size + j]!;
  }
  const features = columns.map((column, position) => {
    const i = position + 1;
    const [mean, deviation] = [moments.means[column]!, moments.deviations[column]!];
    return coefficientOf({
      feature: table.features[column]!,
      coefficient: coefficients[i]! / deviation,
      stdError: Math.sqrt(covariance[i * size + i]!) / deviation,
      mean,
      deviation,
    });
  });
  return [
    coefficientOf({
      feature: '(intercept)',
      coefficient: intercept,
      stdError: Math.sqrt(variance),
      mean: NaN,
      deviation: NaN,
    }),
    ...features,
  ];
}

function coefficientOf(
  known: Pick<Coefficient, 'feature' | 'coefficient' | 'stdError' | 'mean' | 'deviation'>,
): Coefficient {
  const { coefficient, stdError, deviation } = known;
  return {
    ...known,
    pValue: normalTwoSided(coefficient / stdError),
    oddsRatioPerUnit: Math.exp(coefficient),
    oddsRatioPerSd: Math.exp(coefficient * deviation),
    ciLow: Math.exp(coefficient - NORMAL_975 * stdError),
    ciHigh: Math.exp(coefficient + NORMAL_975 * stdError),
  };
}

/** A model of four fifths of the rows, on the last fifth. */
async function judge(
  table: FeatureTable,
  whole: Model,
  seed: number,
  fitting: Fitting,
): Promise<Classification> {
  const { training, held } = holdOut(table, { share: HELD_OUT, seed });
  const { fit, columns, moments } = await fitAgain(table, training, whole, fitting);
  const probabilities: number[] = [];
  const targets: number[] = [];
  new StandardRows(table, held, moments, columns).each((row, target) => {
    probabilities.push(probabilityOf(fit.coefficients, row));
    targets.push(target);
  });
  return classify(Float64Array.from(probabilities), Uint8Array.from(targets));
}

/**
 * From the coefficients of the whole on. How features are scaled changes nothing, so the scale of the whole will
 * do, and its means for what is missing; only when it cannot be fitted so are its own looked for.
 */
async function fitAgain(
  table: FeatureTable,
  mask: RowMask,
  whole: Model,
  fitting: Fitting,
): Promise<Model> {
  const { moments, columns, dropped } = whole;
  const standardRows = new StandardRows(table, mask, moments, columns);
  const fit = await fitLogistic(standardRows, { ...fitting, start: whole.fit.coefficients });
  const usable = fit.converged && fit.separating.length === 0;
  return usable
    ? { moments, columns, dropped, fit, standardRows }
    : fitUsable(table, mask, fitting);
}
