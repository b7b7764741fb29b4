// The landscape: the loss over one coordinate as a curve, over two as contours, with the paths on it.

const AWAY = 4; // widths of the picture: a path that has gone so far is not drawn any further
const GRID = 72; // cells along each side of the contour plot
const ARROW = 44; // pixels: arrows that show a direction only
const KINDS = ["step", "gradient", "memory", "tangent", "eigen"]; // of what is drawn at the cursor

function landscapePanel(frame, hands) {
  const { layer } = frame;
  const ground = layer("g", "ground"), curve = layer("path", "curve"), trails = layer("g", "trails"), minima = layer("path", "minima");
  const now = layer("g", "now");
  const key = frame.box.appendChild(element("p", { class: "key" }));
  frame.below = key;
  // Outside of what is clipped: at the edge of the picture the ring stays whole.
  const start = frame.svg.append("g").attr("transform", `translate(${MARGIN.left},${MARGIN.top})`)
    .append("g").attr("class", "start");
  start.append("circle").attr("class", "reach").attr("r", 14);
  start.append("circle").attr("r", 10);
  let drawn = null;
  makeStartHandle(frame, start, hands);
  const drawGuess = guessHandle(frame, hands);
  const draw = (scene) => {
    const { run, state } = scene, { n, surface } = run, { x, y, width, height } = frame;
    const groundKey = JSON.stringify([state.surface, run.surfaceKey, state.view, width, height]);
    x.domain(state.view[0]).range([0, width]);
    y.range([height, 0]);
    if (groundKey !== drawn) {
      drawn = groundKey;
      if (n === 1) drawCurve(frame, curve, surface, state.view[0]);
      else drawContours(frame, ground, surface, state.view);
      const lows = surface.minima(), crosses = [];
      for (let i = 0; i < lows.length; i += n) crosses.push([x(lows[i]), y(n === 1 ? surface.value(lows[i]) : lows[i + 1])]);
      minima.attr("d", crosses.filter((cross) => cross.every(isNumber)).map(([cx, cy]) => `M${cx - 5},${cy - 5}l10,10m0,-10l-10,10`).join(""));
    }
    drawAxes(frame);
    const traced = scene.untold ? [] : scene.runs.map((one) => ({ run: one, ...traceRun(frame, one) }));
    trails.selectAll("path.trail").data(traced).join("path").attr("class", ({ run: { racer } }) => `trail racer-${racer}`).attr("d", ({ line }) => line);
    trails.selectAll("path.dots").data(traced).join("path").attr("class", ({ run: { racer } }) => `dots racer-${racer}`).attr("d", ({ dots }) => dots);
    placeStart(frame, start, scene);
    drawGuess(scene);
    if (!key.dataset.kinds) writeKey(key, frame.words, drawNow(frame, now, { ...scene, cursor: 1, state: { ...state, cursor: 1 } })); // keeps its place free
    const { leaves } = scene.facts;
    frame.note.text(leaves === null || scene.untold ? "" : fill(frame.words.mark_leaves, { step: leaves }));
    mark(scene);
  };
  const mark = (scene) => {
    trails.classed("faded", !scene.untold && scene.state.cursor !== null);
    writeKey(key, frame.words, drawNow(frame, now, scene));
  };
  return { draw, mark };
}

/** A path in pixels, all of it or the first `count` points. */
function traceRun({ x, y, width, height }, { n, steps, points, losses }, count = steps + 1) {
  const across = plainScale(x), up = plainScale(y);
  const yAt = n === 1 ? (t) => up(losses[t]) : (t) => up(points[t * n + 1]);
  return trace(count, (t) => across(points[t * n]), yAt, AWAY * Math.max(width, height), steps < MANY);
}

function drawCurve({ x, y, width }, curve, surface, [low, high]) {
  const values = Float64Array.from({ length: 201 }, (_, i) => surface.value(low + ((high - low) * i) / 200));
  let bottom = Math.min(...values), top = Math.max(...values);
  if (!(top - bottom > 1e-300 && top - bottom < Infinity)) [bottom, top] = isNumber(bottom) && isNumber(top) ? [bottom - 1, bottom + 1] : [-1, 1];
  y.domain([bottom - 0.06 * (top - bottom), top]);
  curve.attr("d", level(values, (i) => (width * i) / 200, plainScale(y)));
}

/** Levels grow like squares, so that a bowl shows evenly spaced rings; higher ground is darker. */
function drawContours({ y, width, height }, ground, surface, [across, up]) {
  y.domain(up);
  const cell = ([low, high], i) => low + ((high - low) * (i + 0.5)) / GRID, values = new Array(GRID * GRID);
  let bottom = Infinity, top = -Infinity;
  for (let k = 0; k < values.length; k++) {
    const value = surface.value(cell(across, k % GRID), cell(up, Math.floor(k / GRID)));
    values[k] = value;
    if (value < bottom) bottom = value;
    if (value > top) top = value;
  }
  if (!Number.isFinite(top - bottom)) return void ground.selectAll("path").remove(); // numbers that no level lies between
  const levels = Array.from({ length: 12 }, (_, i) => bottom + (top - bottom) * ((i + 1) / 13) ** 2);
  const outline = (ring) => "M" + ring.map(([column, row]) => `${tenth((column / GRID) * width)},${tenth(height - (row / GRID) * height)}`).join("L") + "Z";
  ground.selectAll("path").data(d3.contours().size([GRID, GRID]).thresholds(levels)(values)).join("path")
    .attr("d", (contour) => contour.coordinates.flat().map(outline).join(""));
}

/** The start moves with mouse, touch and arrow keys. */
function makeStartHandle(frame, start, hands) {
  const moveTo = (point) => {
    const { view } = hands.state();
    hands.change({ start: point.map((value, i) => {
      const [low, high] = view[i], grain = 10 ** Math.floor(Math.log10((high - low) / 200));
      return Math.min(Math.max(Number((Math.round(value / grain) * grain).toPrecision(12)), low), high);
    }) });
  };
  makeHandle(start, frame.words.start, {
    drag: (event) => moveTo([frame.x.invert(event.x), frame.y.invert(event.y)].slice(0, hands.state().start.length)),
    key: (axis, sign) => {
      const { start: from, view } = hands.state(), point = [...from], i = Math.min(axis, point.length - 1), [low, high] = view[i];
      point[i] += (sign * (high - low)) / 50;
      moveTo(point);
    },
  });
}

function placeStart(frame, node, { state, run, untold }) {
  const [x, y] = state.start;
  node.attr("tabindex", untold ? -1 : 0).attr("transform", `translate(${drawable(frame.x(x))},${drawable(frame.y(run.n === 1 ? run.losses[0] : y))})`)
    .attr("aria-valuemin", state.view[0][0]).attr("aria-valuemax", state.view[0][1]).attr("aria-valuenow", x)
    .attr("aria-valuetext", state.start.map((value) => formatNumber(value, frame.words.decimal)).join(" / "));
}

/** What holds at the cursor: the point, where its Hessian points, gradient, memory and the step taken. Returns what was drawn. */
function drawNow(frame, now, { run, runs, state, cursor, untold }) {
  const { x, y } = frame, { n, points, losses, gradients, steps } = run, t = cursor;
  const place = (one, step) => [x(one.points[step * n]), y(n === 1 ? one.losses[step] : one.points[step * n + 1])];
  const near = ([cx, cy]) => Math.abs(cx) < FAR && Math.abs(cy) < FAR;
  const shown = untold || state.cursor === null ? [] : runs.filter((one) => near(place(one, t)));
  const past = shown.map((one) => [one, traceRun(frame, one, t + 1).line]);
  now.selectAll("path.past").data(past).join((enter) => enter.insert("path", ":first-child")).attr("class", ([{ racer }]) => `past trail racer-${racer}`).attr("d", ([, path]) => path);
  now.selectAll("circle").data(shown).join("circle").attr("class", (one) => `here racer-${one.racer}`).attr("r", 5)
    .attr("cx", (one) => place(one, t)[0]).attr("cy", (one) => place(one, t)[1]);
  const lines = [];
  if (shown.includes(run)) {
    const here = place(run, t);
    if (n === 1) lines.push(["tangent", tangentAt(frame, here, gradients[t])]);
    else {
      const hessian = run.surface.hessian(points[t * n], points[t * n + 1]);
      eigenDirections(hessian).forEach((vector, i) => lines.push([`eigen eigen-${i}`, segment(here, toPixels(frame, vector))]));
    }
    if (t < steps) {
      const memory = memoryAt(run, t);
      if (memory) lines.push(["arrow memory", arrow(here, along(frame, memory, n))]);
      if (n === 2) lines.push(["arrow gradient", arrow(here, along(frame, [-gradients[t * n], -gradients[t * n + 1]], n))]);
      const there = place(run, t + 1);
      if (near(there)) lines.push(["arrow step", arrow(here, [there[0] - here[0], there[1] - here[1]])]);
    }
  }
  now.selectAll("path:not(.past)").data(lines).join("path").attr("class", ([kind]) => kind).attr("d", ([, path]) => path);
  return new Set(lines.filter(([, path]) => path).map(([kind]) => kind.split(" ").at(kind.startsWith("arrow") ? 1 : 0)));
}

/** Which line at the cursor is what. What was drawn before stands on behind it, out of sight: what lies below must not jump. */
function writeKey(key, words, kinds) {
  const before = key.dataset.kinds?.split(" ") ?? [], drawn = KINDS.filter((kind) => kinds.has(kind)), said = drawn.join(" ");
  if (key.dataset.drawn === said) return;
  const gone = KINDS.filter((kind) => before.includes(kind) && !kinds.has(kind));
  Object.assign(key.dataset, { drawn: said, kinds: [...drawn, ...gone].join(" ") });
  const sample = (kind) => {
    const svg = d3.select(document.createElementNS("http://www.w3.org/2000/svg", "svg")).attr("class", "now").attr("aria-hidden", "true").attr("width", 26).attr("height", 10);
    const bare = kind === "eigen" || kind === "tangent";
    svg.append("path").attr("class", `${kind} eigen-0`).attr("d", bare ? `M2,${kind === "eigen" ? 2 : 5}h22` : arrow([2, 5], [21, 0]));
    if (kind === "eigen") svg.append("path").attr("class", "eigen eigen-1").attr("d", "M2,8h22");
    return svg.node();
  };
  key.replaceChildren(...[...drawn, ...gone].map((kind) => element("span", gone.includes(kind) ? { class: "gone" } : {}, sample(kind), " " + words["key_" + kind])));
}

/** Unit vectors along which the curvature is largest and smallest. */
function eigenDirections([a, b, d]) {
  const angle = Math.atan2(2 * b, a - d) / 2, [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  return [[cos, sin], [-sin, cos]].map((vector) => (vector.every(Number.isFinite) ? vector : [0, 0]));
}

/** A vector of the plane in pixels, as long as a direction is drawn. */
function toPixels({ x, y }, [u, v]) {
  const dx = x(u) - x(0), dy = y(v) - y(0), length = Math.hypot(dx, dy);
  return length > 0 && length < Infinity ? [(ARROW * dx) / length, (ARROW * dy) / length] : [0, 0];
}

/** A direction from the cursor; on a curve there is only left and right. */
const along = (frame, [u, v], n) => (n === 2 ? toPixels(frame, [u, v]) : [Math.sign(u) * ARROW, 0]);

/** Where a rule's memory pulls before it meets the new gradient; null where it keeps none with a sign. */
function memoryAt({ n, state, rule }, t) {
  const kept = state.m ?? (rule.scale ? null : state.v);
  const pull = kept ? [-kept[t * n], n === 2 ? -kept[t * n + 1] : 0] : null;
  return pull?.every(Number.isFinite) && pull.some(Boolean) ? pull : null;
}

const segment = ([x, y], [dx, dy]) => `M${tenth(x - dx)},${tenth(y - dy)}L${tenth(x + dx)},${tenth(y + dy)}`;

function tangentAt({ x, y }, here, slope) {
  const dx = x(1) - x(0), dy = slope * (y(1) - y(0)), length = Math.hypot(dx, dy);
  return segment(here, length < Infinity ? [(ARROW * dx) / length, (ARROW * dy) / length] : [0, 0]);
}

/** A line with a head, drawn to the head's size where it is shorter than that. */
function arrow([x, y], [dx, dy]) {
  const length = Math.hypot(dx, dy);
  if (!(length > 1)) return "";
  const size = Math.min(8, length / 2), [ux, uy] = [dx / length, dy / length], [tx, ty] = [x + dx, y + dy];
  const side = (turn) => `${tenth(tx - size * (ux - turn * uy * 0.55))},${tenth(ty - size * (uy + turn * ux * 0.55))}`;
  return `M${tenth(x)},${tenth(y)}L${tenth(tx)},${tenth(ty)}M${side(1)}L${tenth(tx)},${tenth(ty)}L${side(-1)}`;
}
