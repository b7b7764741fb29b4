// What all panels are made of: a frame with axes, lines that end where the numbers do, the cursor.
//
// A panel is a function of a frame and the reader's hands. It returns `draw`, which shows a scene
// (state, runs, the run in focus), and, where there is something to show, `mark`, which shows the
// cursor. A moving cursor calls `mark` alone.

const MARGIN = { top: 8, right: 12, bottom: 30, left: 52 };
const FAR = 1e5; // pixels: beyond, a line from the picture cannot be told from one that is longer still
const MANY = 150; // steps: beyond, dots would hide the line

/** A box with a title, axes, and an inner svg that clips what leaves the picture. */
function makeFrame(name, words, { over = "step", title = words[name], tall = null } = {}) {
  const box = element("div", { class: `panel ${name.split(":")[0]}` });
  const heading = element("div", { class: "title" }, title);
  box.append(heading);
  const svg = d3.select(box).append("svg").attr("role", over === "step" && name !== "gauge" ? "img" : "group").attr("aria-label", title);
  const inner = svg.append("svg").attr("class", "inner").attr("x", MARGIN.left).attr("y", MARGIN.top);
  return {
    name, words, box, heading, svg, inner, tall,
    xAxis: svg.append("g").attr("class", "axis"), yAxis: svg.append("g").attr("class", "axis"),
    xName: over ? svg.append("text").attr("class", "axis-name").text(words[`axis_${over}`]) : null,
    note: svg.append("text").attr("class", "note"),
    layer: (kind, className) => inner.append(kind).attr("class", className),
    x: d3.scaleLinear(), y: d3.scaleLinear(), width: 0, height: 0, fonts: {},
  };
}

/** Fits a frame to the width it has; true if that changed. */
function measure(frame) {
  const width = Math.max(frame.box.clientWidth - MARGIN.left - MARGIN.right, 60);
  const isFilling = getComputedStyle(frame.box).getPropertyValue("--filling"); // where the box has a height, whatever the panel is
  const height = (isFilling ? null : frame.tall) ?? Math.max(frame.box.clientHeight - frame.heading.offsetHeight - (frame.below?.offsetHeight ?? 0) - MARGIN.top - MARGIN.bottom, 60);
  if (!frame.box.clientWidth || (width === frame.width && height === frame.height)) return false;
  Object.assign(frame, { width, height, axesDrawn: null, fonts: {} });
  const { svg, inner, xAxis, yAxis, xName, note } = frame;
  svg.attr("width", width + MARGIN.left + MARGIN.right).attr("height", height + MARGIN.top + MARGIN.bottom);
  inner.attr("width", width).attr("height", height);
  xAxis.attr("transform", `translate(${MARGIN.left},${MARGIN.top + height})`);
  yAxis.attr("transform", `translate(${MARGIN.left},${MARGIN.top})`);
  xName?.attr("x", MARGIN.left - 10).attr("y", MARGIN.top + height + 19).attr("text-anchor", "end");
  note.attr("x", MARGIN.left + width / 2).attr("y", MARGIN.top + 14).attr("text-anchor", "middle");
  return true;
}

/** Both axes; `yTicks`, and `xTicks` where given, are powers of ten on a logarithmic axis. */
function drawAxes(frame, yTicks, xTicks) {
  const { words, x, y, width, height } = frame, key = [x.domain(), y.domain(), yTicks, xTicks].join();
  if (key === frame.axesDrawn) return;
  frame.axesDrawn = key;
  const label = (value) => formatNumber(value, words.decimal), power = (value) => tenTo(Math.round(Math.log10(value)));
  const fit = (axis, ticks, count) => (ticks ? axis.tickValues(ticks).tickFormat(power) : axis.ticks(count).tickFormat(label));
  frame.xAxis.call(fit(d3.axisBottom(x).tickSizeOuter(0), xTicks, Math.min(6, width / 50)));
  const every = yTicks && Math.ceil(19 * yTicks.length / height); // in a low panel each second one, or third
  frame.yAxis.call(fit(d3.axisLeft(y).tickSizeOuter(0), yTicks?.filter((_, i) => i % every === 0), Math.min(6, height / 30)));
  keepInside(frame);
}

/** The last number below an axis begins earlier where it would stick out of the picture. */
function keepInside(frame) {
  const { xAxis, x, width } = frame;
  xAxis.selectAll("text").attr("dx", function (value) {
    const beyond = x(value) + widthOf(frame, this) / 2 + 1 - width - MARGIN.right;
    return beyond > 0 ? tenth(-beyond) : null;
  });
}

const pen = document.createElement("canvas").getContext("2d");

/** As a canvas wants it; `font` itself is empty where digits are all as wide as each other. */
function fontOf(text) {
  const { fontStyle, fontWeight, fontSize, fontFamily } = getComputedStyle(text);
  return `${fontStyle} ${fontWeight} ${fontSize} ${fontFamily}`;
}

/**
 * How wide a text is. To ask the text itself would lay out the page in the middle of a drawing, and even its font is asked
 * for only once in each size of the frame; texts of one class have the same.
 */
function widthOf({ fonts }, text) {
  pen.font = fonts[text.parentNode.getAttribute("class")] ??= fontOf(text);
  return pen.measureText(text.textContent).width;
}

const tenthPower = (exponent) => Math.min(Math.max(10 ** exponent, 1e-307), 1e308);

/** Whole powers of ten between two numbers, seven at most. */
function decades(low, high) {
  const from = Math.ceil(Math.log10(low) - 1e-9), to = Math.floor(Math.log10(high) + 1e-9), stride = Math.ceil((to - from + 1) / 6);
  return Array.from({ length: Math.max(Math.ceil((to - from + 1) / stride), 0) }, (_, i) => 10 ** (from + i * stride));
}

const tenth = (value) => Math.round(value * 10) / 10;

/** A scale as plain arithmetic: D3's costs several calls for each of thousands of points. */
function plainScale(scale, log = false) {
  const [low, high] = scale.domain(), [from, to] = scale.range();
  if (!log) return (value) => from + ((to - from) * (value - low)) / (high - low);
  const start = Math.log(low), factor = (to - from) / (Math.log(high) - start);
  return (value) => from + factor * (Math.log(value) - start);
}

/** A line through `count` points in pixels, and a dot at each. Of those farther away than `reach` only the way there and back is drawn. */
function trace(count, xAt, yAt, reach, dotted = count <= MANY) {
  let line = "", dots = "", wasNear = false, fromX = NaN, fromY = NaN; // the point before
  for (let i = 0; i < count; i++) {
    const x = xAt(i), y = yAt(i), isNear = Math.abs(x) < reach && Math.abs(y) < reach;
    if (isNear) {
      const at = tenth(x) + "," + tenth(y), isBack = !wasNear && Number.isFinite(fromX) && Number.isFinite(fromY);
      if (isBack) line += "M" + outside(fromX, fromY);
      line += (wasNear || isBack ? "L" : "M") + at;
      if (dotted) dots += `M${at}h0`;
    } else if (wasNear && Number.isFinite(x) && Number.isFinite(y)) line += "L" + outside(x, y);
    [wasNear, fromX, fromY] = [isNear, x, y];
  }
  return { line, dots };
}

/** A point far outside of the picture, in the same direction and as far away as can be drawn. */
function outside(x, y) {
  const shrink = Math.min(FAR / Math.max(Math.abs(x), Math.abs(y)), 1);
  return tenth(x * shrink) + "," + tenth(y * shrink);
}

/** A line over the steps, ending where the numbers do. */
function level(values, x, y) {
  let path = "";
  for (let t = 0; t < values.length; t++) {
    if (!Number.isFinite(values[t])) break;
    path += (t ? "L" : "M") + tenth(x(t)) + "," + tenth(Math.min(Math.max(y(values[t]), -FAR), FAR));
  }
  return path;
}

/** A place in pixels that an attribute can hold. */
const drawable = (value) => (Number.isFinite(value) ? Math.min(Math.max(value, -FAR), FAR) : value > 0 ? FAR : -FAR);

/** The cursor in a panel over the steps: a line that can be dragged, and clicked to anywhere. A finger that moves up or down scrolls the page. */
function makeCursor(frame, hands) {
  const reach = frame.inner.insert("rect", ":first-child").attr("class", "reach").attr("width", "100%").attr("height", "100%"); // empty ground feels no pointer
  const line = frame.layer("path", "cursor");
  const ground = frame.inner.node(), move = ({ clientX }) => {
    const { left, width } = reach.node().getBoundingClientRect(), steps = frame.x.domain()[1];
    hands.moveCursor(Math.min(Math.max(Math.round((clientX - left) / width * steps), 0), steps));
  };
  let held = null; // the pointer that is down, where it came down, and whether it takes the cursor along
  frame.inner
    .on("pointerdown", (event) => {
      if (event.button || ground.contains(event.target.closest("[tabindex]"))) return; // a handle has its own
      held = { id: event.pointerId, x: event.clientX, y: event.clientY, leads: event.pointerType !== "touch" };
      if (held.leads) move(event);
    })
    .on("pointermove", (event) => {
      if (event.pointerId !== held?.id) return;
      held.leads ||= Math.abs(event.clientX - held.x) > Math.abs(event.clientY - held.y);
      if (!held.leads) return;
      ground.setPointerCapture(held.id);
      move(event);
    })
    .on("pointerup", (event) => {
      if (event.pointerId === held?.id && (held.leads || Math.abs(event.clientY - held.y) < 8)) move(event);
      held = null;
    })
    .on("pointercancel", () => { held = null; });
  return ({ cursor, state }) => line.attr("d", cursor < state.steps ? `M${tenth(frame.x(cursor))},0V${frame.height}` : null);
}

/** Something on a panel that is dragged with mouse, touch and arrow keys: a slider to a screen reader. */
function makeHandle(node, label, { drag, key, end = () => {} }) {
  node.attr("tabindex", 0).attr("role", "slider").attr("aria-label", label);
  node.call(d3.drag().on("start drag", (event) => { event.sourceEvent.stopPropagation(); drag(event); }).on("end", end));
  // A finger that lifts would click on what has come to lie beneath it.
  node.on("touchstart.still", (event) => event.preventDefault(), { passive: false });
  node.on("keydown", (event) => {
    const [axis, sign] = { ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowUp: [1, 1], ArrowDown: [1, -1] }[event.key] ?? [];
    if (axis === undefined) return;
    event.preventDefault();
    key(axis, sign);
  });
}
