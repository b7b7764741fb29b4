// The figure: a reader sets the learning rate and sees what it does.
//
// `page.py` puts in front of this text: `d3` (vendor/d3.min.js), `mathematics` (translated from
// Python, bit for bit), `locales` (locale/*.json) and common.js. A host calls `renderLab` with a
// model: Jupyter's, or a PageModel made from the settings of an <lr-lab> element.

// ---------------------------------------------------------------- the sentence

/** What the figure shows, in words. The twin of words.sentence. */
function sentence(run, words) {
  const values = { steps: run.steps };
  for (const name of ["lr", "product", "threshold", "first", "last"]) values[name] = formatNumber(run[name], words.decimal);
  const say = (key, step, more) => fill(words["says_" + key], { ...values, step, ...more });
  const said = [say(run.constant ? "rate" : "rate_start")];
  if (run.regime) said.push(say(run.regime));
  if (run.leaves !== null) said.push(say("leaves", run.leaves, { place: placeOf(run, words.decimal) }));
  if (run.infinite !== null) {
    said.push(say("infinite", run.infinite));
    if (run.infinite > 0) said.push(say("before", run.infinite, { before: formatNumber(run.losses[run.infinite - 1], words.decimal) }));
  } else said.push(say(values.last === values.first ? "same" : run.last < run.first ? "falls" : "rises"));
  if (run.nan !== null) said.push(say("nan", run.nan));
  return said.join(words.join);
}

/** The point at which the path leaves the picture. */
function placeOf({ n, points, leaves }, decimal) {
  const written = Array.from(points.subarray(leaves * n, leaves * n + n), (value) => formatNumber(value, decimal));
  return n === 1 ? `x = ${written[0]}` : `(${written.join(" | ")})`;
}

// ---------------------------------------------------------------- one run of an optimizer

const settingsOf = (known, state) => Object.keys(known.settings).map((name) => state.settings[name]);

/** The run that `state` describes: its arrays, and the facts that the sentence tells. */
function runOf(state) {
  const surface = mathematics.surfaces[state.surface], optimizer = mathematics.optimizers[state.optimizer];
  const bound = surface.at(...settingsOf(surface, state)), hyper = settingsOf(optimizer, state);
  const n = surface.dimension, { steps, lr, view } = state;
  const points = optimizer.descend(bound.gradient, state.start, new Float64Array(steps).fill(lr), ...hyper);
  const threshold = optimizer.threshold(lr, ...hyper), glide = optimizer.glide(lr, ...hyper);
  const losses = new Float64Array(steps + 1);
  const products = Array.from({ length: n }, () => new Float64Array(steps + 1));
  let leaves = null, below = null, infinite = null, nan = null, sharpness = null, constant = true;
  for (let t = 0; t <= steps; t++) {
    const x = points[t * n], y = points[t * n + 1];
    losses[t] = bound.value(x, y);
    const eigenvalues = eigenvaluesOf(bound.hessian(x, y));
    eigenvalues.forEach((value, i) => { products[i][t] = lr * value; });
    sharpness ??= eigenvalues[0];
    if (Number.isFinite(losses[t])) constant &&= eigenvalues[0] === sharpness;
    else infinite ??= t;
    if (losses[t] < 0) below ??= t;
    const within = (value, [low, high]) => value >= low && value <= high;
    if (within(x, view[0]) && (n === 1 || within(y, view[1]))) leaves = null;
    else leaves ??= t;
    if (Number.isNaN(x) || (n === 2 && Number.isNaN(y))) nan ??= t;
  }
  const product = products[0][0];
  const moves = points.subarray(n, 2 * n).some((value, i) => value !== points[i]);
  return {
    n, steps, lr, points, losses, products, product, threshold, glide, below, infinite, nan, bound,
    leaves: state.panels.includes("landscape") ? leaves : null,
    constant, regime: constant && moves && products[n - 1][0] > 0 ? regimeOf(product, glide, threshold) : null,
    first: losses[0], last: losses[steps], eigenvalues: eigenvaluesOf(bound.hessian(...state.start)),
  };
}

const eigenvaluesOf = (hessian) => (hessian.length === 1 ? hessian : mathematics.eigenvalues_2d(...hessian));

function regimeOf(product, glide, threshold) {
  if (product <= glide) return "glide";
  if (product < threshold) return middleZone(threshold);
  if (product === threshold) return threshold === 2 ? "border" : null;
  return threshold === 2 ? "explode" : "widen";
}

/** Without memory the threshold is 2 and the path jumps from side to side; with memory it swings. */
const middleZone = (threshold) => (threshold === 2 ? "zigzag" : "swing");

// ---------------------------------------------------------------- drawing

const MARGIN = { top: 8, right: 12, bottom: 30, left: 52 };
const FAR = 1e5; // pixels: beyond, a line from the picture cannot be told from one that is longer still
const AWAY = 4; // widths of the picture: a path that has gone so far is not drawn any further
const MANY = 150; // steps: beyond, dots would hide the line
const GRID = 72; // cells along each side of the contour plot

/** An svg with axes and an inner svg that clips what leaves the picture. */
function makePanel(name, words) {
  const box = document.createElement("div");
  box.className = `panel ${name}`;
  const title = document.createElement("div");
  title.className = "title";
  title.textContent = words[name];
  const svg = d3.select(box).append("svg").attr("role", name === "landscape" ? "group" : "img").attr("aria-label", words[name]);
  box.prepend(title);
  const inner = svg.append("svg").attr("class", "inner").attr("x", MARGIN.left).attr("y", MARGIN.top);
  return {
    name, words, box, svg, inner,
    xAxis: svg.append("g").attr("class", "axis"), yAxis: svg.append("g").attr("class", "axis"),
    xName: name === "landscape" ? null : svg.append("text").attr("class", "axis-name").text(words.axis_step),
    note: svg.append("text").attr("class", "note"),
    layer: (kind, className) => inner.append(kind).attr("class", className),
    x: d3.scaleLinear(), y: d3.scaleLinear(), width: 0, height: 0,
  };
}

/** Fits a panel to the width it has; true if that changed. */
function measure(panel) {
  const width = Math.max(panel.box.clientWidth - MARGIN.left - MARGIN.right, 60);
  const height = panel.box.clientHeight - panel.box.firstChild.offsetHeight - MARGIN.top - MARGIN.bottom;
  if (width === panel.width && height === panel.height) return false;
  Object.assign(panel, { width, height: Math.max(height, 60) });
  const { svg, inner, xAxis, yAxis, xName, note } = panel;
  svg.attr("width", width + MARGIN.left + MARGIN.right).attr("height", panel.height + MARGIN.top + MARGIN.bottom);
  inner.attr("width", width).attr("height", panel.height);
  xAxis.attr("transform", `translate(${MARGIN.left},${MARGIN.top + panel.height})`);
  yAxis.attr("transform", `translate(${MARGIN.left},${MARGIN.top})`);
  xName?.attr("x", MARGIN.left - 10).attr("y", MARGIN.top + panel.height + 19).attr("text-anchor", "end");
  note.attr("x", MARGIN.left + width / 2).attr("y", MARGIN.top + 14).attr("text-anchor", "middle");
  panel.axesDrawn = null;
  return true;
}

function drawAxes(panel, yTicks) {
  const { words, x, y, width, height } = panel;
  const key = [x.domain(), y.domain(), yTicks].join();
  if (key === panel.axesDrawn) return;
  panel.axesDrawn = key;
  const label = (value) => formatNumber(value, words.decimal);
  panel.xAxis.call(d3.axisBottom(x).ticks(Math.min(6, width / 50)).tickSizeOuter(0).tickFormat(label));
  const axis = d3.axisLeft(y).tickSizeOuter(0);
  if (yTicks) axis.tickValues(yTicks).tickFormat((value) => tenTo(Math.round(Math.log10(value))));
  else axis.ticks(Math.min(6, height / 30)).tickFormat(label);
  panel.yAxis.call(axis);
}

/** A polyline and a dot at every corner, up to the first corner that is farther away than `reach`. */
function drawTrail(line, dots, xs, ys, reach) {
  let path = "", marks = "";
  for (let i = 0; i < xs.length; i++) {
    const x = xs[i], y = ys[i];
    if (!(Math.abs(x) < reach && Math.abs(y) < reach)) {
      if (i > 0 && Number.isFinite(x) && Number.isFinite(y)) {
        const shrink = Math.min(FAR / Math.max(Math.abs(x), Math.abs(y)), 1);
        path += `L${(x * shrink).toFixed(1)},${(y * shrink).toFixed(1)}`;
      }
      break;
    }
    const at = `${x.toFixed(1)},${y.toFixed(1)}`;
    path += (i ? "L" : "M") + at;
    marks += `M${at}h0`;
  }
  line.attr("d", path);
  dots.attr("d", xs.length > MANY ? "" : marks);
}

function landscapePanel(panel, model) {
  const { layer } = panel;
  const ground = layer("g", "ground"), curve = layer("path", "curve"), line = layer("path", "trail");
  const dots = layer("path", "dots"), minima = layer("path", "minima");
  // Outside of what is clipped: at the edge of the picture the ring stays whole.
  const start = panel.svg.append("g").attr("transform", `translate(${MARGIN.left},${MARGIN.top})`)
    .append("circle").attr("class", "start").attr("r", 10);
  let drawn = null;
  makeDraggable(panel, start, model);
  return (run, state) => {
    const { n, bound, points, losses } = run, { x, y, width, height } = panel;
    const key = JSON.stringify([state.surface, state.settings, state.view, width, height]);
    x.domain(state.view[0]).range([0, width]);
    y.range([height, 0]);
    if (key !== drawn) {
      drawn = key;
      if (n === 1) drawCurve(panel, curve, bound, state.view[0]);
      else drawContours(panel, ground, bound, state.view);
      const lows = bound.minima(), crosses = [];
      for (let i = 0; i < lows.length; i += n) crosses.push([x(lows[i]), y(n === 1 ? bound.value(lows[i]) : lows[i + 1])]);
      minima.attr("d", crosses.map(([cx, cy]) => `M${cx - 5},${cy - 5}l10,10m0,-10l-10,10`).join(""));
    }
    drawAxes(panel);
    const xs = Float64Array.from(losses, (_, t) => x(points[t * n]));
    const ys = Float64Array.from(losses, (loss, t) => y(n === 1 ? loss : points[t * n + 1]));
    drawTrail(line, dots, xs, ys, AWAY * Math.max(width, height));
    start.attr("cx", xs[0]).attr("cy", ys[0]).attr("aria-valuemin", state.view[0][0]).attr("aria-valuemax", state.view[0][1])
      .attr("aria-valuenow", state.start[0])
      .attr("aria-valuetext", state.start.map((v) => formatNumber(v, panel.words.decimal)).join(" / "));
    panel.note.text(run.leaves === null ? "" : fill(panel.words.mark_leaves, { step: run.leaves }));
  };
}

function drawCurve({ x, y, width }, curve, bound, [low, high]) {
  const values = Array.from({ length: 201 }, (_, i) => bound.value(low + ((high - low) * i) / 200));
  const bottom = Math.min(...values), top = Math.max(...values);
  y.domain([bottom - 0.06 * (top - bottom), top]);
  curve.attr("d", d3.line().x((_, i) => (width * i) / 200).y((value) => y(value))(values));
}

/** Levels grow like squares, so that a bowl shows evenly spaced rings; higher ground is darker. */
function drawContours({ x, y, width, height }, ground, bound, [across, up]) {
  y.domain(up);
  const cell = ([low, high], i) => low + ((high - low) * (i + 0.5)) / GRID;
  const values = Array.from({ length: GRID * GRID }, (_, k) => bound.value(cell(across, k % GRID), cell(up, Math.floor(k / GRID))));
  const bottom = Math.min(...values), top = Math.max(...values);
  const levels = Array.from({ length: 12 }, (_, i) => bottom + (top - bottom) * ((i + 1) / 13) ** 2);
  const toPixel = ([column, row]) => [(column / GRID) * width, height - (row / GRID) * height];
  const outline = (ring) => "M" + ring.map((corner) => toPixel(corner).map((v) => v.toFixed(1)).join()).join("L") + "Z";
  ground.selectAll("path").data(d3.contours().size([GRID, GRID]).thresholds(levels)(values)).join("path")
    .attr("d", (contour) => contour.coordinates.flat().map(outline).join(""));
}

/** The start moves with mouse, touch and arrow keys. */
function makeDraggable(panel, start, model) {
  const moveTo = (point) => {
    const view = model.get("view");
    const rounded = point.map((value, i) => {
      const [low, high] = view[i], grain = 10 ** Math.floor(Math.log10((high - low) / 200));
      return Math.min(Math.max(Number((Math.round(value / grain) * grain).toPrecision(12)), low), high);
    });
    model.set("start", rounded);
    model.save_changes();
  };
  start.attr("tabindex", 0).attr("role", "slider").attr("aria-label", panel.words.start);
  start.call(d3.drag().on("drag", (event) => {
    moveTo([panel.x.invert(event.x), panel.y.invert(event.y)].slice(0, model.get("start").length));
  }));
  start.on("keydown", (event) => {
    const [axis, sign] = { ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowUp: [1, 1], ArrowDown: [1, -1] }[event.key] ?? [];
    const point = [...model.get("start")];
    if (axis === undefined) return;
    event.preventDefault();
    const i = Math.min(axis, point.length - 1), [low, high] = model.get("view")[i];
    point[i] += (sign * (high - low)) / 50;
    moveTo(point);
  });
}

function lossPanel(panel) {
  const { layer } = panel;
  const events = layer("path", "event"), line = layer("path", "trail"), dots = layer("path", "dots");
  panel.y = d3.scaleLog();
  return (run) => {
    const { losses, steps } = run, { x, y, width, height, words } = panel;
    let low = Infinity, high = 0;
    for (const loss of losses) if (loss > 0 && loss < Infinity) { low = Math.min(low, loss); high = Math.max(high, loss); }
    if (!high) low = high = 1;
    const first = losses[0] > 0 && losses[0] < Infinity ? losses[0] : high;
    // Whole decades: the axis stands still while the curve moves.
    low = tenthPower(Math.floor(Math.log10(Math.max(low / 2, first * 1e-10))));
    high = tenthPower(Math.ceil(Math.log10(Math.max(high, first) * 2)));
    x.domain([0, steps]).range([0, width]);
    y.domain([low, high]).range([height, 0]);
    drawAxes(panel, decades(low, high));
    const xs = Float64Array.from(losses, (_, t) => x(t));
    const ys = Float64Array.from(losses, (loss) => (loss === 0 ? height + 4 : loss === Infinity ? -4 : y(loss)));
    drawTrail(line, dots, xs, ys, FAR);
    const told = [["mark_below", run.below], ["mark_infinite", run.infinite], ["mark_nan", run.nan]].filter(([, step]) => step !== null);
    const happened = told.map(([, step]) => x(step));
    events.attr("d", happened.map((at) => `M${at},0V${height}`).join(""));
    // Right of the line nothing is drawn any more; where there is no room, low on the left of it.
    const room = told.length && Math.max(...happened) < width * 0.55;
    const at = MARGIN.left + (room ? Math.max(...happened) + 8 : Math.min(...happened, width) - 8);
    panel.note.attr("text-anchor", room ? "start" : "end").attr("y", MARGIN.top + height - (room ? height / 2 : 26));
    panel.note.selectAll("tspan").data(told).join("tspan").attr("x", at)
      .attr("dy", (_, i) => (i ? "1.3em" : 0)).text(([key, step]) => fill(words[key], { step }));
  };
}

const tenthPower = (exponent) => Math.min(Math.max(10 ** exponent, 1e-307), 1e308);

/** Whole powers of ten between two numbers, seven at most. */
function decades(low, high) {
  const from = Math.ceil(Math.log10(low)), to = Math.floor(Math.log10(high)), stride = Math.ceil((to - from + 1) / 6);
  return Array.from({ length: Math.max(Math.ceil((to - from + 1) / stride), 0) }, (_, i) => 10 ** (from + i * stride));
}

function gaugePanel(panel) {
  const { layer } = panel;
  const calm = layer("rect", "calm"), danger = layer("rect", "danger"), hatch = layer("path", "hatch");
  const glideLine = layer("path", "glide-line"), limit = layer("path", "limit");
  const lines = layer("g", "products"), zones = layer("g", "zones"), names = layer("g", "names");
  return (run) => {
    const { products, steps, threshold, glide } = run, { x, y, width, height, words } = panel;
    let low = 0, most = 0;
    for (const product of products) for (const value of product) {
      if (value < low && value > -FAR) low = value;
      if (value > most && value < Infinity) most = value;
    }
    const half = threshold / 2, top = half * Math.min(Math.max(Math.ceil((1.1 * most) / half), 3), 8);
    x.domain([0, steps]).range([0, width]);
    y.domain([Math.max(low * 1.1, -top), top]).range([height, 0]);
    drawAxes(panel);
    calm.attr("width", width).attr("y", y(threshold)).attr("height", height - y(threshold));
    danger.attr("width", width).attr("y", 0).attr("height", y(threshold));
    hatch.attr("d", hatching(width, y(threshold)));
    limit.attr("d", `M0,${y(threshold)}H${width}`);
    glideLine.attr("d", `M0,${y(glide)}H${width}`);
    const named = [[0, glide, "glide"], [glide, threshold, middleZone(threshold)], [threshold, top, "explode"]];
    zones.selectAll("text").data(named.filter(([from, to]) => y(from) - y(to) > 15)).join("text")
      .attr("x", width - 6).attr("y", ([from, to]) => (y(from) + y(to)) / 2).text(([, , zone]) => words["zone_" + zone]);
    lines.selectAll("path").data(products).join("path").attr("class", (_, i) => `trail eigen-${i}`)
      .attr("d", (product) => level(product, x, y));
    const labels = products.map(([product], i) => [product, i]).filter(([product]) => y(product) > 0);
    names.selectAll("text").data(labels).join("text").attr("x", ([, i]) => 6 + 34 * i)
      .attr("y", ([product]) => (product < threshold && y(product) + 18 < height ? y(product) + 15 : Math.max(y(product) - 6, 12)))
      .text(([, i]) => (run.n === 1 ? "ηλ" : "ηλ" + "₁₂"[i]));
    panel.note.text(run.product > top ? `▲ ηλ = ${formatNumber(run.product, words.decimal)}` : "");
  };
}

/** A line over the steps, ending where the numbers do. */
function level(values, x, y) {
  let end = values.length;
  for (let t = 0; t < end; t++) if (!Number.isFinite(values[t])) end = t;
  return d3.line().x((_, t) => x(t)).y((value) => Math.min(Math.max(y(value), -FAR), FAR))(values.subarray(0, end)) ?? "";
}

/** Diagonals that mark the unstable side also where colours are not seen. */
function hatching(width, height) {
  let path = "";
  for (let from = -height; from < width; from += 9) path += `M${from},${height}l${height},${-height}`;
  return path;
}

const PANELS = { landscape: landscapePanel, loss: lossPanel, gauge: gaugePanel };

// ---------------------------------------------------------------- controls

const LIMIT_NAMES = {
  gd: { glide: (λ) => `1/${λ}`, threshold: (λ) => `2/${λ}` },
  momentum: { glide: (λ) => `(1−√β)²/${λ}`, threshold: (λ) => `2(1+β)/${λ}` },
  nesterov: { glide: (λ) => `((1−β)/(1+β))²/${λ}`, threshold: (λ) => `2(1+β)/((1+2β)${λ})` },
};

const round3 = (value) => Number(value.toPrecision(3));

/** Between a number and its place on a slider, 0 … stops. */
function sliderScale([low, high], log) {
  if (!log) return { stops: 200, toStop: (v) => (200 * (v - low)) / (high - low), toValue: (s) => round3(low + ((high - low) * s) / 200) };
  const span = Math.log(high / low), stops = Math.round(span / 0.01);
  // The stop nearest to a round number is that number, so that every rate of two digits can be reached.
  const round = (value) => {
    const rounder = Number(value.toPrecision(2));
    return Math.abs(Math.log(rounder / value)) <= span / stops / 2 ? rounder : round3(value);
  };
  return { stops, toStop: (v) => (stops * Math.log(v / low)) / span, toValue: (s) => round(low * Math.exp((span * s) / stops)) };
}

/** The learning rate: a slider with its limits marked on it, and a field that takes any number. */
function rateControl(model, words, signal) {
  const scale = sliderScale(model.get("lr_range"), true);
  const range = element("input", { type: "range", min: 0, max: scale.stops, step: 1, "aria-label": words.rate });
  const field = element("input", { type: "text", inputmode: "decimal", autocomplete: "off", "aria-label": words.rate_exact });
  const reset = element("button", { type: "button", class: "reset" }, words.reset);
  const wrong = element("span", { class: "wrong", role: "alert" });
  const track = element("div", { class: "track", "aria-hidden": "true" });
  const marks = element("div", { class: "marks" });
  const node = element("div", { class: "control rate" },
    element("div", { class: "head" }, element("span", { class: "name", "aria-hidden": "true" }, words.rate), field, reset),
    element("div", { class: "slide" }, track, range), marks, wrong);
  const set = (lr) => { model.set("lr", lr); model.save_changes(); };

  range.addEventListener("input", () => set(scale.toValue(range.valueAsNumber)), { signal });
  field.addEventListener("input", () => {
    const given = readNumber(field.value), right = given > 0 && given < Infinity;
    field.setAttribute("aria-invalid", String(!right));
    wrong.textContent = right ? "" : words.rate_wrong;
    if (right) set(given);
  }, { signal });
  const write = (lr) => {
    field.value = String(lr).replace(".", words.decimal);
    field.setAttribute("aria-invalid", "false");
    wrong.textContent = "";
  };
  field.addEventListener("blur", () => write(model.get("lr")), { signal });

  /** Where on the slider the limits of the current Hessian lie, the most telling first. */
  const limits = (run, optimizer) => run.eigenvalues.flatMap((eigenvalue, i) => {
    if (!(eigenvalue > 0)) return [];
    const name = run.n === 1 ? "λ" : "λ" + "₁₂"[i], names = LIMIT_NAMES[optimizer];
    const limit = { kind: "threshold", at: run.threshold / eigenvalue, name: names.threshold(name) };
    return i ? [limit] : [limit, { kind: "glide", at: run.glide / eigenvalue, name: names.glide(name) }];
  });

  const place = (value) => scale.toStop(value) / scale.stops;
  const css = (fraction) => `calc(var(--thumb) / 2 + ${fraction.toFixed(4)} * (100% - var(--thumb)))`;

  let placed = null;
  const placeMarks = (run, optimizer) => {
    const key = [optimizer, run.threshold, run.glide, ...run.eigenvalues, width].join();
    if (key === placed) return;
    placed = key;
    const visible = limits(run, optimizer).filter(({ at }) => place(at) >= 0 && place(at) <= 1);
    const edge = run.eigenvalues[0] > 0 ? Math.min(Math.max(place(run.threshold / run.eigenvalues[0]), 0), 1) : 1;
    track.style.setProperty("--edge", css(edge));
    const taken = [];
    d3.select(marks).selectAll("button").data(visible).join("button").attr("type", "button")
      .attr("class", ({ kind }) => `mark ${kind}`).style("left", ({ at }) => css(place(at)))
      .style("top", ({ at, name }) => `${rowFor(taken, place(at) * width, name) * 26}px`)
      .attr("aria-label", ({ at, name }) => `η = ${name} = ${formatNumber(at, words.decimal)}`)
      .text(({ name }) => name).on("click", (_, { at }) => set(at));
    marks.style.height = `${26 * Math.max(taken.length, 1)}px`;
  };

  let width = 0;
  return {
    node, reset,
    measure() { width = marks.clientWidth; },
    update(run, state) {
      range.value = scale.toStop(run.lr);
      range.setAttribute("aria-valuetext", `${formatNumber(run.lr, words.decimal)}; ηλ = ${formatNumber(run.product, words.decimal)}`);
      if (document.activeElement !== field || readNumber(field.value) !== run.lr) write(run.lr);
      placeMarks(run, state.optimizer);
      node.classList.toggle("over", run.product > run.threshold);
    },
  };
}

/** The first row in which a label of this width is free. */
function rowFor(taken, centre, name) {
  const half = 4.2 * name.length + 6;
  const free = taken.findIndex((labels) => labels.every(([at, other]) => Math.abs(at - centre) > half + other));
  const row = free < 0 ? taken.length : free;
  (taken[row] ??= []).push([centre, half]);
  return row;
}

/** A slider for one setting of the surface or the optimizer. */
function settingControl(model, words, signal, name) {
  const known = mathematics.surfaces[model.get("surface")].settings[name] ?? mathematics.optimizers[model.get("optimizer")].settings[name];
  const scale = sliderScale(known.slider, known.log);
  const range = element("input", { type: "range", min: 0, max: scale.stops, step: 1 });
  const shown = element("output");
  const node = element("label", { class: "control setting" },
    element("span", { class: "head" }, element("span", { class: "name" }, words[name]), shown), range);
  range.addEventListener("input", () => {
    model.set("settings", { ...model.get("settings"), [name]: scale.toValue(range.valueAsNumber) });
    model.save_changes();
  }, { signal });
  return {
    node,
    update(run, state) {
      const text = formatNumber(state.settings[name], words.decimal);
      range.value = scale.toStop(state.settings[name]);
      range.setAttribute("aria-valuetext", text);
      shown.textContent = text;
    },
  };
}

// ---------------------------------------------------------------- the figure

const KEYS = ["language", "surface", "optimizer", "lr", "lr_range", "start", "steps", "settings", "view", "panels", "controls"];

/** Throws the name and the value of the first setting that no figure can have. */
function check(state) {
  const demand = (name, right) => { if (!right) throw new Error(`${name} = ${JSON.stringify(state[name])}`); };
  const numbers = (values, n) => Array.isArray(values) && values.length === n && values.every(Number.isFinite);
  const interval = (ends) => numbers(ends, 2) && ends[0] < ends[1];
  const surface = mathematics.surfaces[state.surface], optimizer = mathematics.optimizers[state.optimizer];
  demand("language", locales[state.language]);
  demand("surface", surface);
  demand("optimizer", optimizer);
  demand("lr", state.lr > 0 && state.lr < Infinity);
  demand("lr_range", interval(state.lr_range) && state.lr_range[0] > 0);
  demand("start", numbers(state.start, surface.dimension));
  demand("steps", Number.isInteger(state.steps) && state.steps > 0);
  demand("view", state.view?.length === surface.dimension && state.view.every(interval));
  demand("panels", Array.isArray(state.panels) && state.panels.every((name) => name in PANELS));
  const known = { ...surface.settings, ...optimizer.settings };
  demand("settings", Object.keys(known).every((name) => Number.isFinite(state.settings?.[name])));
  demand("controls", Array.isArray(state.controls) && state.controls.every((name) => name in known));
}

/** Builds the figure in `el`, follows the model, and returns what takes it all away again. */
function renderLab({ model, el }) {
  const stop = new AbortController(), { signal } = stop;
  const read = () => Object.fromEntries(KEYS.map((key) => [key, model.get(key)]));
  const author = read(), words = locales[author.language];
  check(author);
  const rate = rateControl(model, words, signal);
  const controls = [rate, ...author.controls.map((name) => settingControl(model, words, signal, name))];
  const panels = author.panels.map((name) => {
    const panel = makePanel(name, words);
    return { panel, draw: PANELS[name](panel, model) };
  });
  const says = element("p", { class: "says" }), live = element("p", { class: "unseen", role: "status" });
  el.classList.add("lr-lab");
  el.lang = author.language;
  el.replaceChildren(
    element("div", { class: "controls" }, ...controls.map(({ node }) => node)),
    element("div", { class: "panels" }, ...panels.map(({ panel }) => panel.box)), says, live);

  let telling = 0;
  const update = () => {
    const state = read(), run = runOf(state);
    for (const control of controls) control.update(run, state);
    for (const { panel, draw } of panels) if (panel.width) draw(run, state);
    says.textContent = sentence(run, words);
    // A screen reader hears the sentence once the hand rests, not a hundred times on the way.
    clearTimeout(telling);
    telling = setTimeout(() => { live.textContent = says.textContent; }, 500);
  };
  rate.reset.addEventListener("click", () => {
    for (const key of ["lr", "start", "settings"]) model.set(key, author[key]);
    model.save_changes();
  }, { signal });
  const resized = new ResizeObserver(() => {
    rate.measure();
    const changed = panels.map(({ panel }) => measure(panel));
    if (changed.some(Boolean)) update();
  });
  for (const { panel } of panels) resized.observe(panel.box);
  for (const key of KEYS) model.on(`change:${key}`, update);
  update();

  return () => {
    stop.abort();
    resized.disconnect();
    clearTimeout(telling);
    for (const key of KEYS) model.off(`change:${key}`, update);
    el.replaceChildren();
  };
}
