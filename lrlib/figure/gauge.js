// The gauge: effective step × curvature against the threshold.

let patterns = 0; // every figure needs a name of its own for its hatching

const SLOT = 34; // pixels along a line that its name takes
const MOST_CROSSINGS = 20; // where a gauge passes its threshold more often, as at the edge of stability, only the first is marked

/** Lines across what is dangerous, as a fill. */
function hatching(svg) {
  const id = `lr-hatch-${patterns++}`, pattern = svg.append("defs").append("pattern").attr("id", id).attr("patternUnits", "userSpaceOnUse").attr("width", 9).attr("height", 9);
  pattern.append("path").attr("class", "hatch").attr("d", "M-2,2l4,-4M0,9l9,-9M7,11l4,-4");
  return `url(#${id})`;
}

function gaugePanel(frame, hands) {
  const { layer } = frame;
  const calm = layer("path", "calm"), danger = layer("path", "danger"), hatch = layer("path", "hatching").attr("fill", hatching(frame.svg));
  const glideLine = layer("path", "glide-line"), limit = layer("path", "limit");
  const band = layer("path", "band"), lines = layer("g", "products"), crossed = layer("path", "crossed"), zones = layer("g", "zones"), names = layer("g", "names");
  const mark = makeCursor(frame, hands);
  const over = frame.svg.append("g").attr("class", "handles").attr("transform", `translate(${MARGIN.left},${MARGIN.top})`);
  const none = frame.box.appendChild(element("p", { class: "none" }));
  const product = productHandle(over, frame, hands), threshold = thresholdHandle(over, frame, hands);

  const draw = (scene) => {
    const { run } = scene, { x, y, width, height, words } = frame;
    frame.heading.textContent = scene.runs.length > 1 ? fill(words.titled, { title: words.gauge, name: words["rule_" + run.name] }) : words.gauge;
    const limited = run.thresholds !== null && run.thresholds.every((limit) => limit > 0 && limit < Infinity);
    frame.box.classList.toggle("empty", !limited);
    none.textContent = limited ? "" : words[run.thresholds ? "no_limit" : "no_threshold"];
    if (!limited) return;
    const { gauge, thresholds, steps } = run, first = thresholds[0], last = thresholds.at(-1), glide = run.recorded ? 0 : run.rule.glide(run.rates[0], ...run.hyper);
    let low = 0, most = 0;
    for (const values of gauge.concat(run.bands?.gauge ?? [])) for (const value of values) {
      if (value < low && value > -FAR) low = value;
      if (value > most && value < Infinity) most = value;
    }
    const half = first / 2;
    // A peak that leaves the picture anyway does not flatten all the rest.
    if (1.1 * most > 8 * half && !run.recorded) most = Math.max(usual(gauge[0]), 3.5 * half);
    const top = half * Math.min(Math.max(Math.ceil((1.1 * most) / half), 3), 8);
    x.domain([0, steps]).range([0, width]);
    if (!frame.held) y.domain([Math.max(low * 1.1, -top), top]); // under a hand that drags the axis stands still
    y.range([height, 0]);
    drawAxes(frame);
    const across = plainScale(x), up = plainScale(y);
    // The last step begins at steps − 1: its line goes on to the edge.
    const edge = level(thresholds, across, up) + `H${width}`;
    calm.attr("d", `${edge}V${height}H0Z`);
    danger.attr("d", `${edge}V0H0Z`);
    hatch.attr("d", `${edge}V0H0Z`);
    limit.attr("d", edge);
    glideLine.attr("d", isNumber(glide) ? `M0,${y(glide)}H${width}` : null);
    const marked = run.recorded ? run.marks : crossings(run), shown = marked.length > MOST_CROSSINGS ? marked.slice(0, 1) : marked;
    crossed.attr("d", shown.map((t) => `M${tenth(across(t) - 4)},${tenth(up(thresholds[t]) + 9)}h8l-4,-8z`).join(""));
    const named = run.recorded ? [] : [[0, glide, "glide"], [glide, last, middleZone(first)], [last, top, "explode"]];
    zones.selectAll("text").data(named.filter(([from, to]) => y(from) - y(to) > 19)).join("text")
      .attr("x", width - 16).text(([, , zone]) => words["zone_" + zone]).attr("y", function ([from, to]) {
        const room = roomAlong([...gauge, thresholds], across, up, height, [width - 20 - widthOf(frame, this), width - 12]);
        return roomiest(room, y(to) + (shown.length && to === last ? 16 : 9), y(from) - 9, (y(from) + y(to)) / 2);
      });
    band.attr("d", bandPath(run.bands?.gauge, x, y));
    lines.selectAll("path").data(gauge).join("path").attr("class", (_, i) => `trail racer-${run.racer} eigen-${i}`)
      .attr("d", (values) => { const line = level(values, across, up); return line && Number.isFinite(values[steps - 1]) ? line + `H${width}` : line; });
    const labels = gauge.map(([value], i) => [value, i]).filter(([value]) => y(value) > 0 && y(value) < FAR);
    const places = [];
    for (const [, i] of labels) places.push(besideItsLine(gauge, i, thresholds, across, up, width, height, (places.at(-1)?.slot ?? -1) + 1));
    names.selectAll("text").data(labels).join("text").attr("x", (_, i) => 16 + SLOT * places[i].slot).attr("y", (_, i) => 4 + places[i].row)
      .attr("class", `racer-${run.racer}`).text(([, i]) => productName(run, i));
    frame.note.text(gauge[0][0] > top ? `▲ ${productName(run, 0, true)} = ${formatNumber(gauge[0][0], words.decimal)}` : "");
    product(run);
    threshold(run);
    mark(scene);
  };
  return { draw, mark };
}

/** What 95 of 100 values do not exceed. */
function usual(values) {
  const sorted = Float64Array.from(values).filter(Number.isFinite).sort();
  return sorted.length ? sorted[Math.floor(0.95 * (sorted.length - 1))] : 0;
}

/** The steps at which the gauge has come to stand above its threshold. */
function crossings({ gauge: [products], thresholds }) {
  const found = [];
  for (let t = 1; t < products.length; t++) if (products[t] > thresholds[t] && products[t - 1] <= thresholds[t - 1]) found.push(t);
  return found;
}

/** How many pixels each row is away from the lines, between two places across. */
function roomAlong(lines, across, up, height, [from, to]) {
  const covered = new Int32Array(Math.ceil(height) + 2), stride = across(1) - across(0), row = (y) => Math.min(Math.max(Math.round(y), 0), Math.ceil(height));
  for (const values of lines) {
    const at = (t) => up(values[Math.min(t, values.length - 1)]); // the last step goes on to the edge
    for (let t = Math.max(Math.floor(from / stride), 0); t * stride < to; t++) {
      const start = at(t), slope = (at(t + 1) - start) / stride, ends = [Math.max(from - t * stride, 0), Math.min(to - t * stride, stride)].map((x) => start + slope * x);
      if (!ends.every(isNumber) || Math.max(...ends) < 0 || Math.min(...ends) > height) continue;
      covered[row(Math.min(...ends))]++;
      covered[row(Math.max(...ends)) + 1]--;
    }
  }
  for (let y = 1; y < covered.length; y++) covered[y] += covered[y - 1];
  const room = Array.from(covered.subarray(0, -1), (count) => (count ? 0 : Infinity)), last = room.length - 1;
  for (let y = 1; y <= last; y++) room[y] = Math.min(room[y], room[y - 1] + 1);
  for (let y = last - 1; y >= 0; y--) room[y] = Math.min(room[y], room[y + 1] + 1);
  return room;
}

/** The row between two others where a word meets no line, the nearest to where it is wanted; else the one with the most room. */
function roomiest(room, low, high, wanted) {
  let best = wanted, most = -Infinity;
  for (let y = Math.ceil(low); y <= high; y++) {
    const score = 1000 * Math.min(room[y], 10) - Math.abs(y - wanted);
    if (score > most) [best, most] = [y, score];
  }
  return best;
}

/** Where the name of a line stands: where no other line is nearer, in the first slot from `from` on with room enough; else in the one with the most. */
function besideItsLine(gauge, which, thresholds, across, up, width, height, from) {
  const own = gauge[which], kinds = [[own], gauge.filter((_, i) => i !== which), [thresholds]], stride = across(1) - across(0);
  const placeIn = (slot) => {
    const left = 12 + SLOT * slot, [mine, others, limit] = kinds.map((lines) => roomAlong(lines, across, up, height, [left, left + 30]));
    const room = mine.map((away, y) => (away <= others[y] ? Math.min(away, limit[y]) : 0));
    const middle = own[Math.floor((left + 15) / stride)], value = isNumber(middle) ? middle : own.findLast(isNumber), at = Math.min(Math.max(up(value), 0), height);
    const row = roomiest(room, 8, height - 8, at + (value < thresholds[0] && at + 18 < height ? 11 : -10));
    return { slot, row, room: room[Math.round(row)] };
  };
  let best = placeIn(from);
  for (let slot = from + 1; best.room < 8 && SLOT * (slot + 1) < 0.6 * width; slot++) { // on the right stand the words of the zones
    const place = placeIn(slot);
    if (place.room > best.room) best = place;
  }
  return best;
}

/** Whether the Hessian of the gauge is one that the rule or clipping has rescaled. */
const isRescaled = ({ rule, clip = null }) => Boolean(rule.scale) || clip !== null;

/** ηλ, with an index where there are two eigenvalues and a tilde where they are rescaled. */
const curvatureName = (run, i) => (isRescaled(run) ? "λ̃" : "λ") + (run.n === 1 ? "" : "₁₂"[i]);
const productName = (run, i, short = false) => "η" + (short ? (isRescaled(run) ? "λ̃" : "λ") : curvatureName(run, i));

/** Now the axis may follow. */
function letGo(frame, hands) {
  frame.held = false;
  hands.change({ settings: { ...hands.state().settings } });
}

/** On the line of the largest product: dragging it sets the rate. */
function productHandle(over, frame, hands) {
  const node = over.append("g").attr("class", "handle");
  node.append("circle").attr("class", "reach").attr("r", 13);
  node.append("circle").attr("r", 8);
  let shown = null;
  const to = (value) => { if (value > 0 && shown.gauge[0][0] > 0) hands.setRate(shown.name, round3((shown.lr * value) / shown.gauge[0][0])); };
  makeHandle(node, frame.words.handle_product, {
    drag: (event) => { frame.held = true; to(frame.y.invert(event.y)); },
    end: () => letGo(frame, hands),
    key: (_, sign) => to(shown.gauge[0][0] * 1.05 ** sign),
  });
  return (run) => {
    shown = run;
    const value = run.gauge[0][0], within = !run.recorded && value > 0 && value <= frame.y.domain()[1];
    node.attr("display", within ? null : "none").attr("transform", `translate(0,${within ? frame.y(value) : 0})`)
      .attr("aria-valuemin", 0).attr("aria-valuemax", frame.y.domain()[1]).attr("aria-valuenow", within ? value : 0)
      .attr("aria-valuetext", `${productName(run, 0)} = ${formatNumber(value, frame.words.decimal)}`);
  };
}

/** On the threshold, where a memory β moves it: dragging it sets β. */
function thresholdHandle(over, frame, hands) {
  const node = over.append("g").attr("class", "handle threshold");
  node.append("circle").attr("class", "reach").attr("r", 13);
  node.append("path").attr("d", "M0,-9L9,0L0,9L-9,0Z");
  let shown = null, memory = null;
  const thresholdAt = (value) => shown.rule.threshold(shown.rates[0], ...shown.hyper.map((own, i) => (i === memory ? value : own)));
  const to = (wanted) => {
    const name = namesIn(shown.rule.settings)[memory];
    let [low, high] = shown.rule.settings[name].slider;
    const rises = thresholdAt(high) > thresholdAt(low);
    for (let i = 0; i < 40; i++) {
      const middle = (low + high) / 2;
      if (thresholdAt(middle) < wanted === rises) low = middle; else high = middle;
    }
    hands.setSetting(name, round3(low));
  };
  makeHandle(node, frame.words.handle_threshold, {
    drag: (event) => { frame.held = true; to(frame.y.invert(event.y)); },
    end: () => letGo(frame, hands),
    key: (_, sign) => to(shown.thresholds[0] * 1.03 ** sign),
  });
  return (run) => {
    shown = run;
    memory = namesIn(run.rule.settings).findIndex((name) => name === "beta" || name === "beta1");
    node.attr("display", memory < 0 ? "none" : null).attr("transform", `translate(${frame.width},${frame.y(run.thresholds[0])})`)
      .attr("aria-valuenow", run.thresholds[0]).attr("aria-valuetext", formatNumber(run.thresholds[0], frame.words.decimal));
  };
}
