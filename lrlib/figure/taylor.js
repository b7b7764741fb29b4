// One gradient step from where the path stands: what slope and curvature promise for every rate, and what happens.

const TURN = { tried: 1400, halvings: 50, rounding: 2 ** -50 }; // as in curvature.py
const DRAWN = 120; // rates at which the lines are computed

/** A gradient step from the point of a run at step t: gᵀg, gᵀHg, and what the loss changes by at a rate. */
function gradientStep({ n, points, surface }, t) {
  const x = points[t * n], y = points[t * n + 1], value = surface.value(x, y), [g, h = 0] = surface.gradient(x, y), hessian = surface.hessian(x, y);
  const slope = n === 1 ? g * g : g * g + h * h, [a, b, d] = hessian;
  return {
    value, slope, curved: n === 1 ? a * (g * g) : a * (g * g) + 2 * b * g * h + d * (h * h),
    size: Math.max(...(n === 1 ? hessian : mathematics.eigenvalues_2d(...hessian)).map(Math.abs)),
    measured: (lr) => surface.value(x - lr * g, y - lr * h) - value,
    predicted(lr) { return -lr * this.slope + ((lr * lr) / 2) * this.curved; },
  };
}

const isStep = ({ value, slope, curved }) => isNumber(value) && isNumber(slope) && isNumber(curved) && slope > 0;

/** Where the prediction turns positive, 2gᵀg/gᵀHg; ∞ where it never does. */
const predictedTurn = ({ slope, curved }) => (curved > 0 ? (2 * slope) / curved : Infinity);

/** The smallest rate at which a step no longer lowers the loss; ∞ where none raises it. The twin of curvature.turning_rate. */
function measuredTurn({ value, size, measured }) {
  const rounding = TURN.rounding * Math.abs(value), rises = (lr) => !(measured(lr) <= rounding);
  let high = (size > 0 ? 2 / size : 1) / 1e6, low = 0;
  for (let i = 0; !rises(high); i++) {
    if (i === TURN.tried - 1) return Infinity;
    low = high;
    high *= 1.02;
  }
  for (let i = 0; i < TURN.halvings; i++) {
    const middle = low + (high - low) / 2;
    if (rises(middle)) high = middle; else low = middle;
  }
  return high;
}

/** The measured turning rate at step t of a run; nan where there is no step to measure. */
function turningRate(run, t) {
  const step = gradientStep(run, t);
  return isNumber(step.value) && isNumber(step.slope) && step.slope > 0 ? measuredTurn(step) : NaN;
}

function taylorPanel(frame, hands) {
  const { layer, words } = frame;
  const danger = layer("rect", "danger"), hatch = layer("rect", "hatching").attr("fill", hatching(frame.svg)), zero = layer("path", "limit");
  const zones = layer("g", "zones"), lines = layer("g", "lines"), now = layer("g", "now");
  const over = frame.svg.append("g").attr("transform", `translate(${MARGIN.left},${MARGIN.top})`), turns = over.append("g").attr("class", "turns");
  const rate = over.append("g").attr("class", "handle sideways"), beyond = over.append("text").attr("text-anchor", "end");
  const none = frame.box.appendChild(element("p", { class: "none" })), reading = element("p", { class: "reading" });
  frame.below = frame.box.appendChild(element("div", {}, lineKey([
    ["promise", "taylor_promise", "−ηgᵀg"], ["prediction", "taylor_prediction", "−ηgᵀg + ½η²gᵀHg"], ["measured", "taylor_change", "f(x−ηg) − f(x)"],
  ].map(([kind, name, formula]) => [`trail ${kind}`, fill(words[name], { formula })])), reading));
  let shown = null;
  /** The step's own rate becomes this one, by way of the rate that its schedule starts from. */
  const take = (lr) => { if (lr > 0 && lr < Infinity) hands.setRate(shown.name, round3(shown.now > 0 ? (shown.lr * lr) / shown.now : lr)); };
  rate.append("circle").attr("class", "reach").attr("r", 13);
  rate.append("circle").attr("r", 8);
  makeHandle(rate, words.rate, {
    drag: ({ x }) => { frame.held = true; take(frame.x.invert(Math.min(Math.max(x, 1), frame.width))); },
    end: () => letGo(frame, hands),
    key: (_, sign) => take(Math.max(shown.now + (sign * shown.top) / 60, shown.top / 120)),
  });

  const draw = ({ state, run }) => {
    const { x, y, width, height } = frame, t = state.cursor ?? 0, step = gradientStep(run, t), own = run.rates[Math.min(t, run.steps - 1)];
    const [predicted, measured] = isStep(step) ? [predictedTurn(step), measuredTurn(step)] : [NaN, NaN];
    const top = frame.held ? x.domain()[1] : lastRate([predicted, measured], state.lr_range), drawn = isStep(step) && changesDrawn(step, top);
    shown = { name: run.name, lr: run.lr, now: own, top };
    frame.box.classList.toggle("empty", !drawn);
    none.textContent = drawn ? "" : words[step.slope === 0 ? "taylor_level" : "taylor_lost"];
    if (!drawn) return;
    x.domain([0, top]).range([0, width]);
    y.domain(drawn.domain).range([height, 0]);
    drawAxes(frame);
    const level0 = tenth(y(0)), up = plainScale(y), at = (i) => (width * i) / DRAWN;
    for (const area of [danger, hatch]) area.attr("width", width).attr("height", Math.max(level0, 0));
    zero.attr("d", `M0,${level0}H${width}`);
    zones.selectAll("text").data(level0 > 20 ? [0] : []).join("text").attr("x", 6).attr("y", 12).text(words.taylor_rises);
    lines.selectAll("path").data(drawn.lines).join("path").attr("class", ([kind]) => `trail racer-${run.racer} ${kind}`).attr("d", ([, values]) => level(values, at, up));
    const place = Math.min(Math.max(drawable(x(own)), 0), width), change = step.measured(own), guess = step.predicted(own);
    const dots = own <= top ? [["predicted", guess], ["measured", change]].filter(([, value]) => isNumber(value)) : [];
    now.selectAll("path").data([0]).join("path").attr("class", "cursor").attr("d", `M${tenth(place)},0V${height}`);
    now.selectAll("circle").data(dots).join("circle").attr("class", ([kind]) => `here racer-${run.racer} ${kind}`).attr("r", 5)
      .attr("cx", place).attr("cy", ([, value]) => drawable(y(value)));
    placeTurns(turns, frame, [["predicted", predicted], ["measured", measured]], top, take);
    const written = (value) => formatNumber(value, words.decimal);
    beyond.attr("x", width - 14).attr("y", height - 6).text(own > top ? `η = ${written(own)} ▶` : "");
    rate.attr("transform", `translate(${tenth(place)},${height - 10})`).attr("aria-valuemin", 0).attr("aria-valuemax", top).attr("aria-valuenow", Math.min(own, top)).attr("aria-valuetext", written(own));
    const said = [fill(words.taylor_reading, { lr: written(own), predicted: written(guess), measured: written(change) })];
    if (!(step.curved > 0)) said.push(words.taylor_downward);
    reading.textContent = unbroken(said.join(words.join));
  };
  return { draw, mark: draw };
}

/** The end of the axis: a little beyond both turning points, or, where one is far beyond the other, beyond the nearer one. The rate leaves it alone. */
function lastRate(turns, [, most]) {
  const finite = turns.filter((turn) => turn > 0 && turn < Infinity);
  return finite.length ? 1.4 * Math.min(Math.max(...finite), 3 * Math.min(...finite)) : most;
}

/** The three lines and the ends of their axis; null where these are no numbers that can be drawn. */
function changesDrawn(step, top) {
  const over = (change) => Float64Array.from({ length: DRAWN + 1 }, (_, i) => change((top * i) / DRAWN));
  const promise = over((lr) => -lr * step.slope), prediction = over((lr) => step.predicted(lr)), measured = over(step.measured);
  let low = 0, high = 0;
  for (const value of [...prediction, ...measured]) if (isNumber(value)) { low = Math.min(low, value); high = Math.max(high, value); }
  const depth = -low, domain = [-1.6 * depth, Math.min(Math.max(high, 0.35 * depth), 1.2 * depth)];
  return depth > 1e-300 && depth < 1e300 && top < 1e300 ? { lines: [["promise", promise], ["measured", measured], ["prediction", prediction]], domain } : null;
}

/** Where prediction and measurement turn positive: marks on the zero line that take their rate, the one above it, the other below. */
function placeTurns(turns, { x, y, width, words }, marks, top, take) {
  const level0 = tenth(y(0)), written = (lr) => formatNumber(lr, words.decimal);
  const labelled = marks.filter(([, lr]) => lr > 0 && lr < Infinity).map(([kind, lr]) => {
    const label = (kind === "predicted" ? `2gᵀg/gᵀHg = ${written(lr)}` : fill(words.taylor_measured, { lr: written(lr) })) + (lr > top ? " ▶" : "");
    const at = Math.min(x(lr), width), half = Math.min(halfWidth(label), width / 2);
    return { kind, lr, label, at, middle: Math.min(Math.max(at, half), width - half), side: kind === "predicted" ? -1 : 1 };
  });
  const enter = (entering) => entering.append("g").attr("role", "button").attr("tabindex", 0).each(function () {
    const mark = d3.select(this);
    mark.append("rect").attr("class", "reach").attr("height", 26);
    mark.append("path");
    mark.append("text").attr("text-anchor", "middle");
    const press = () => take(mark.datum().lr);
    mark.on("click", press).on("keydown", (event) => { if (event.key === "Enter" || event.key === " ") { event.preventDefault(); press(); } });
  });
  const every = turns.selectAll("g").data(labelled, ({ kind }) => kind).join(enter).attr("class", ({ kind }) => `turn ${kind}`)
    .attr("transform", ({ at }) => `translate(${tenth(at)},${level0})`).attr("aria-label", ({ label }) => fill(words.taylor_turn, { name: label }));
  every.select("rect").attr("x", ({ at, middle, label }) => middle - at - halfWidth(label)).attr("width", ({ label }) => 2 * halfWidth(label)).attr("y", ({ side }) => (side < 0 ? -26 : 0));
  every.select("path").attr("d", ({ side }) => `M0,0l-5,${side * 8}h10Z`);
  every.select("text").attr("x", ({ at, middle }) => middle - at).attr("y", ({ side }) => (side < 0 ? -12 : 21)).text(({ label }) => label);
}

/** Which line is what, under a panel: the class of each line, its name, and its shape if it is not just a line. */
function lineKey(named) {
  return element("p", { class: "key" }, ...named.map(([kind, name, shape = "M0,8h26"]) => {
    const svg = d3.select(document.createElementNS("http://www.w3.org/2000/svg", "svg")).attr("aria-hidden", "true").attr("width", 26).attr("height", 16);
    svg.append("path").attr("class", kind).attr("d", shape);
    return element("span", {}, svg.node(), name);
  }));
}
