// The range test: one run whose rate rises from the low end of the slider to the high one, and what can be read off it.

const FALLEN = 0.1; // of its whole fall: by so much the loss has to be down before it counts as falling
const HEADROOM = 0.35; // of the height from the lowest loss, or 0, up to the first: so much above that the picture ends
const READ = [["falls", "M0,5.5a5.5,5.5 0 1 1 0.01,0Z"], ["steepest", "M0,6l-6,-10h12Z"], ["lowest", "M-5.5,-5.5l11,11m0,-11l-11,11"], ["explodes", "M0,-6l-6,10h12Z"]];

/** The rates, each by the same factor above the one before. The twin of search.ramp. */
function rampRates([low, high], steps) {
  const { exp, log } = mathematics, first = log(low), span = log(high) - first;
  const rates = Float64Array.from({ length: steps }, (_, t) => Math.min(Math.max(exp(first + span * (t / (steps - 1))), low), high));
  [rates[0], rates[steps - 1]] = [low, high];
  return rates;
}

/** Rates, and the loss after the step with each of them; `first` is the loss before. The twin of search.range_test. */
function rangeTest(state, name) {
  if (state.recording) return recordingOf(packedOf(state)).test;
  const rates = rampRates(state.lr_range, state.ramp), { n, surface, descend } = prepare({ ...state, steps: state.ramp, resume: null }, name);
  const { points } = descend(rates.map(mathematicsIn(state.dtype).round)), loss = (t) => surface.value(points[t * n], points[t * n + 1]);
  return { rates, losses: Float64Array.from(rates, (_, t) => loss(t + 1)), first: loss(0) };
}

/** An average in which each value counts β times as much as the one after it. The twin of search.smoothed. */
function smoothedBy(beta, losses) {
  let mean = 0, share = 1;
  return losses.map((loss) => {
    mean = beta * mean + (1 - beta) * loss;
    share *= beta;
    return mean / (1 - share);
  });
}

/** The steps at which rates are read off a smoothed curve; null for what does not happen. The twin of search.range_places. */
function rangePlaces(curve) {
  const ended = curve.findIndex((loss) => !isNumber(loss)), end = ended < 0 ? curve.length : ended;
  let lowest = 0;
  for (let t = 1; t < end; t++) if (curve[t] < curve[lowest]) lowest = t;
  const worse = curve.subarray(lowest + 1).findIndex((loss) => !(loss <= curve[0])), explodes = worse < 0 ? null : lowest + 1 + worse;
  if (!lowest) return { falls: null, steepest: null, lowest: null, explodes };
  const level = curve[0] - FALLEN * (curve[0] - curve[lowest]), falls = curve.subarray(0, lowest + 1).findLastIndex((loss) => loss > level) + 1;
  const slope = (t) => curve[Math.min(t + 1, end - 1)] - curve[t - 1]; // between steps by the same factor: that over log η
  let steepest = falls;
  for (let t = falls; t <= lowest; t++) if (slope(t) < slope(steepest)) steepest = t;
  return { falls, steepest, lowest, explodes };
}

/** The ends of its axis: a plain one, from 0 where no loss is below. Null where that cannot be drawn. */
function rangeDomain(first, curve) {
  const low = curve.reduce((least, loss) => (isNumber(loss) ? Math.min(least, loss) : least), Math.min(first, 0)), span = first - low || 1;
  return span > 1e-300 && span < 1e300 ? [low < 0 ? low - 0.06 * span : 0, first + HEADROOM * span] : null;
}

/** The critical rate at the start and its name; null for a rule that rescales the gradient, as the start tells little of it. */
function criticalAtStart(run, { decimal }) {
  const { recorded, rule, gauge: [[product]], thresholds, lr } = run;
  if (rule.scale || !thresholds || !(product > 0)) return null;
  if (recorded) return { at: (lr * thresholds[0]) / product, name: `${formatNumber(thresholds[0], decimal)}/λ` };
  return limitsOf(run, 0).find(({ kind }) => kind === "threshold") ?? null;
}

function rangePanel(frame, hands) {
  const { layer, words } = frame, limit = layer("path", "limit critical"), raw = layer("path", "trail raw"), line = layer("path", "trail"), places = layer("g", "places");
  const limitName = frame.svg.append("text").attr("class", "limit-name"), over = frame.svg.append("g").attr("transform", `translate(${MARGIN.left},${MARGIN.top})`);
  const handle = over.append("g"), none = frame.box.appendChild(element("p", { class: "none" })), key = frame.below = frame.box.appendChild(element("div"));
  let shown = null, tested = null, testedFor = null;
  const scale = () => (shown.recorded ? recordedScale(shown.recorded) : sliderScale(hands.state().lr_range, true));
  const take = (stop) => { const { stops, toValue } = scale(), lr = toValue(Math.min(Math.max(stop, 0), stops)); if (lr > 0 && lr < Infinity) hands.setRate(shown.name, lr); };
  handle.append("circle").attr("class", "reach").attr("r", 13);
  handle.append("circle").attr("r", 7);
  makeHandle(handle, words.range_handle, {
    drag: ({ x }) => take(scale().toStop(frame.x.invert(Math.min(Math.max(x, 0), frame.width)))),
    key: (_, sign) => { const { toStop, stops } = scale(); take(toStop(shown.lr) + sign * Math.max(shown.recorded ? 1 : stops / 60, 1)); },
  });

  const draw = ({ state, run, runs }) => {
    const { width, height } = frame, wanted = state.recording ? packedOf(state) : JSON.stringify([runKey({ ...state, steps: state.ramp }), state.lr_range, run.name]);
    if (wanted !== testedFor) [tested, testedFor] = [rangeTest(state, run.name), wanted];
    shown = run;
    frame.heading.textContent = runs.length > 1 ? fill(words.titled, { title: words.range, name: words["rule_" + run.name] }) : words.range;
    const curve = smoothedBy(state.smoothing, tested.losses), domain = rangeDomain(tested.first, curve);
    frame.box.classList.toggle("empty", !domain);
    none.textContent = domain ? "" : words.range_lost;
    if (!domain) return;
    const ends = [tested.rates[0], tested.rates.at(-1)];
    frame.x = d3.scaleLog(ends, [0, width]);
    frame.y = d3.scaleLinear(domain, [height, 0]);
    drawRates(frame, ends, null);
    const x = plainScale(frame.x, true), y = plainScale(frame.y), xAt = (t) => drawable(x(tested.rates[t])), yAt = (values) => (t) => drawable(y(values[t]));
    raw.attr("class", `trail raw racer-${run.racer}`).attr("d", state.smoothing ? trace(curve.length, xAt, yAt(tested.losses), 2 * FAR, false).line : null);
    line.attr("class", `trail racer-${run.racer}`).attr("d", trace(curve.length, xAt, yAt(curve), 2 * FAR, false).line);
    const read = rangePlaces(curve), marks = READ.filter(([name]) => read[name] !== null), written = (lr) => formatNumber(lr, words.decimal);
    const heightAt = (t) => Math.min(Math.max(isNumber(curve[t]) ? y(curve[t]) : 0, 8), height - 8);
    places.selectAll("path").data(marks).join("path").attr("class", ([name]) => `place ${name}`).attr("d", ([, shape]) => shape)
      .attr("transform", ([name]) => `translate(${tenth(Math.min(Math.max(xAt(read[name]), 7), width - 7))},${tenth(heightAt(read[name]))})`);
    const critical = isBorderHidden(state) ? null : criticalAtStart(run, words), at = critical && x(critical.at), isIn = critical && at >= 0 && at <= width;
    limit.attr("d", isIn ? `M${tenth(at)},0V${height}` : null);
    limitName.attr("text-anchor", at > width / 2 ? "end" : "start").attr("x", isIn ? tenth(MARGIN.left + at + (at > width / 2 ? -5 : 5)) : 0).attr("y", MARGIN.top + 12).text(isIn ? critical.name : "");
    const own = Math.min(Math.max(x(run.lr), 0), width), nearest = Math.round((own / width) * (curve.length - 1));
    handle.attr("class", `handle sideways racer-${run.racer}`).attr("transform", `translate(${tenth(own)},${tenth(heightAt(nearest))})`)
      .attr("aria-valuemin", ends[0]).attr("aria-valuemax", ends[1]).attr("aria-valuenow", run.lr).attr("aria-valuetext", written(run.lr));
    const named = marks.map(([name, shape]) => [`place ${name}`, unbroken(fill(words["range_" + name], { lr: written(tested.rates[read[name]]) })), shape]);
    const said = named.map(([, text]) => text).join();
    if (key.dataset.said === said && key.childElementCount) return;
    key.dataset.said = said;
    key.replaceChildren(named.length ? lineKey(named) : element("p", { class: "key" }), ...(read.falls === null ? [element("p", { class: "key" }, words.range_never)] : []));
    for (const mark of key.querySelectorAll("svg path")) mark.setAttribute("transform", "translate(13,8)");
  };
  return { draw };
}
