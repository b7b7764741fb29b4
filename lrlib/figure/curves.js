// Panels that draw lines over the steps: loss, gradient norm, effective rates, the rule's state, the schedule.

/** What each of them shows: its lines, and whether its axis counts in powers of ten. */
const CURVES = {
  loss: {
    log: true, events: true, floor: ({ run, untold }) => (untold ? null : run.floor),
    lines: ({ runs }) => runs.map((run) => ({ run, values: run.losses, band: run.bands?.losses })),
  },
  norm: {
    log: true,
    lines: ({ runs }) => runs.map((run) => ({ run, values: run.norms, band: run.bands?.norms })),
  },
  rates: {
    log: true, plain: true,
    lines: ({ run, words }) => run.effective.map((values, i) => ({ run, values, part: i, name: words["coordinate_" + i] })),
  },
  schedule: {
    plain: true, // dots on a line that hardly bends would hide it
    lines: ({ runs }) => runs.map((run) => ({ run, values: run.rates })),
  },
};

/** One array of a rule's state, coordinate by coordinate, and what bias correction makes of it. */
function stateCurve(name, rule) {
  const coordinate = (values, n, i) => Float64Array.from({ length: values.length / n }, (_, t) => values[t * n + i]);
  return {
    plain: true, log: name !== "m" && Boolean(rule.scale), // sums and means of squares; all else has a sign
    lines: ({ run, words }) => {
      const kept = run.state[name], corrected = run.corrected[name] ?? null, lines = [];
      for (let i = 0; i < run.n; i++) {
        lines.push({ run, part: i, values: coordinate(kept, run.n, i), name: run.n > 1 ? words["coordinate_" + i] : "" });
        if (corrected) lines.push({ run, part: i, corrected: true, values: coordinate(corrected, run.n, i) });
      }
      return lines;
    },
  };
}

/**
 * The ends of an axis in whole decades, so that it stands still while the curve moves. It reaches ten decades
 * below the first value, and where one of several lines stays near it, no more than that above; `room` is left
 * around what is seen.
 */
function logDomain(lines, room = 2) {
  let low = Infinity, high = 0, first = 0, tame = Infinity;
  for (const { values } of lines) {
    let most = 0;
    for (const value of values) if (value > 0 && value < Infinity) { low = Math.min(low, value); most = Math.max(most, value); }
    if (values[0] > 0 && values[0] < Infinity) first = Math.max(first, values[0]);
    high = Math.max(high, most);
    if (Number.isFinite(values.at(-1))) tame = Math.min(tame, most);
  }
  if (!high) low = high = 1;
  if (!first) first = high;
  const top = lines.length > 1 && tame < first * 1e10 ? Math.min(high, first * 1e10) : high;
  return [tenthPower(Math.floor(Math.log10(Math.max(low / room, first * 1e-10)))), tenthPower(Math.ceil(Math.log10(Math.max(top, first) * room)))];
}

function linearDomain(lines) {
  let low = 0, high = 0;
  for (const { values } of lines) for (const value of values) if (Number.isFinite(value)) { low = Math.min(low, value); high = Math.max(high, value); }
  if (high - low < 1e-300) high = low + 1;
  const most = 1e300; // beyond, a span would be infinite
  return [Math.max(low, -most) * 1.06, Math.min(high, most) * 1.06];
}

function curvePanel(frame, hands, curve) {
  const events = frame.layer("path", "event"), bands = frame.layer("g", "bands"), marks = frame.layer("g", "lines"), names = frame.layer("g", "names");
  const drawFloor = curve.floor ? floorLine(frame) : () => {};
  const mark = makeCursor(frame, hands), drawGuess = curve.events ? guessLine(frame, hands) : () => {};
  const draw = (scene) => {
    const { x, width, height, words } = frame, lines = curve.lines(scene), { steps } = scene.state;
    const floors = curve.floor?.(scene) ?? null;
    const seen = lines.concat(lines.flatMap(({ band }) => (band ?? []).map((values) => ({ values }))), floors ? { values: inSight(floors, lines) } : []);
    const log = curve.log && seen.every(({ values }) => values.every((value) => !(value < 0)));
    frame.y = log ? d3.scaleLog() : d3.scaleLinear();
    const { y } = frame, [low, high] = log ? logDomain(seen, curve.plain ? 1.25 : 2) : linearDomain(seen);
    x.domain([0, steps]).range([0, width]);
    y.domain([low, high]).range([height, 0]);
    if (!log) y.nice(5);
    drawAxes(frame, log ? decades(low, high) : null);
    const place = plainScale(y, log), toPixel = log ? (value) => (value === 0 ? height + 4 : value === Infinity ? -4 : place(value)) : place;
    const stride = width / steps, xAt = (t) => t * stride, dotted = !curve.plain && steps * lines.length < MANY;
    const traced = lines.map((line) => ({ ...line, ...trace(line.values.length, xAt, (t) => toPixel(line.values[t]), FAR, dotted) }));
    bands.selectAll("path").data(lines.filter(({ band }) => band)).join("path").attr("class", ({ run }) => `band racer-${run.racer}`).attr("d", ({ band }) => bandPath(band, x, toPixel));
    marks.selectAll("path.trail").data(traced).join("path").attr("class", classOf).attr("d", ({ line }) => line);
    marks.selectAll("path.dots").data(dotted ? traced : []).join("path").attr("class", ({ run }) => `dots racer-${run.racer}`).attr("d", ({ dots }) => dots);
    nameLines(names, traced.filter(({ name }) => name), frame, toPixel);
    drawFloor(floors, lines, toPixel);
    if (curve.events) drawEvents(frame, events, scene.facts);
    else frame.note.text("");
    drawGuess(scene, toPixel);
    mark(scene);
  };
  return { draw, mark };
}

/** A floor as far as the axis follows it: to ten times the highest and a tenth of the lowest loss. */
function inSight(floors, lines) {
  const losses = lines.flatMap(({ values }) => Array.from(values)).filter((loss) => loss > 0 && loss < Infinity);
  const high = losses.reduce((most, loss) => Math.max(most, loss), 0) * 10, low = losses.reduce((least, loss) => Math.min(least, loss), Infinity) / 10;
  return floors.filter((value) => value > low && value < high);
}

/** The loss about which a run hovers in noise: a dotted line, and its name where it meets no other. */
function floorLine(frame) {
  const line = frame.layer("path", "floor"), name = frame.layer("g", "floor-name"), sample = name.append("path").attr("class", "floor"), text = name.append("text").attr("text-anchor", "end");
  return (floors, lines, toPixel) => {
    const { x, width, height, words } = frame, across = plainScale(x), last = floors?.findLastIndex(isNumber) ?? -1;
    line.attr("d", last < 0 ? null : pieces(floors, across, toPixel));
    name.attr("display", last < 0 ? "none" : null);
    if (last < 0) return;
    const end = width - 6, start = end - widthOf(frame, text.text(words.noise_floor).node()) - 24;
    const room = roomAlong([...lines.map(({ values }) => values), floors], across, toPixel, height, [start - 4, width]);
    const at = roomiest(room, 8, height - 8, toPixel(floors[last]) - 12);
    text.attr("x", end).attr("y", at + 4);
    sample.attr("d", `M${tenth(start)},${at}h18`);
  };
}

/** A line over the steps with gaps where there is no number; the last step goes on to the edge. */
function pieces(values, x, y) {
  let path = "", on = false;
  for (let t = 0; t < values.length; t++) {
    if (isNumber(values[t])) path += (on ? "L" : "M") + tenth(x(t)) + "," + tenth(drawable(y(values[t])));
    on = isNumber(values[t]);
  }
  return on ? path + `H${tenth(x(values.length))}` : path;
}

const classOf = ({ run, part = 0, corrected }) => `trail racer-${run.racer} part-${part}${corrected ? " corrected" : ""}`;

/** The name of each line beside its end, or as far right as it goes. */
function nameLines(names, lines, { x, width, height }, toPixel) {
  const taken = [];
  names.selectAll("text").data(lines).join("text").attr("text-anchor", "end")
    .attr("x", (_, i) => width - 6 - 22 * (i % 2)).attr("y", ({ values }) => {
      let last = values.length - 1;
      while (last > 0 && !Number.isFinite(values[last])) last--;
      const end = toPixel(values[last]) || 0;
      let at = Math.min(end < 20 ? Math.max(end + 17, 13) : end - 7, height - 6);
      const aside = at < height / 2 ? 13 : -13;
      while (taken.some((other) => Math.abs(other - at) < 13)) at += aside;
      taken.push(at);
      return at;
    }).attr("class", ({ run }) => `racer-${run.racer}`).text(({ name }) => name);
}

/**
 * Where the numbers end. Right of it nothing is drawn; where there is no room, it is said on the left,
 * below a curve that rises, and where it would meet that too, at the top right.
 */
function drawEvents(frame, events, facts) {
  const { x, width, height, words, note } = frame;
  const told = [["mark_below", facts.below], ["mark_infinite", facts.infinite], ["mark_nan", facts.nan]].filter(([, step]) => step !== null);
  const happened = told.map(([, step]) => x(step));
  events.attr("d", happened.map((at) => `M${tenth(at)},0V${height}`).join(""));
  const lines = note.selectAll("tspan").data(told).join("tspan").attr("dy", (_, i) => (i ? "1.3em" : 0)).text(([key, step]) => fill(words[key], { step }));
  if (!told.length) return;
  const wide = Math.max(...lines.nodes().map((line) => widthOf(frame, line))), first = Math.min(...happened), last = Math.max(...happened);
  const [anchor, at, down] = last + 8 + wide < width ? ["start", last + 8, height / 2] : last - first - 16 > wide ? ["end", last - 8, height / 2]
    : 0.7 * first - 8 > wide ? ["end", first - 8, height - 26] : ["end", width - 2, 14];
  note.attr("text-anchor", anchor).attr("y", MARGIN.top + down);
  lines.attr("x", MARGIN.left + at);
}

/** The state of the rule in focus, one frame for each of its arrays. */
function statePanel(frame, hands) {
  const none = element("p", { class: "none" }), inside = element("div", { class: "parts" });
  frame.box.replaceChildren(frame.heading, none, inside);
  let parts = [], drawn = null;
  const rebuild = ({ run, words }) => {
    drawn = run.name;
    parts = run.rule.state.map((name) => {
      const part = makeFrame("part", words, { title: run.rule.correction ? fill(words.corrected, { name }) : name });
      return { frame: part, ...curvePanel(part, hands, stateCurve(name, run.rule)) };
    });
    frame.box.classList.toggle("wide", parts.length > 1);
    inside.replaceChildren(...parts.map((part) => part.frame.box));
    for (const part of parts) measure(part.frame);
  };
  const draw = (scene) => {
    if (scene.run.name !== drawn) rebuild(scene);
    none.textContent = parts.length ? "" : scene.words.no_state;
    frame.heading.textContent = fill(scene.words.titled, { title: scene.words.state, name: scene.words["rule_" + scene.run.name] });
    for (const part of parts) { measure(part.frame); part.draw(scene); }
  };
  return { draw, mark: (scene) => parts.forEach((part) => part.mark(scene)) };
}
