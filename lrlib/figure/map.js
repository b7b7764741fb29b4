// The map of rate and memory: for every η and β the factor by which the error shrinks per step, measured.

const MAP = { rates: 49, betas: 41, steps: 150 }; // cells of the sweep, and steps of each of its runs
const FACTORS = [0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 1]; // lines of equal factor

/** What the error is measured by: the minimum nearest to the start, how far above it the loss begins, and the curvatures there. */
function errorOf(state) {
  const known = mathematics.surfaces[state.surface], n = known.dimension, bound = known.at(...namesIn(known.settings).map((key) => state.settings[key]));
  const [lows, [x, y]] = [bound.minima(), state.start];
  let at = 0;
  const away = (i) => Math.hypot(lows[i] - x, n === 2 ? lows[i + 1] - y : 0);
  for (let i = n; i < lows.length; i += n) if (away(i) < away(at)) at = i;
  if (!lows.length) return null;
  const least = bound.value(lows[at], lows[at + 1]), hessian = bound.hessian(lows[at], lows[at + 1]), first = bound.value(x, y) - least;
  return first > 0 && first < Infinity ? { bound, least, first, curvatures: n === 1 ? hessian : mathematics.eigenvalues_2d(...hessian) } : null;
}

/** The largest factor per step, over the last fifth of the steps or, where the error is gone before, at the last step that had one; of the root, as the loss goes with the square of the error. The twin of search.momentum_map. */
function factorPerStep({ bound, least, first }, { start, optimizer }, lr, beta, rates = new Float64Array(MAP.steps)) {
  const { points } = mathematics.optimizers[optimizer].descend(bound.gradient, start, rates.fill(lr), null, null, Infinity, beta), n = start.length;
  let most = -Infinity; // the logarithm
  for (let t = MAP.steps; t > 0 && (most === -Infinity || t >= MAP.steps * 0.8); t--) {
    const left = (bound.value(points[t * n], points[t * n + 1]) - least) / first;
    if (Number.isNaN(left)) return Infinity;
    if (left > 1e-28) most = Math.max(most, Math.log(left) / (2 * t));
  }
  return Math.exp(most);
}

/** The middles of equal parts of a range, and the factors there, row by row from β = 0 up. */
const middleOf = (i, count) => (i + 0.5) / count;
function* mapFactors(error, state) {
  const [low, high] = state.lr_range, factors = [], rates = new Float64Array(MAP.steps);
  for (let row = 0; row < MAP.betas; row++) {
    for (let i = 0; i < MAP.rates; i++) factors.push(factorPerStep(error, state, low * (high / low) ** middleOf(i, MAP.rates), middleOf(row, MAP.betas), rates));
    yield null;
  }
  return factors;
}

/** Up to which β the roots of the recursion are real, by ηλ, and what that is called. */
const DAMPING = {
  momentum: { at: (product) => (1 - Math.sqrt(product)) ** 2, end: 4, name: "(1−√(ηλ))²" },
  nesterov: { at: (product) => (1 - Math.sqrt(product)) / (1 + Math.sqrt(product)), end: 1, name: "(1−√(ηλ))/(1+√(ηλ))" },
};

/** The best rate and memory on a bowl of these curvatures. The twin of curvature.best_momentum. */
function bestMomentum([largest, smallest]) {
  const total = Math.sqrt(largest) + Math.sqrt(smallest);
  return { lr: (2 / total) ** 2, beta: ((Math.sqrt(largest) - Math.sqrt(smallest)) / total) ** 2 };
}

function mapPanel(frame, hands) {
  const { layer, words } = frame;
  const ground = layer("g", "levels"), danger = layer("path", "danger"), hatch = layer("path", "hatching").attr("fill", hatching(frame.svg));
  const damping = layer("g", "damping"), border = layer("path", "limit"), best = layer("path", "star"), names = layer("g", "level-names"), here = layer("circle", "here");
  const over = frame.svg.append("g").attr("transform", `translate(${MARGIN.left},${MARGIN.top})`), own = over.append("g").attr("class", "handle anyway");
  frame.svg.append("text").attr("class", "axis-name").attr("x", MARGIN.left - 36).attr("y", MARGIN.top + 4).attr("text-anchor", "end").text("β");
  const none = frame.box.appendChild(element("p", { class: "none" })), reading = element("p", { class: "reading" }), key = element("div");
  frame.below = frame.box.appendChild(element("div", {}, key, reading));
  let shown = null, error = null, wanted = null, found = null, sweep = null, pending = 0, drawn = null, avoid = [];

  /** Rate and memory in one change. */
  const take = (lr, beta) => {
    const { rates, settings } = hands.state(), [low, high] = mathematics.optimizers[shown.name].settings.beta.allowed, { name } = shown;
    const memory = Math.min(Math.max(round3(beta), low), high);
    hands.change({ ...(name in rates ? { rates: { ...rates, [name]: lr } } : { lr }), settings: { ...settings, beta: memory } });
  };
  const scale = () => sliderScale(hands.state().lr_range, true);
  const rateAt = (x) => { const { stops, toValue } = scale(); return toValue(Math.min(Math.max((stops * x) / frame.width, 0), stops)); };
  const goTo = ({ x, y }) => { const lr = rateAt(x); if (lr > 0 && lr < Infinity) take(lr, frame.y.invert(y)); };
  own.append("circle").attr("class", "reach").attr("r", 14);
  own.append("circle").attr("r", 9);
  makeHandle(own, words.map_handle, {
    drag: goTo,
    key: (axis, sign) => {
      const { toStop, stops } = scale(), x = (toStop(shown.lr) / stops + (axis ? 0 : sign / 60)) * frame.width;
      if (axis) take(shown.lr, shown.beta + sign * 0.01);
      else goTo({ x, y: frame.y(shown.beta) });
    },
  });
  frame.inner.on("click", (event) => {
    const { left, top } = frame.svg.node().getBoundingClientRect();
    if (error) goTo({ x: event.clientX - left - MARGIN.left, y: event.clientY - top - MARGIN.top });
  });

  const compute = () => {
    pending = 0;
    if (!frame.box.isConnected || !error) return;
    if (sweep?.key !== wanted) sweep = { key: wanted, rows: mapFactors(error, shown.state) };
    const began = performance.now();
    for (let next = sweep.rows.next(); ; next = sweep.rows.next()) {
      if (next.done) { found = { key: wanted, factors: next.value }; return show(); }
      if (performance.now() - began > A_FRAME) break;
    }
    pending = requestAnimationFrame(compute);
  };
  const show = () => {
    const { width, height } = frame, late = found?.key !== wanted;
    for (const part of [ground, danger, hatch, names]) part.classed("faded", late);
    const picture = JSON.stringify([found?.key, width, height]);
    if (found && picture !== drawn) {
      drawn = picture;
      drawFactors(frame, { ground, danger, hatch, names }, found.factors, avoid);
    }
    names.selectAll("text").attr("display", ({ at }) => (reaches(at, own.datum(), 26) ? "none" : null));
    if (!late || pending) return;
    pending = requestAnimationFrame(compute);
  };
  const draw = ({ state, run, runs }) => {
    const { x, y, width, height } = frame, known = Object.hasOwn(DAMPING, run.name);
    error = known ? errorOf(state) : null;
    frame.heading.textContent = runs.length > 1 ? fill(words.titled, { title: words.map, name: words["rule_" + run.name] }) : words.map;
    frame.box.classList.toggle("empty", !error);
    none.textContent = error ? "" : known ? words.map_no_error : fill(words.map_no_memory, { rule: words["rule_" + run.name] });
    if (!error) return;
    const [beta] = run.hyper, { lr, name } = run, { curvatures } = error;
    shown = { state, run, name, lr, beta };
    wanted = JSON.stringify([state.surface, namesIn(mathematics.surfaces[state.surface].settings).map((one) => state.settings[one]), state.start, name, state.lr_range]);
    frame.x = d3.scaleLog(state.lr_range, [0, width]);
    y.domain([0, 1]).range([height, 0]);
    drawRates(frame, state.lr_range);
    const across = plainScale(frame.x, true), inside = curvatures.filter((λ) => λ > 0), curve = (lr, beta) => `${tenth(drawable(across(lr)))},${tenth(y(beta))}`;
    const betas = Array.from({ length: 51 }, (_, i) => i / 50), shares = Array.from({ length: 201 }, (_, i) => (DAMPING[name].end * (i + 0.1)) / 201);
    const edge = inside.length ? betas.map((memory) => [run.rule.threshold(lr, memory) / inside[0], memory]) : [];
    border.attr("d", inside.length ? "M" + edge.map((one) => curve(...one)).join("L") : null);
    damping.selectAll("path").data(inside).join("path").attr("class", (_, i) => `eigen-${i}`)
      .attr("d", (λ) => "M" + shares.map((product) => curve(product / λ, DAMPING[name].at(product))).join("L"));
    const star = name === "momentum" && BOWLS.includes(state.surface) && inside.length ? bestMomentum([inside[0], inside.at(-1)]) : null;
    best.attr("d", star ? starAt(across(star.lr), y(star.beta)) : null);
    avoid = [...edge, ...(star ? [[star.lr, star.beta]] : [])].map(([rate, memory]) => [across(rate), y(memory)]);
    const at = [Math.min(Math.max(across(lr), 0), width), y(beta)], written = (value) => formatNumber(value, words.decimal);
    here.attr("r", 4).attr("cx", tenth(at[0])).attr("cy", tenth(at[1]));
    own.datum(at).attr("transform", `translate(${at.map(tenth)})`).attr("aria-valuemin", state.lr_range[0]).attr("aria-valuemax", state.lr_range[1])
      .attr("aria-valuenow", lr).attr("aria-valuetext", `η = ${written(lr)}, β = ${written(beta)}`);
    nameMapLines(key, run, inside, star, words);
    reading.textContent = unbroken(fill(words.map_factor, { lr: written(lr), beta: written(beta), steps: MAP.steps, factor: written(factorPerStep(error, state, lr, beta)) }));
    show();
  };
  return { draw };
}

/** Levels of the factor, the faster the darker; where it is above 1, danger. The number of each line stands on it. */
function drawFactors({ width, height, words }, { ground, danger, hatch, names }, factors, avoid) {
  const slow = factors.map((factor) => -Math.min(factor, 1.5)), size = [MAP.rates, MAP.betas], contours = d3.contours().size(size);
  const outside = (share) => (share <= 0 ? -0.02 : share >= 1 ? 1.02 : share); // no line along the edges
  const place = ([column, row]) => [outside(column / MAP.rates) * width, height - outside(row / MAP.betas) * height];
  const outline = ({ coordinates }) => coordinates.flat().map((ring) => "M" + ring.map((one) => place(one).map(tenth)).join("L") + "Z").join("");
  const levels = contours.thresholds(FACTORS.map((factor) => -factor).reverse())(slow);
  ground.selectAll("path").data(levels).join("path").attr("d", outline);
  const above = contours.thresholds([1])(factors.map((factor) => Math.min(factor, 1.5)));
  for (const area of [danger, hatch]) area.attr("d", above.map(outline).join(""));
  names.selectAll("text").data(placeNames(levels, place, [width, height], avoid)).join("text").attr("text-anchor", "middle").attr("x", ({ at }) => tenth(at[0])).attr("y", ({ at }) => tenth(at[1] + 4)).text(({ value }) => formatNumber(value, words.decimal));
}

/** Whether a number there would touch what is drawn around a place. */
const reaches = ([x, y], [u, v], room) => Math.hypot(x - u, 1.6 * (y - v)) < room;

/** For the number of each level a place on its line, as far from the edges and the other numbers as there is; none beside what it has to avoid. */
function placeNames(levels, place, [width, height], avoid) {
  const taken = [], labels = [];
  for (const { value, coordinates } of levels) {
    let best = null, most = 18;
    for (const [x, y] of coordinates.flat(2).map(place)) {
      if (avoid.some((one) => reaches([x, y], one, 26))) continue;
      const room = Math.min(x - 2, width - x - 2, 1.4 * y, 1.4 * (height - y), ...taken.map(([u, v]) => Math.hypot(x - u, 1.6 * (y - v)) / 2));
      if (room > most) [best, most] = [[x, y], room];
    }
    if (!best) continue;
    taken.push(best);
    labels.push({ value: -value, at: best });
  }
  return labels;
}

function starAt(x, y) {
  const points = Array.from({ length: 10 }, (_, i) => [i % 2 ? 3.4 : 8.5, (Math.PI * i) / 5]);
  return "M" + points.map(([r, angle]) => `${tenth(x + r * Math.sin(angle))},${tenth(y - r * Math.cos(angle))}`).join("L") + "Z";
}

/** Border, curves and star, by name and formula. */
function nameMapLines(key, run, curvatures, star, words) {
  const written = (value) => formatNumber(value, words.decimal), named = curvatures.length ? [["limit", fill(words.map_border, { formula: LIMIT_NAMES[run.name].threshold(curvatureName(run, 0)) })]] : [];
  curvatures.forEach((_, i) => named.push([`damp eigen-${i}`, fill(words.map_damping, { formula: DAMPING[run.name].name.replaceAll("λ", curvatureName(run, i)) })]));
  if (star) named.push(["star", fill(words.map_best, { lr: written(star.lr), beta: written(star.beta) }), starAt(13, 8)]);
  if (key.dataset.said === named.join()) return;
  key.dataset.said = named.join();
  key.replaceChildren(lineKey(named));
}
