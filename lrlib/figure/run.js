// One run of an optimizer: its arrays, each computed when it is first asked for. The twin of path.Path.

const BOWLS = ["parabola", "quadratic", "regression"]; // losses whose curvature is the same everywhere
const ROUNDING = 1e-12; // beside a number that was computed, what rounding may have made of 0

/** An object whose properties are computed when they are first asked for. */
function lazy(object, parts) {
  for (const [name, compute] of Object.entries(parts)) {
    Object.defineProperty(object, name, {
      configurable: true,
      get() {
        const value = compute();
        Object.defineProperty(object, name, { value });
        return value;
      },
    });
  }
  return object;
}

/** The rate at every step. */
function ratesOf(lr, { name, settings, warmup, start }, steps) {
  const known = mathematics.schedules[name], given = namesIn(known.settings).map((key) => settings[key]);
  if (name === "constant" && !warmup) return new Float64Array(steps).fill(lr);
  const rate = (t) => known.rate(t, lr, ...given), first = rate(0);
  const at = warmup ? (t) => mathematics.warmup(t, first, rate(Math.max(t - warmup, 0)), warmup, start) : rate;
  return Float64Array.from({ length: steps }, (_, t) => at(t));
}

/** Everything that a descent of one rule needs but its rate, rounded to the number format. */
function prepare(state, name) {
  const { steps, start, noise, seed, schedule } = state, kind = mathematicsIn(state.dtype), { round } = kind;
  const clip = state.clip === null ? null : round(state.clip), restart = loses(state, "memory") ? state.resume : Infinity;
  const known = mathematics.surfaces[state.surface], n = known.dimension, hyper = hyperOf(state, name).map(round);
  const given = namesIn(known.settings).map((key) => round(state.settings[key]));
  const surface = kind.surfaces[state.surface].at(...given), from = start.map(round);
  const disturbed = noise ? mathematics.normals(seed, steps + 1, n).map((value) => round(noise * value)) : null;
  return {
    n, hyper, surface, exact: known.at(...given), noisy: disturbed !== null, clip, restart,
    ratesAt: (lr) => {
      const rates = ratesOf(lr, schedule, steps).map(round);
      return loses(state, "schedule") ? rates.copyWithin(state.resume, 0, steps - state.resume) : rates;
    },
    descend: (rates) => kind.optimizers[name].descend(surface.gradient, from, rates, disturbed, clip, restart, ...hyper),
  };
}

/** Whether the run is stopped on its way and resumed, and whether it then has lost this part. */
const isResumed = ({ resume, steps }) => resume !== null && resume < steps;
const loses = (state, part) => isResumed(state) && [part, "both"].includes(state.lost);

/** The run of one rule that `state` describes, in its number format. */
function computeRun(state, name, lr = rateOf(state, name)) {
  const { steps } = state, rule = mathematics.optimizers[name], { n, hyper, surface, exact, noisy, clip, restart, ratesAt, descend } = prepare(state, name);
  const rates = ratesAt(lr), descent = descend(rates), { points, gradients, clipped } = descent;
  const run = { name, n, steps, lr, rates, surface: exact, points, gradients, clipped, state: descent.state, rule, hyper, noisy, clip, restart, dtype: state.dtype };
  return lazy(run, {
    losses: () => Float64Array.from({ length: steps + 1 }, (_, t) => surface.value(points[t * n], points[t * n + 1])),
    norms: () => Float64Array.from({ length: steps + 1 }, (_, t) => Math.hypot(gradients[t * n], n === 2 ? gradients[t * n + 1] : 0)),
    scales: () => scalesOf(run),
    effective: () => columns(n, steps, (i, t) => rates[t] * run.scales[t * n + i]),
    gauge: () => gaugeOf(run),
    thresholds: () => (rule.threshold ? rates.map((rate) => rule.threshold(rate, ...hyper)) : null),
    corrected: () => correctedOf(run),
    floor: () => floorOf(run, state),
  });
}

/** n arrays over the steps. */
function columns(n, steps, value) {
  return Array.from({ length: n }, (_, i) => Float64Array.from({ length: steps }, (_, t) => value(i, t)));
}

/** What clipping and the rule multiply the gradient by at each step; nan where the rule takes the sign alone. */
function scalesOf({ name, rule, n, steps, gradients, clipped, state, hyper, clip, restart, dtype }) {
  const scales = new Float64Array(steps * n), kept = Object.values(state), { round } = mathematicsIn(dtype);
  for (let k = 0; k < scales.length; k++) {
    const step = Math.floor(k / n), t = step < restart ? step : step - restart, factor = clipped[step];
    const given = clip === null ? gradients[k] : round(gradients[k] * factor);
    scales[k] = (rule.scale ? rule.scale(given, ...kept.map((values) => values[k]), t, ...hyper) : rule.threshold ? 1 : NaN) * factor;
  }
  return scales;
}

/** Rate × eigenvalues of the Hessian as the rule rescales it, the largest first, at every step. */
function gaugeOf(run) {
  const { n, steps, rule, rates, points, surface, scales } = run;
  const products = Array.from({ length: n }, () => new Float64Array(steps));
  for (let t = 0; t < steps; t++) {
    const values = eigenvaluesAt(run, surface.hessian(points[t * n], points[t * n + 1]), rule.scale ? scales.subarray(t * n, t * n + n) : null);
    if (run.clip !== null && !rule.scale) for (let i = 0; i < n; i++) values[i] *= scales[t * n];
    for (let i = 0; i < n; i++) products[i][t] = rule.threshold ? rates[t] * values[i] : NaN;
  }
  return products;
}

/** Eigenvalues of a Hessian, rescaled or not, the largest first. */
function eigenvaluesAt({ n }, hessian, scales = null) {
  if (n === 1) return scales ? [scales[0] * hessian[0]] : hessian;
  return scales ? mathematics.preconditioned_2d(...hessian, ...scales) : mathematics.eigenvalues_2d(...hessian);
}

/** The loss about which a run would hover at the rate of each step; null where no formula says it. The twin of lab._floor. */
function floorOf(run, { surface: name, noise }) {
  if (run.name !== "gd" || !noise || !BOWLS.includes(name) || run.clip !== null) return null;
  const { surface, rates } = run, least = surface.minima(), curves = eigenvaluesAt(run, surface.hessian(...least)), bottom = surface.value(...least);
  return rates.map((rate) => bottom + curves.reduce((sum, curve) => sum + mathematics.floor_along(rate, curve, noise), 0));
}

/** The rule's state without its bias, for rules that correct it. */
function correctedOf({ rule, n, steps, state, hyper, restart }) {
  if (!rule.correction) return {};
  // What is 0 where a rule restarts is 0 with any correction.
  const divisors = Array.from({ length: steps }, (_, t) => rule.correction(t < restart ? t : t - restart, ...hyper));
  return Object.fromEntries(rule.state.map((name, which) => [
    name, state[name].map((value, k) => (k < n ? 0 : value / divisors[Math.floor(k / n) - 1][which])),
  ]));
}

/** What happened on a run, as the sentence tells it. The twin of words.facts. */
function factsOf(run, state) {
  const { view, panels } = state;
  const { n, steps, points, losses, rates, gauge, thresholds, rule, hyper } = run;
  const { overflows, infinite } = lost(losses);
  let leaves = null, below = null, nan = null, crosses = null, constant = true;
  const fits = (value, [low, high]) => value >= low && value <= high;
  for (let t = 0; t <= steps; t++) {
    const x = points[t * n], y = points[t * n + 1];
    if (t < steps && Number.isFinite(losses[t])) constant &&= gauge[0][t] === gauge[0][0];
    if (losses[t] < 0) below ??= t;
    if (fits(x, view[0]) && (n === 1 || fits(y, view[1]))) leaves = null;
    else leaves ??= t;
    if (Number.isNaN(x) || (n === 2 && Number.isNaN(y))) nan ??= t;
    if (thresholds && t < steps && gauge[0][t] > thresholds[t]) crosses ??= t;
  }
  const product = gauge[0][0], threshold = thresholds ? thresholds[0] : NaN, glide = rule.glide ? rule.glide(rates[0], ...hyper) : NaN;
  const moves = points.subarray(n, 2 * n).some((value, i) => value !== points[i]);
  const plain = constant && moves && !rule.scale && !run.noisy && gauge[n - 1][0] > 0, seen = steps > 1 && (infinite === null || infinite > 1);
  const regime = plain && seen ? regimeOf(product, glide, threshold) : null, steep = regime ? isSteep(run) : null;
  const clips = run.clip === null ? null : run.clipped.subarray(0, steps).filter((factor) => factor < 1).length;
  return {
    rule: run.name, rescaled: isRescaled(run), lr: run.lr, ends: rates[steps - 1] === rates[0] ? null : rates[steps - 1], product, threshold: isBorderHidden(state) ? NaN : threshold, constant, steps,
    regime: steep === null && regime !== "glide" ? null : regime, steep: Boolean(steep),
    bounces: !plain && !run.noisy && isBouncing(run),
    crosses: crosses > 0 && !isBorderHidden(state) ? crosses : null,
    leaves: panels.includes("landscape") ? leaves : null,
    place: leaves === null ? null : Array.from(points.subarray(leaves * n, leaves * n + n)),
    below, overflows, infinite, nan, before: infinite > 0 ? losses[infinite - 1] : null,
    clips, resumed: isResumed(state) ? [state.resume, state.lost] : null,
    first: losses[0], last: losses[steps], floor: run.floor && run.floor[steps - 1] < Infinity ? run.floor[steps - 1] : null,
  };
}

/** The first step whose loss is no number though a later one is, and the one from which on none is; null for never. The twin of words.lost. */
function lost(losses) {
  const last = losses.findLastIndex(Number.isFinite), first = losses.findIndex((loss) => !Number.isFinite(loss));
  return { overflows: first >= 0 && first < last ? first : null, infinite: last + 1 < losses.length ? last + 1 : null };
}

/** Whether the path ends in jumps between two points, not too small beside its first step. */
function isBouncing({ n, steps, points }) {
  const apart = (s, t) => Math.max(...Array.from({ length: n }, (_, i) => Math.abs(points[s * n + i] - points[t * n + i])));
  if (steps < 3 || !points.subarray((steps - 3) * n).every(isNumber)) return false;
  const jump = apart(steps, steps - 1);
  return jump > 1e-6 * apart(0, 1) && Math.max(apart(steps, steps - 2), apart(steps - 1, steps - 3)) <= 1e-6 * jump;
}

/** Whether the largest curvature is that of one direction alone; null where the path does not move along it. */
function isSteep({ n, surface, points, gradients }) {
  if (n === 1) return false;
  const [a, b, d] = surface.hessian(points[0], points[1]), [large, small] = mathematics.eigenvalues_2d(a, b, d), [gx, gy] = gradients;
  if (large - small <= ROUNDING * large) return false;
  // (H − λ₂)g, the part of Hg that the other direction does not explain.
  const part = Math.max(Math.abs((a - small) * gx + b * gy), Math.abs(b * gx + (d - small) * gy));
  return part > ROUNDING * large * Math.max(Math.abs(gx), Math.abs(gy)) ? true : null;
}

/** Which string tells the regime: where it is that of the steepest direction alone, and has a string for that, this one. */
const regimeKey = ({ regime, steep }, words) => (steep && `says_${regime}_steep` in words ? `${regime}_steep` : regime);

function regimeOf(product, glide, threshold) {
  if (product <= glide) return "glide";
  if (!differ(product, threshold)) return threshold === 2 ? "border" : "border_memory";
  if (product < threshold) return middleZone(threshold);
  return threshold === 2 ? "explode" : "widen";
}

/** Whether they do by more than rounding makes of equal ones; false where there is no threshold. */
const differ = (product, threshold) => Math.abs(product - threshold) > 4 * Number.EPSILON * threshold;

/** How many figures tell a product from the threshold, three to six. The twin of words.figures_apart. */
function figuresApart(product, threshold) {
  if (!differ(product, threshold)) return 3;
  return [3, 4, 5].find((figures) => formatNumber(product, ".", figures) !== formatNumber(threshold, ".", figures)) ?? 6;
}

/** Without memory the threshold is 2 and the path jumps from side to side; with memory it swings. */
const middleZone = (threshold) => (threshold === 2 ? "zigzag" : "swing");

// ---------------------------------------------------------------- the sentence

/** What the figure shows, in words. The twin of words.sentence. */
function sentence(told, words, race = null) {
  const values = { steps: told.steps, gauge: told.rescaled ? "ηλ̃" : "ηλ" };
  Object.assign(values, writtenNumbers(told, ["lr", "ends", "product", "threshold", "first", "last"], words));
  const say = (key, step, more) => fill(words["says_" + key], { ...values, step, ...more });
  const said = race ? [say("race", null, { list: standings(race, words) }), say("focus", null, { rule: words["rule_" + told.rule] })] : [];
  said.push(say(Number.isNaN(told.threshold) ? "rate_alone" : told.constant ? "rate" : "rate_start"));
  if (told.ends !== null && values.ends !== values.lr) said.push(say("ends"));
  if (told.regime) said.push(say(regimeKey(told, words)));
  if (told.clips !== null) said.push(say("clips", null, { count: told.clips }));
  if (told.resumed !== null) said.push(say("resumed_" + told.resumed[1], told.resumed[0]));
  if (told.bounces) said.push(say("bounces"));
  if (told.crosses !== null) said.push(say("crosses", told.crosses));
  if (told.leaves !== null) said.push(say("leaves", told.leaves, { place: placeOf(told.place, words.decimal) }));
  if (told.overflows !== null) said.push(say("overflows", told.overflows));
  if (told.infinite !== null) {
    said.push(say("infinite", told.infinite));
    if (told.before !== null) said.push(say("before", told.infinite, { before: formatNumber(told.before, words.decimal) }));
  } else said.push(say((values.last === values.first ? "same" : told.last < told.first ? "falls" : "rises") + (told.steps === 1 ? "_one" : "")));
  if (told.nan !== null) said.push(say("nan", told.nan));
  if (told.floor !== null) said.push(say("floor", null, { floor: formatNumber(told.floor, words.decimal) }));
  return said.join(words.join);
}

/** Numbers of a sentence; the rate and what follows from it with as many figures as the threshold asks for. */
function writtenNumbers(told, names, { decimal }) {
  const figures = figuresApart(told.product, told.threshold), exact = ["lr", "ends", "product", "threshold"];
  return Object.fromEntries(names.map((name) => [name, formatNumber(told[name], decimal, exact.includes(name) ? figures : 3)]));
}

/** The racers, the lowest loss first. */
function standings(race, words) {
  const order = (loss) => (Number.isNaN(loss) ? Infinity : loss);
  return [...race].sort(([, a], [, b]) => (order(a) < order(b) ? -1 : order(a) > order(b) ? 1 : 0))
    .map(([name, loss]) => `${words["rule_" + name]}\u00a0${formatNumber(loss, words.decimal)}`).join(words.comma);
}

/** A point as it is written; a comma cannot stand between numbers that have one themselves. */
function placeOf(point, decimal) {
  const written = point.map((value) => formatNumber(value, decimal));
  return written.length === 1 ? `x = ${written[0]}` : `(${written.join(decimal === "," ? " | " : ", ")})`;
}
