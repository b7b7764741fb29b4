// Scatters of recordings: a mark for every run or every model, all that was recorded in one picture.

/** A shape for each model, the same as SHAPES of stills.py; drawn around 0, 0. */
const SHAPES = [
  "M-4.5,0a4.5,4.5 0 1,0 9,0a4.5,4.5 0 1,0 -9,0Z", "M-4,-4h8v8h-8Z", "M0,-5.2L5,3.8H-5Z", "M0,-5.6L5.6,0L0,5.6L-5.6,0Z", "M0,5.2L5,-3.8H-5Z",
  "M-1.8,-5h3.6v3.2h3.2v3.6h-3.2v3.2h-3.6v-3.2h-3.2v-3.6h3.2Z", "M-4.8,-2.4L-2.4,-4.8L0,-2.4L2.4,-4.8L4.8,-2.4L2.4,0L4.8,2.4L2.4,4.8L0,2.4L-2.4,4.8L-4.8,2.4L-2.4,0Z",
  "M0,-6L1.5,-1.9L5.7,-1.9L2.3,0.8L3.5,4.9L0,2.4L-3.5,4.9L-2.3,0.8L-5.7,-1.9L-1.5,-1.9Z", "M-5.2,0L3.8,-5V5Z", "M5.2,0L-3.8,-5V5Z",
  "M0,-5.3L5,-1.6L3.1,4.3H-3.1L-5,-1.6Z", "M0,-5.4L4.7,-2.7V2.7L0,5.4L-4.7,2.7V-2.7Z",
];

/** Each panel: its height, since that of the words below it is any, and what of a recording it shows. */
const SCATTERS = { crossings: { over: null, tall: 240, make: crossingsPanel, shows: "firsts" }, limits: { over: null, tall: 240, make: limitsPanel, shows: "limits" } };

// Room for a heap and the ring of a mark in it:
const NEVER = 38; // pixels beside and above the picture, for runs that have no such step
const INSIDE = 30; // pixels between the axes and what is drawn at 0
const HEAP = 8; // of so many marks at one place the number is told
const NEAR = 24; // pixels: so near a finger means a mark

const modelNames = ({ models }) => (models ? namesIn(models) : [null]);
const stopsOf = (recording, model) => packedOf({ recording, model }).rates;
const modelColour = (i) => `racer-${i % 5}`;

/** What a stop is called: the rate and, if there are several, the model. */
function stopName(model, lr, words) {
  const rate = formatNumber(lr, words.decimal);
  return model ? fill(words.named_rate, { model: modelName(model, words), lr: rate }) : `η = ${rate}`;
}

/** Brings the figure to a model and a rate of it. */
function goToStop(hands, model, lr) {
  const { recording, cursor } = hands.state(), { steps } = packedOf({ recording, model });
  hands.change({ model, lr, cursor: cursor > steps ? null : cursor });
}

/** Which shape is which model's, or which line which schedule's; where there is nothing to tell apart, nothing. */
function modelKey(author, words) {
  const { recording, panels } = author, names = recording ? modelNames(recording) : [];
  const beside = isBeside(recording), parts = names.length > 1 ? names.map((name, i) => {
    if (beside) return element("span", {}, swatch(i), modelName(name, words));
    const sample = drawing("svg", { width: 14, height: 14, viewBox: "-7 -7 14 14", "aria-hidden": "true" });
    sample.append(drawing("path", { class: `shape ${modelColour(i)}`, d: SHAPES[i] }));
    return element("span", {}, sample, modelName(name, words));
  }) : [];
  const node = element("div", { class: "key models" }, ...parts);
  node.hidden = !parts.length || !beside && !panels.some((name) => name in SCATTERS);
  return { node, update({ state }) { parts.forEach((part, i) => part.classList.toggle("chosen", names[i] === state.model)); } };
}

/**
 * What all scatters share: marks of which one is chosen, by a tap near it or with the arrow keys. `own` draws them: its `stops`
 * are { model, lr, i, k, label, marks: [{ at, open }] }, where `next` finds the one that an arrow leads to.
 */
function scatterPanel(frame, hands, [axisUp, axisAcross], own) {
  const { inner, words, layer } = frame;
  frame.heading.append(element("span", { class: "axis-name" }, `↑ ${words[axisUp]}`));
  const reading = element("p", { class: "reading" }), counted = element("p", { class: "key" });
  frame.below = frame.box.appendChild(element("div", {}, element("p", { class: "axis-name across" }, `${words[axisAcross]} →`), reading, counted));
  inner.append("rect").attr("class", "reach").attr("width", "100%").attr("height", "100%");
  const ground = layer("path", "diagonal"), borders = layer("path", "border"), bars = layer("g", "bars");
  const group = layer("g", "runs").attr("role", "radiogroup").attr("aria-label", words[frame.name]), rings = layer("g", "rings"), heaps = layer("g", "heaps");
  let stops = [], drawn = null;

  const isNow = ({ model, lr }, { state, run }) => model === state.model && (lr === undefined || own.whole || lr === run.lr);
  const choose = (stop) => goToStop(hands, stop.model, stop.lr);
  inner.on("click", (event) => {
    const { left, top } = frame.svg.node().getBoundingClientRect(), [x, y] = [event.clientX - left - MARGIN.left, event.clientY - top - MARGIN.top];
    const marks = stops.flatMap((stop) => stop.marks.map(({ at }) => [Math.hypot(at[0] - x, at[1] - y), stop]));
    const [away, stop] = marks.reduce((best, one) => (one[0] < best[0] ? one : best), [Infinity]);
    if (away <= NEAR) choose(stop);
  });
  const onKey = (event, stop) => {
    const step = { ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowUp: [1, -1], ArrowDown: [1, 1] }[event.key];
    if (!step && ![" ", "Enter"].includes(event.key)) return;
    event.preventDefault();
    const next = step ? own.next(stops, stop, ...step) : stop;
    if (!next) return;
    choose(next);
    group.selectAll("g.run").filter((one) => one.model === next.model && one.lr === next.lr).node()?.focus();
  };

  const draw = (scene) => {
    const { state, run } = scene, key = [frame.width, frame.height].join();
    if (key !== drawn) {
      drawn = key;
      const picture = own.layOut(frame, state.recording);
      ({ stops } = picture);
      ground.attr("d", picture.diagonal);
      borders.attr("d", picture.borders ?? null);
      counted.textContent = picture.counted;
      heaps.selectAll("text").data(legible(picture.heaps ?? [])).join("text").text(({ count }) => `×${count}`).attr("x", ({ at }) => tenth(at[0] + 28)).attr("y", ({ at }) => tenth(at[1] + 4));
      bars.selectAll("path").data(stops.flatMap((stop) => stop.bars.map((d) => ({ ...stop, d })))).join("path")
        .attr("class", ({ i }) => modelColour(i)).attr("d", ({ d }) => d);
      const enter = (entering) => entering.append("g").attr("role", "radio").on("keydown", onKey).on("click", (event, stop) => { event.stopPropagation(); choose(stop); });
      const all = group.selectAll("g.run").data(stops, ({ model, lr }) => `${model} ${lr}`).join(enter)
        .attr("class", ({ i }) => `run ${modelColour(i)}`).attr("aria-label", ({ label }) => unbroken(label));
      all.selectAll("path").data(({ i, marks }) => marks.map((mark) => ({ i, ...mark }))).join("path")
        .attr("class", ({ open }) => `shape${open ? " open" : ""}`).attr("d", ({ i }) => SHAPES[i]).attr("transform", ({ at }) => `translate(${at.map(tenth)})`);
    }
    const now = stops.filter((stop) => isNow(stop, scene)), first = now[0] ?? stops[0];
    group.selectAll("g.run").attr("aria-checked", (stop) => String(now.includes(stop))).attr("tabindex", (stop) => (stop === first ? 0 : -1));
    rings.selectAll("circle").data(now.flatMap(({ marks }) => marks)).join("circle").attr("class", "ring").attr("r", 9).attr("cx", ({ at }) => tenth(at[0])).attr("cy", ({ at }) => tenth(at[1]));
    reading.textContent = unbroken(own.tell(state, run, words));
  };
  return { draw };
}

/** Of numbers beside heaps the largest, and others where they do not stand on one. */
function legible(heaps) {
  const kept = [];
  for (const heap of [...heaps].sort((a, b) => b.count - a.count)) {
    if (kept.every(({ at: [x, y] }) => Math.abs(x - heap.at[0]) > 34 || Math.abs(y - heap.at[1]) > 13)) kept.push(heap);
  }
  return kept;
}

/** Of numbers those that stand at least `room` pixels apart on an axis, from the first on. */
function apart(values, place, room) {
  const kept = [];
  for (const value of values) if (!kept.length || Math.abs(place(value) - place(kept.at(-1))) >= room) kept.push(value);
  return kept;
}

/** Both axes, with ticks at some of the numbers given; each stands for itself less `shift`. */
function drawScatterAxes(frame, ticks, shift = 0) {
  const { x, y, words } = frame, label = (value) => formatNumber(value - shift, words.decimal);
  frame.xAxis.call(d3.axisBottom(x).tickSizeOuter(0).tickValues(apart(ticks, x, 30)).tickFormat(label));
  frame.yAxis.call(d3.axisLeft(y).tickSizeOuter(0).tickValues(apart(ticks, y, 17)).tickFormat(label));
  frame.xAxis.select(".domain").attr("d", `M0,0H${frame.width}`);
  frame.yAxis.select(".domain").attr("d", `M0,0V${frame.height}`);
}

/** A word beside an axis where there is no number. */
function nameBorder(axis, word, [x, y]) {
  axis.selectAll("text.border-name").data([word]).join("text").attr("class", "border-name").attr("fill", "currentColor").text(word).attr("x", x).attr("y", y);
}

/** Marks that would hide each other are spread around their place, the more the closer, and farther along an axis than away from it. Returns where there are many. */
function spreadMarks(marks, { width }) {
  const heaps = new Map(), place = ({ at }) => at.map(Math.round).join();
  for (const mark of marks) heaps.set(place(mark), [...(heaps.get(place(mark)) ?? []), mark]);
  const many = [];
  for (const heap of heaps.values()) {
    if (heap.length >= HEAP) many.push({ at: heap[0].at, count: heap.length });
    const reach = heap[0].at[0] > width - NEVER ? [8, 18] : [18, 8], away = Math.sqrt(Math.max(heap.length - 1, 1));
    heap.forEach((mark, j) => { mark.at = mark.at.map((value, axis) => value + Math.min(4.5, reach[axis] / away) * Math.sqrt(j) * [Math.cos, Math.sin][axis](2.4 * j)); });
  }
  return many;
}

// ---------------------------------------------------------------- first crossing and first rise

const ROUND_STEPS = [0, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000];

/** All runs of all stops: { model, lr, i, k, runs: [{ crosses, rises, below }] }. The first numbers of each run are those of Recording.firsts. */
function allFirsts(recording) {
  return modelNames(recording).flatMap((model, i) => stopsOf(recording, model).map((lr, k) => ({
    model, lr, i, k, runs: recording.scatter.firsts[i][k].map(([crosses, rises, below]) => ({ crosses, rises, below })),
  })));
}

/** What happened first in the runs of a stop, seed by seed where they differ. */
function tellFirsts({ model, lr, runs }, words) {
  const steps = (key) => { const each = runs.map((run) => run[key] ?? "–"); return new Set(each).size === 1 ? each[0] : each.join(" / "); };
  const name = stopName(model, lr, words), [crosses, rises] = ["crosses", "rises"].map((key) => runs.some((run) => run[key] !== null) && String(steps(key)));
  return fill(words[`firsts_${crosses ? (rises ? "run" : "crosses") : rises ? "rises" : "none"}`], { name, crosses, rises });
}

function crossingsPanel(frame, hands) {
  return scatterPanel(frame, hands, ["axis_rises", "axis_crosses"], {
    layOut(_, recording) {
      const { width, height, words } = frame, all = allFirsts(recording), every = all.flatMap(({ runs }) => runs);
      const most = Math.max(10, ...every.map(({ crosses, rises }) => Math.max(crosses ?? 0, rises ?? 0)));
      // One is added to each step, so that 0 has a logarithm.
      frame.x = d3.scaleLog([1, most + 1], [INSIDE, width - NEVER - INSIDE]);
      frame.y = d3.scaleLog([1, most + 1], [height - INSIDE, NEVER + INSIDE]);
      const x = (step) => frame.x(step + 1), y = (step) => frame.y(step + 1);
      drawScatterAxes(frame, ROUND_STEPS.filter((step) => step <= most).map((step) => step + 1), 1);
      nameBorder(frame.xAxis, words.never, [width - NEVER / 2, 18]);
      nameBorder(frame.yAxis, words.never, [-9, NEVER / 2 + 4]);
      const stops = all.map((stop) => ({
        ...stop, label: tellFirsts(stop, words),
        marks: stop.runs.filter(({ crosses, rises }) => crosses !== null || rises !== null).map(({ crosses, rises, below }) => ({
          at: [crosses === null ? width - NEVER / 2 : x(crosses), rises === null ? NEVER / 2 : y(rises)], open: crosses === null || rises === null,
          from: crosses === null || below >= crosses - 1 ? null : x(below + 1), to: x(crosses),
        })),
      })).filter(({ marks }) => marks.length);
      const heaps = spreadMarks([...stops].sort((a, b) => a.k - b.k).flatMap(({ marks }) => marks), frame); // the models mixed
      for (const stop of stops) stop.bars = stop.marks.filter(({ from }) => from !== null).map(({ at, from, to }) => `M${tenth(at[0])},${tenth(at[1])}h${tenth(from - to)}`);
      const count = (crosses, rises) => every.filter((run) => (run.crosses !== null) === crosses && (run.rises !== null) === rises).length;
      return {
        stops, heaps, diagonal: `M${x(0)},${y(0)}L${x(most)},${y(most)}`, borders: `M${width - NEVER},0V${height}M0,${NEVER}H${width}`,
        counted: fill(words.firsts_count, { all: every.length, both: count(true, true), crosses: count(true, false), rises: count(false, true), neither: count(false, false) }),
      };
    },
    /** Across to the next rate of the same model, up and down to another model at the nearest rate. */
    next(stops, { i, lr }, other, sign) {
      const own = stops.filter((stop) => stop.i === i);
      if (!other) return own[own.findIndex((stop) => stop.lr === lr) + sign];
      const models = [...new Set(stops.map((stop) => stop.i))], beside = models[models.indexOf(i) + sign];
      const there = stops.filter((stop) => stop.i === beside);
      return there[there.length && recordedScale(there.map((stop) => stop.lr)).toStop(lr)];
    },
    tell: ({ recording, model }, { lr }, words) => tellFirsts(allFirsts(recording).find((stop) => stop.model === model && stop.lr === lr), words),
  });
}

// ---------------------------------------------------------------- the largest rate, predicted and observed

/** Of each model { model, i, lr, low, predicted, high, trains, fails }; a prediction of null is ∞. */
function allLimits(recording) {
  return modelNames(recording).map((model, i) => {
    const [low, predicted, high, trains, fails] = recording.scatter.limits[i];
    return { model, i, low, predicted, high, trains, fails, lr: trains ?? fails };
  });
}

function tellLimits({ model, predicted, trains, fails }, words) {
  const kind = trains === null ? "none" : fails === null ? "all" : "run", write = (value) => formatNumber(value ?? Infinity, words.decimal);
  const said = fill(words[`limits_${kind}`], { name: model ? modelName(model, words) : "", predicted: write(predicted), trains: write(trains), fails: write(fails) });
  return said.replace(/^[:：] ?/, ""); // a single recording has no name
}

/** 1, 2 and 5 times every power of ten between two numbers; of many decades the powers alone. */
function roundRates(low, high) {
  const from = Math.floor(Math.log10(low)), tens = Array.from({ length: Math.ceil(Math.log10(high)) - from + 1 }, (_, i) => Number(`1e${from + i}`)), few = tens.length < 5;
  return tens.flatMap((ten) => (few ? [ten, 2 * ten, 5 * ten] : [ten])).filter((rate) => rate >= low && rate <= high);
}

function limitsPanel(frame, hands) {
  return scatterPanel(frame, hands, ["axis_trains", "axis_predicted"], {
    whole: true,
    layOut(_, recording) {
      const { width, height, words } = frame, all = allLimits(recording), seen = all.flatMap(({ low, high, trains, fails }) => [low, high, trains, fails]).filter((rate) => rate !== null);
      const low = Math.min(...seen) / 1.4, high = Math.max(...seen) * 1.4, endless = all.some(({ predicted }) => predicted === null) ? NEVER : 0;
      const x = frame.x = d3.scaleLog([low, high], [0, width - endless]), y = frame.y = d3.scaleLog([low, high], [height, 0]);
      drawScatterAxes(frame, roundRates(low, high));
      nameBorder(frame.xAxis, endless ? "∞" : "", [width - endless / 2, 18]);
      const stops = all.map((one) => {
        const across = one.predicted === null ? width - endless / 2 : x(one.predicted), up = one.trains === null ? height - 7 : y(one.trains);
        const top = one.fails === null ? 0 : y(one.fails), ends = one.low !== null && one.high !== null && one.high > one.low ? [`M${tenth(x(one.low))},${tenth(up)}H${tenth(x(one.high))}`] : [];
        return {
          ...one, label: tellLimits(one, words), marks: [{ at: [across, up], open: one.trains === null }],
          bars: [`M${tenth(across)},${tenth(up)}V${tenth(top)}` + (one.fails === null ? "" : `m-4,0h8`), ...ends],
        };
      });
      return { stops, diagonal: `M0,${height}L${width - endless},0`, borders: endless ? `M${width - endless},0V${height}` : null, counted: fill(words.limits_means, { share: formatNumber(recording.scatter.share, words.decimal) }) };
    },
    next: (stops, { i }, _, sign) => stops[i + sign],
    tell: ({ recording, model }, _, words) => tellLimits(allLimits(recording).find((one) => one.model === model), words),
  });
}
