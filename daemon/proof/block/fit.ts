import {
  clamp,
  MAX_BIAS,
  MAX_DRIFT,
  MAX_OWN,
  MAX_WEIGHT,
  ONE,
  type Prediction,
  remember,
  type Series,
  type Tap,
  TERM_CAP,
  wrap,
} from './column.ts';

/** Taps at most: more cost an encoder time and hardly save bits. */
const MOST_TAPS = 6;
/** Bits that a tap takes in the stream, about. */
const TAP_BITS = 20;
/** Below so many movements there is nothing to fit. */
const FEWEST = 12;
/** What a fit looks at: enough to tell how a column moves, few enough to be quick about a batch of any size. */
const MOST_MOVES = 2_000;
/** Beyond it a poor prediction might be farther off than 2^53. */
const FITTED = 2 ** 51;

interface Candidate {
  readonly tap: Omit<Tap, 'weight'> | undefined;
  readonly terms: Float64Array;
}

/** A column's movements in its present rows, the first row left out, the first MOST_MOVES of them. */
interface Movements {
  readonly rows: Int32Array;
  readonly deltas: Float64Array;
}

/**
 * Chooses how an integer column is to be predicted: least squares over its own last movements and those of the series
 * before it, term by term as long as one pays, or what simple guess does better. An encoder's affair: any choice
 * decodes.
 */
export function fitPrediction(
  column: Series,
  present: Uint8Array,
  series: readonly Series[],
  modulus: number,
  nearTime: boolean,
): Prediction {
  const moves = movements(column, present);
  const plain: Prediction = { modulus, nearTime, taps: [], bias: 0, drift: 0 };
  if (column.values.some((value) => Math.abs(value) > FITTED)) return plain;
  const first = moves.deltas[0] ?? 0;
  if (moves.deltas.every((delta) => delta === first)) {
    return { ...plain, drift: bounded(first, MAX_DRIFT) };
  }
  if (moves.deltas.length < FEWEST) return plain;
  const drift = driftOf(moves.deltas);
  const steady: Prediction = { ...plain, drift };
  const candidates = candidatesFor(moves, series, drift);
  const straight: Prediction = { ...steady, taps: [{ series: 0, lag: 1, level: false, weight: ONE }] };
  const target = moves.deltas.map((delta) => delta - drift);
  const fitted = { ...steady, ...leastSquares(target, candidates, weightsOf(moves.deltas)) };
  let best = steady;
  let least = Number.POSITIVE_INFINITY;
  for (const prediction of [steady, straight, fitted]) {
    const cost = costOf(prediction, target, candidates);
    if (cost < least) {
      least = cost;
      best = prediction;
    }
  }
  return best;
}

/** How far the values of a column move, row by row; 0 where one is absent or the first. */
export function deltasOf(values: Float64Array, present: Uint8Array, modulus: number): Float64Array {
  const deltas = new Float64Array(values.length);
  const half = Math.floor(modulus / 2);
  let before: number | undefined;
  for (let row = 0; row < values.length; row++) {
    if (present[row] === 0) continue;
    const value = values[row] ?? 0;
    if (before !== undefined) {
      deltas[row] = modulus === 0 ? value - before : wrap(value - before + half, modulus) - half;
    }
    before = value;
  }
  return deltas;
}

function movements(column: Series, present: Uint8Array): Movements {
  const rows: number[] = [];
  let first = true;
  for (let row = 0; row < present.length && rows.length < MOST_MOVES; row++) {
    if (present[row] === 0) continue;
    if (!first) rows.push(row);
    first = false;
  }
  return { rows: Int32Array.from(rows), deltas: Float64Array.from(rows, (row) => column.deltas[row] ?? 0) };
}

function candidatesFor({ rows, deltas }: Movements, series: readonly Series[], drift: number): Candidate[] {
  const candidates: Candidate[] = [{ tap: undefined, terms: new Float64Array(rows.length).fill(1) }];
  const own = new Float64Array(1 + MAX_OWN);
  const history = Array.from({ length: MAX_OWN }, () => new Float64Array(rows.length));
  for (let i = 0; i < rows.length; i++) {
    for (const [lag, terms] of history.entries()) terms[i] = clamp(own[lag + 1] ?? 0);
    remember(own, (deltas[i] ?? 0) - drift, MAX_OWN);
  }
  for (const [lag, terms] of history.entries())
    candidates.push({ tap: { series: 0, lag: lag + 1, level: false }, terms });
  for (const [index, { values, deltas: moves }] of series.entries()) {
    if (index === 0) continue;
    for (const level of [false, true]) {
      const from = level ? values : moves;
      const terms = new Float64Array(rows.length);
      for (let i = 0; i < terms.length; i++) terms[i] = clamp(from[rows[i] ?? 0] ?? 0);
      if (varies(terms)) candidates.push({ tap: { series: index + 1, lag: 0, level }, terms });
    }
  }
  return candidates;
}

/**
 * Roots of weights. Movements count the less, the wilder it is around them: what matters is how residuals compare with
 * their neighbours.
 */
function weightsOf(deltas: Float64Array): Float64Array {
  const count = deltas.length;
  const weights = new Float64Array(count);
  let scale = 0;
  const step = (i: number): number => {
    scale += (Math.abs((deltas[i] ?? 0) - (deltas[i - 1] ?? deltas[i] ?? 0)) - scale) / 16;
    return scale;
  };
  for (let i = 0; i < count; i++) weights[i] = step(i);
  scale = 0;
  for (let i = count - 1; i > 0; i--) weights[i] = 1 / ((weights[i] ?? 0) + step(i) + 1);
  weights[0] = weights[1] ?? 1;
  return weights;
}

/**
 * Weighted least squares with forward selection: the normal equations, swept (Gauss-Jordan) by the term that helps
 * most.
 */
function leastSquares(
  target: Float64Array,
  candidates: readonly Candidate[],
  weights: Float64Array,
): { taps: Tap[]; bias: number } {
  const count = candidates.length;
  const columns = [...candidates.map(({ terms }) => terms), target].map((terms) => normalised(terms, weights));
  const gram = columns.map(({ unit }, i) =>
    Float64Array.from(columns, (other, j) => (j > i ? 0 : dot(unit, other.unit))),
  );
  const at = (i: number, j: number): number => gram[i]?.[j] ?? 0;
  for (let i = 0; i <= count; i++) for (let j = 0; j < i; j++) put(gram, j, i, at(i, j));
  const chosen = new Set<number>();
  for (let next: number | undefined = 0; next !== undefined; next = chosen.size > MOST_TAPS ? undefined : helpful()) {
    sweep(gram, next);
    chosen.add(next);
  }
  function helpful(): number | undefined {
    const energy = at(count, count);
    let most = energy * (1 - 2 ** ((-2 * TAP_BITS) / target.length));
    let best: number | undefined;
    for (let i = 1; i < count; i++) {
      if (chosen.has(i) || at(i, i) < 1e-9) continue;
      const saved = at(i, count) ** 2 / at(i, i);
      if (saved > most) {
        most = saved;
        best = i;
      }
    }
    return best;
  }
  const weightOf = (i: number): number => (at(i, count) * (columns[count]?.norm ?? 1)) / (columns[i]?.norm ?? 1);
  const taps: Tap[] = [];
  for (const i of chosen) {
    const tap = candidates[i]?.tap;
    if (tap !== undefined) taps.push({ ...tap, weight: bounded(rounded(weightOf(i) * ONE), MAX_WEIGHT) });
  }
  return { taps, bias: bounded(weightOf(0) * 256, MAX_BIAS) };
}

function sweep(gram: Float64Array[], pivot: number): void {
  const row = gram[pivot];
  const diagonal = row?.[pivot];
  if (row === undefined || diagonal === undefined) return;
  for (let j = 0; j < row.length; j++) row[j] = (row[j] ?? 0) / diagonal;
  for (const [i, other] of gram.entries()) {
    const factor = other[pivot] ?? 0;
    if (i === pivot || factor === 0) continue;
    for (let j = 0; j < other.length; j++) other[j] = (other[j] ?? 0) - factor * (row[j] ?? 0);
  }
}

function put(matrix: Float64Array[], i: number, j: number, value: number): void {
  const row = matrix[i];
  if (row !== undefined) row[j] = value;
}

/** Terms times the roots of their weights, brought to length 1 so that thresholds mean something. */
function normalised(terms: Float64Array, weights: Float64Array): { unit: Float64Array; norm: number } {
  const unit = new Float64Array(terms.length);
  for (let i = 0; i < unit.length; i++) unit[i] = (terms[i] ?? 0) * (weights[i] ?? 0);
  const norm = Math.sqrt(dot(unit, unit)) || 1;
  for (let i = 0; i < unit.length; i++) unit[i] = (unit[i] ?? 0) / norm;
  return { unit, norm };
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] ?? 0) * (b[i] ?? 0);
  return sum;
}

/** Whether terms can tell anything: neither all the same nor nearly all cut off. */
function varies(terms: Float64Array): boolean {
  let different = 0;
  for (let i = 1; i < terms.length; i++)
    if (terms[i] !== terms[0] && Math.abs(terms[i] ?? 0) < TERM_CAP) different += 1;
  return 2 * different > terms.length || (different > 0 && Math.abs(terms[0] ?? 0) < TERM_CAP);
}

/** About how many bits the residuals take: what a code that follows their scale would pay. */
function costOf(prediction: Prediction, deltas: Float64Array, candidates: readonly Candidate[]): number {
  const terms = prediction.taps.map((tap) => ({
    weight: tap.weight,
    terms: candidates.find(
      (one) => one.tap?.series === tap.series && one.tap.lag === tap.lag && one.tap.level === tap.level,
    )?.terms,
  }));
  let bits = terms.length * TAP_BITS;
  let scale = 0;
  for (let i = 0; i < deltas.length; i++) {
    let sum = 256 * prediction.bias + ONE / 2;
    for (const term of terms) sum += term.weight * (term.terms?.[i] ?? 0);
    const residual = Math.abs((deltas[i] ?? 0) - Math.floor(sum / ONE));
    if (i === 0) scale = residual;
    bits += Math.log2(scale + 0.1) + 2 * Math.log2(1 + residual / (scale + 0.1));
    scale += (residual - scale) / 12;
  }
  return bits;
}

const bounded = (value: number, bound: number): number => {
  const whole = Math.round(value);
  return Number.isFinite(whole) ? Math.max(-bound, Math.min(bound, whole)) : 0;
};

/** To ten significant bits: more precision costs more than it saves. */
function rounded(weight: number): number {
  const unit = 2 ** Math.max(0, Math.floor(Math.log2(Math.abs(weight) + 1)) - 9);
  return Math.round(weight / unit) * unit;
}

/** The median movement, where it stands out from how movements scatter; else nothing, which is told in fewer bits. */
function driftOf(deltas: Float64Array): number {
  const middle = median(deltas);
  const scatter = median(deltas.map((delta) => Math.abs(delta - middle)));
  return Math.abs(middle) > 2 * scatter ? bounded(middle, MAX_DRIFT) : 0;
}

function median(values: Float64Array): number {
  return values.slice().sort()[values.length >> 1] ?? 0;
}
