/** In: probabilities and what happened. Out: how good they are. */

export interface CalibrationBin {
  readonly rows: number;
  /** Mean of the predicted probabilities. */
  readonly predicted: number;
  /** Share of the rows whose target is 1. */
  readonly observed: number;
}

export interface Classification {
  readonly rows: number;
  /** Share of the rows whose target is 1. */
  readonly baseRate: number;
  /** Chance that a row of target 1 is given more than one of target 0, ties counted half. */
  readonly auc: number;
  /** Mean of −ln(probability of what happened). */
  readonly logLoss: number;
  /** Mean squared difference between probability and target. */
  readonly brier: number;
  /** Share of the rows on the right side of one half. */
  readonly accuracy: number;
  /** Up to ten bins of equally many rows, by rising probability. */
  readonly calibration: readonly CalibrationBin[];
}

const BINS = 10;

/** Both classes must be there, or `auc` is NaN. */
export function classify(probabilities: Float64Array, targets: Uint8Array): Classification {
  const rows = probabilities.length;
  const order = Uint32Array.from({ length: rows }, (_, row) => row).sort(
    (a, b) => probabilities[a]! - probabilities[b]!,
  );
  let [positives, logLoss, brier, right] = [0, 0, 0, 0];
  for (let row = 0; row < rows; row++) {
    const [probability, target] = [probabilities[row]!, targets[row]!];
    positives += target;
    const ofTarget = target === 1 ? probability : 1 - probability;
    // A probability that is rounded to 0 is that of the smallest step from 1.
    logLoss -= Math.log(Math.max(ofTarget, Number.EPSILON / 2));
    brier += (probability - target) ** 2;
    if (probability >= 0.5 === (target === 1)) right++;
  }
  return {
    rows,
    baseRate: positives / rows,
    auc: areaUnderCurve(order, probabilities, targets, positives),
    logLoss: logLoss / rows,
    brier: brier / rows,
    accuracy: right / rows,
    calibration: calibrationOf(order, probabilities, targets),
  };
}

/** By the ranks of the positive rows (Mann and Whitney); rows of the same probability share their mean rank. */
function areaUnderCurve(
  order: Uint32Array,
  probabilities: Float64Array,
  targets: Uint8Array,
  positives: number,
): number {
  let ranks = 0;
  for (let from = 0, to = 0; from < order.length; from = to) {
    let tied = 0;
    while (to < order.length && probabilities[order[to]!] === probabilities[order[from]!]) {
      tied += targets[order[to++]!]!;
    }
    ranks += (tied * (from + 1 + to)) / 2;
  }
  const negatives = order.length - positives;
  return (ranks - (positives * (positives + 1)) / 2) / (positives * negatives);
}

function calibrationOf(
  order: Uint32Array,
  probabilities: Float64Array,
  targets: Uint8Array,
): readonly CalibrationBin[] {
  return Array.from({ length: BINS }, (_, bin) => {
    const rows = order.subarray(
      Math.floor((bin * order.length) / BINS),
      Math.floor(((bin + 1) * order.length) / BINS),
    );
    let [predicted, observed] = [0, 0];
    for (const row of rows) {
      predicted += probabilities[row]!;
      observed += targets[row]!;
    }
    return {
      rows: rows.length,
      predicted: predicted / rows.length,
      observed: observed / rows.length,
    };
  }).filter(({ rows }) => rows > 0);
}
