// Divergence under the microscope: when each number format is full, and the numbers on the way there.

const LENGTHS = [300, 2000, MOST_STEPS]; // steps after which it is seen whether a run has overflowed
const RESTED = 200; // milliseconds: the longer runs wait until the hand rests
const LINEAR = ["gd", "momentum", "nesterov"]; // rules that multiply the error on a bowl by the same matrix at each step

function microscopePanel(frame, hands) {
  const { words } = frame, told = element("p"), why = element("p", { class: "none" });
  const formats = numberTable(), steps = numberTable();
  frame.box.classList.add("wide");
  frame.box.replaceChildren(frame.heading, told, formats.box, why, steps.box);
  let key = null, scene = null, runs = {}, picture = 0, rest = 0;

  const compute = (stage) => {
    if (!frame.box.isConnected) return;
    for (const dtype of namesIn(LARGEST)) if (!runs[dtype]?.decided) runs[dtype] = followed(scene, dtype, LENGTHS[stage]);
    show();
    if (Object.values(runs).some(({ decided }) => !decided)) rest = setTimeout(() => compute(stage + 1), RESTED);
  };
  const show = () => {
    const { state } = scene, rows = namesIn(LARGEST).map((dtype) => runs[dtype]), { growth } = runs[state.dtype];
    const observed = (step, { decided }) => (step >= 0 ? step : decided ? words.never : "…");
    const predicted = ({ growth: grown, dtype }) => {
      if (!grown) return "–";
      const step = overflowAlong(grown, LARGEST[dtype]), text = step < 1e7 ? step : formatNumber(step, words.decimal);
      return step === null ? words.never : grown.exact ? text : fill(words.micro_about, { step: text });
    };
    const differ = growth && rows.some((row) => row.loss >= 0 && row.loss !== overflowAlong(row.growth, LARGEST[row.dtype]));
    formats.show(words.micro_formats, [words.format_name, words.largest, words.micro_predicted, words.micro_observed, words.micro_point],
      rows.map((row) => [row.dtype, formatNumber(LARGEST[row.dtype], words.decimal, 5), predicted(row), observed(row.loss, row), observed(row.point, row)]), state.dtype);
    told.textContent = tellRuns(rows, growth, words);
    why.textContent = !growth ? words.micro_unpredicted
      : Math.abs(growth.multiplier) > 1 ? fill(words.micro_why, { factor: formatNumber(growth.multiplier ** 2, words.decimal) }) + (differ ? words.join + words.micro_differ : "") : "";
    mark(scene);
  };
  const draw = (now) => {
    const { run, state } = scene = now;
    const inputs = JSON.stringify([run.name, run.lr, runKey(state)]);
    if (inputs === key) return mark(scene);
    key = inputs;
    runs = {};
    clearTimeout(rest);
    cancelAnimationFrame(picture);
    picture = requestAnimationFrame(() => compute(0));
  };
  const mark = (now) => {
    scene = now;
    const { state } = scene, one = runs[state.dtype];
    if (!one) return;
    const parts = (name) => (one.run.n === 1 ? [name ?? words.coordinate_0] : [0, 1].map((i) => [name, words["coordinate_" + i]].join(" ").trim()));
    steps.show(fill(words.micro_steps, { format: state.dtype }), [words.axis_step, ...parts(), ...parts(words.micro_gradient), words.micro_multiplier, words.micro_loss],
      rowsAround(one, state).map((t) => [t, ...numbersAt(one, t).map((value) => (value === null ? "–" : formatNumber(value, words.decimal, 4)))]), state.cursor);
  };
  return { draw, mark };
}

/** The run in one number format, followed for so many steps; step −1 is never. */
function followed({ state, run: shown }, dtype, length) {
  const own = dtype === state.dtype, isOver = (value) => !Number.isFinite(value);
  const run = own && shown.steps >= length ? shown : computeRun({ ...state, dtype, steps: own ? Math.max(length, state.steps) : length }, shown.name, shown.lr);
  const loss = run.losses.findIndex(isOver), point = Math.floor(run.points.findIndex(isOver) / run.n), along = steepestOf(run);
  return { dtype, run, loss, point, along, growth: growthOf(run, state, along), decided: (loss >= 0 && point >= 0) || run.steps >= MOST_STEPS || isAtRest(run, state) };
}

/** Whether a run has come to rest, or jumps to and fro between two points: then it goes on like that. */
function isAtRest({ n, points, noisy }, state) {
  const last = points.subarray(-50 * n), before = points.subarray(-52 * n);
  return isSteady(state) && !noisy && last.every((value, k) => value === before[k]);
}

const isSteady = ({ schedule: { name, warmup } }) => name === "constant" && !warmup;

/** Distance from the minimum along the steepest direction there, as a function of the step; null where there is no minimum. */
function steepestOf({ n, points, surface }) {
  const lows = surface.minima(), gap = (at, t) => Array.from({ length: n }, (_, i) => points[t * n + i] - lows[at + i]);
  const starts = Array.from({ length: lows.length / n }, (_, i) => [Math.hypot(...gap(i * n, 0)), i * n]);
  if (!starts.length) return null;
  const [, at] = starts.reduce((a, b) => (b[0] < a[0] ? b : a)), hessian = surface.hessian(lows[at], lows[at + 1]);
  const curvatures = n === 1 ? hessian : mathematics.eigenvalues_2d(...hessian);
  // Where no direction is the steepest, the one in which the start lies.
  const [u, v] = n === 1 ? [1] : curvatures[0] === curvatures[1] ? gap(at, 0) : eigenDirections(hessian)[0], length = n === 1 ? 1 : Math.hypot(u, v) || 1;
  return { curvature: curvatures[0], distance: (t) => { const [x, y] = gap(at, t); return (n === 1 ? x : x * u + y * v) / length; } };
}

/**
 * What each step multiplies the error along the steepest direction by, and how much of the start grows so;
 * null where there is no such number. With a memory β it is the larger root of
 * z² − (1 + β − ηλ)z + β, with Nesterov's of z² − (1 − ηλ)((1 + β)z − β), and holds in the long run.
 */
function growthOf({ name, rates, hyper: [beta = 0], noisy, clip }, state, along) {
  if (!BOWLS.includes(state.surface) || !LINEAR.includes(name) || !isSteady(state) || noisy || clip !== null || isResumed(state)) return null;
  const factor = 1 - rates[0] * along.curvature;
  const [sum, product] = name === "nesterov" ? [factor * (1 + beta), factor * beta] : [factor + beta, beta];
  const root = Math.sqrt(sum * sum / 4 - product), multiplier = sum / 2 + (sum < 0 ? -root : root);
  const share = beta ? (multiplier - beta) / (multiplier - product / multiplier) : 1;
  return { multiplier, size: along.distance(0) * share, curvature: along.curvature, exact: !beta };
}

/** The first step at which the loss along the steepest direction passes the largest number; null for never. */
const overflowAlong = ({ multiplier, size, curvature }, largest) => overflowStep(multiplier ** 2, (curvature * size ** 2) / 2, largest);

/** The first step t at which start · multiplierᵗ passes the largest number; null for never. The twin of curvature.overflow_step. */
function overflowStep(multiplier, start, largest) {
  if (!(multiplier > 1 && start > 0)) return null;
  if (start > largest) return 0;
  const about = (Math.log(largest) - Math.log(start)) / Math.log(multiplier);
  let step = Math.max(Math.floor(about) - 1, 0);
  // Logarithms cannot tell 2¹⁰²⁴ from the number below it. In two halves, so that nothing overflows here.
  const passes = (t) => start * multiplier ** Math.floor(t / 2) > largest / multiplier ** Math.ceil(t / 2);
  if (about < 1e9) while (!passes(step)) step++;
  return step;
}

function tellRuns(rows, growth, words) {
  const said = [], full = rows.filter(({ loss }) => loss >= 0), n = rows[0].run.n;
  if (growth && Number.isFinite(growth.multiplier)) {
    said.push(fill(words["micro_multiplies" + (growth.exact ? (n === 1 ? "" : "_steep") : "_about")], { factor: formatNumber(growth.multiplier, words.decimal) }));
  }
  if (full.length) said.push(fill(words.micro_full, { list: full.map(({ dtype: format, loss: step }) => fill(words.micro_full_at, { format, step })).join(words.comma) }));
  else if (rows.every(({ decided }) => decided)) said.push(fill(words.micro_calm, { steps: MOST_STEPS }));
  return said.join(words.join);
}

/** Five steps: around the cursor, else around the overflow, else the last ones that are drawn. */
function rowsAround({ loss, point, run }, { cursor, steps }) {
  const overflow = [loss, point].filter((step) => step >= 0), centre = cursor ?? (overflow.length ? Math.min(...overflow) : steps - 2);
  const first = Math.max(Math.min(centre - 2, run.steps - 4), 0);
  return Array.from({ length: Math.min(5, run.steps + 1) }, (_, i) => first + i);
}

/** Point, gradient, what the step that follows multiplies the error by, loss. */
function numbersAt({ along, run: { n, steps, points, gradients, losses } }, t) {
  const now = along && t < steps ? along.distance(t) : 0;
  return [...points.subarray(t * n, t * n + n), ...gradients.subarray(t * n, t * n + n), now ? along.distance(t + 1) / now : null, losses[t]];
}

/** Where a column is too narrow, a number may go on at its power of ten. */
const breakable = (text) => String(text).split(/(?=×)/).flatMap((part, i) => (i ? [element("wbr"), part] : [part]));

/** A table that scrolls in a box of its own where it is wider than the page. */
function numberTable() {
  const caption = element("caption"), head = element("tr"), body = element("tbody");
  const box = element("div", { class: "numbers", tabindex: 0, role: "region" }, element("table", {}, caption, element("thead", {}, head), body));
  const cells = (row, scope) => row.map((text, i) => (i && scope === "row" ? element("td", {}, ...breakable(text)) : element("th", { scope }, text)));
  return {
    box,
    /** `marked` is the name of the row that is in focus. */
    show(title, names, rows, marked) {
      box.setAttribute("aria-label", title);
      caption.textContent = title;
      head.replaceChildren(...cells(names, "col"));
      body.replaceChildren(...rows.map((row) => element("tr", row[0] === marked ? { "aria-current": "true" } : {}, ...cells(row, "row"))));
    },
  };
}
