// Sharing a figure: a link to what it shows, its run as lines of Python, a picture of it.

const handsOf = (state) => Object.fromEntries(HANDS.map((key) => [key, state[key]]));

// ---------------------------------------------------------------- the link

/** The figure's place on the page, from 1; 0 in a notebook. */
const figureNumber = (el) => [...document.querySelectorAll("lr-lab")].indexOf(el) + 1;

/** Whether a link's fragment is about the figure of that number. */
const isMeant = (hash, number) => number > 0 && new RegExp(`^#figure=${number}(\\.|&|$)`).test(hash);

const isMeantByLink = (el) => isMeant(location.hash, figureNumber(el));

/** Of the author's state, the same in every language: tells a link that was made for another figure. */
function fingerprint(author) {
  let hash = 0x811c9dc5; // FNV-1a
  for (const sign of JSON.stringify(KEYS.filter((key) => key !== "language").map((key) => author[key]))) {
    hash = Math.imul(hash ^ sign.codePointAt(), 0x01000193);
  }
  return (hash >>> 0).toString(36);
}

/** The address of the page with what the reader has changed on the figure. */
function linkTo(state, author, number) {
  const changed = HANDS.filter((key) => !same(state[key], author[key]) && !(key === "steps" && author.recording)), address = new URL(location.href);
  address.hash = new URLSearchParams([
    ["figure", `${number}.${fingerprint(author)}`], ...changed.map((key) => [key, JSON.stringify(state[key])]),
  ]);
  return address.href;
}

/** What a link changes, or why it cannot be followed; null if it is not about this figure. Links of the book itself have no fingerprint. */
function stateFromLink(hash, number, author) {
  if (!isMeant(hash, number)) return null;
  const [[, figure], ...given] = new URLSearchParams(hash.slice(1)), ofTheBook = figure === String(number);
  if (!ofTheBook && figure !== `${number}.${fingerprint(author)}`) return { changes: {}, said: "link_changed" };
  try {
    const changes = Object.fromEntries(given.map(([key, text]) => [key, JSON.parse(text)]));
    if (ofTheBook && changes.settings) changes.settings = { ...author.settings, ...changes.settings };
    const { state } = repair({ ...author, ...changes }, author);
    if (Object.keys(changes).every((key) => HANDS.includes(key) && same(changes[key], state[key]))) return { changes: handsOf(state), said: null };
  } catch { /* not JSON, not ours */ }
  return { changes: {}, said: "link_broken" };
}

/** Takes the state of a link to this figure, now and whenever the address changes; `note` says what is wrong with it. */
function followLinks(el, hands, author, words, note, signal) {
  const number = figureNumber(el);
  const follow = () => {
    const link = stateFromLink(location.hash, number, author);
    if (!link) return;
    hands.change({ ...handsOf(author), ...link.changes });
    note.textContent = link.said ? words[link.said] : "";
    for (let box = el.closest("details"); box; box = box.parentElement.closest("details")) box.open = true;
    el.scrollIntoView();
    el.tabIndex = -1; // so that the next Tab leads into the figure
    el.focus({ preventScroll: true });
  };
  hands.listen(() => { note.textContent = ""; });
  addEventListener("hashchange", follow, { signal });
  // A link to where the address already leads changes nothing that a browser would tell of.
  document.addEventListener("click", ({ target }) => {
    const link = target.closest?.('a[href^="#figure="]');
    if (link?.hash === location.hash) follow();
  }, { signal });
  follow();
  // What loads above the figure pushes it down.
  const isLoading = document.readyState !== "complete" && isMeant(location.hash, number);
  if (isLoading) addEventListener("load", () => el.scrollIntoView(), { signal, once: true });
}

// ---------------------------------------------------------------- lines of Python

/** A number as Python reads it; JavaScript alone would lose the sign of a minus zero. */
const asPython = (value) => (Object.is(value, -0) ? "-0.0" : String(value));

/** Keyword arguments, for what differs from its default. */
function keywordsOf(values, known) {
  return namesIn(known).filter((name) => name in values && values[name] !== known[name].default)
    .map((name) => `${name}=${asPython(values[name])}`);
}

function rateText({ schedule: { name, settings, warmup, start } }, lr) {
  let text = asPython(lr);
  if (name !== "constant") text = `schedules.${name}(${[text, ...keywordsOf(settings, mathematics.schedules[name].settings)].join(", ")})`;
  return warmup ? `schedules.warmup(${text}, steps=${warmup}${start ? `, start=${asPython(start)}` : ""})` : text;
}

function callText(state, name) {
  const { surface, start, steps, noise, seed, dtype, clip, lost, settings } = state, point = start.map(asPython).join(", ");
  const parts = [`"${surface}"`, `"${name}"`, `start=${start.length > 1 ? `[${point}]` : point}`, `lr=${rateText(state, rateOf(state, name))}`, `steps=${steps}`];
  if (noise) parts.push(`noise=${asPython(noise)}`);
  if (noise && seed) parts.push(`seed=${seed}`);
  if (dtype !== "float64") parts.push(`dtype="${dtype}"`);
  if (clip !== null) parts.push(`clip=${asPython(clip)}`);
  if (isResumed(state)) parts.push(`resume=${state.resume}`, ...(lost === "nothing" ? [] : [`lost="${lost}"`]));
  parts.push(...keywordsOf(settings, { ...mathematics.surfaces[surface].settings, ...mathematics.optimizers[name].settings }));
  return `descend(${parts.join(", ")})`;
}

/** The lines that give the same path, or in a race the same paths. The twin of lab.python. */
function pythonOf(state) {
  const { optimizers, schedule } = state, scheduled = schedule.name !== "constant" || schedule.warmup;
  const run = optimizers.length === 1 ? `path = ${callText(state, optimizers[0])}`
    : `paths = {\n${optimizers.map((name) => `    "${name}": ${callText(state, name)},\n`).join("")}}`;
  return `from lrlib import descend${scheduled ? ", schedules" : ""}\n${run}`;
}

// ---------------------------------------------------------------- the picture

const SHAPE = ["d", "x", "y", "dx", "dy", "x1", "x2", "y1", "y2", "cx", "cy", "r", "width", "height", "transform", "id", "patternUnits"];
const LOOK = [
  "fill", "fill-opacity", "stroke", "stroke-width", "stroke-opacity", "stroke-dasharray", "stroke-linecap", "stroke-linejoin",
  "paint-order", "font-family", "font-size", "font-weight", "font-style", "text-anchor", "dominant-baseline",
];
const PADDING = 16, GAP = 8;

function drawing(tag, attributes = {}) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  return node;
}

/** What differs from what a node inherits, as attributes; colours without transparency, which old viewers do not know. */
function lookOf(style, inherited = null) {
  const look = {};
  for (const name of LOOK) {
    const value = style.getPropertyValue(name);
    if (value !== inherited?.getPropertyValue(name)) look[name] = value;
  }
  for (const name of ["fill", "stroke"]) {
    const [, colour, share] = look[name]?.match(/^rgba\((.+), ([\d.]+)\)$/) ?? [];
    if (colour) Object.assign(look, { [name]: `rgb(${colour})`, [`${name}-opacity`]: share * style.getPropertyValue(`${name}-opacity`) });
  }
  if (style.opacity !== "1") look.opacity = style.opacity;
  return look;
}

const isUnseen = ({ display, visibility, opacity, clipPath }) => display === "none" || visibility !== "visible" || opacity === "0" || clipPath !== "none";
const isClear = (paint) => paint === "none" || paint === "rgba(0, 0, 0, 0)";

/** A copy that needs no style sheet, without what is there for hands only; null if nothing is left. */
function copyShape(node, inherited, tag = node.localName) {
  const style = getComputedStyle(node), isGroup = ["g", "svg"].includes(tag);
  if (node.matches("[role=slider], title") || isUnseen(style)) return null;
  if (!isGroup && !node.closest("defs") && isClear(style.fill) && isClear(style.stroke)) return null;
  const shape = tag === "g" && node.localName === "svg" ? [] : SHAPE.filter((name) => node.hasAttribute(name)).map((name) => [name, node.getAttribute(name)]);
  const copy = drawing(tag, { ...Object.fromEntries(shape), ...lookOf(style, inherited) });
  for (const child of node.childNodes) {
    const kept = child.nodeType === Node.TEXT_NODE ? child.cloneNode() : copyShape(child, style);
    if (kept) copy.append(kept);
  }
  return copy.hasChildNodes() || ["d", "r", "x2", "y2", "height"].some((name) => !isGroup && copy.hasAttribute(name)) ? copy : null;
}

/** A text as it is broken into lines on the page. */
function linesOf(text) {
  const range = document.createRange(), lines = [];
  [...text.data].reduce((at, sign) => {
    range.setStart(text, at);
    range.setEnd(text, at + sign.length);
    const { left, top, width, height } = range.getBoundingClientRect(), line = lines.at(-1);
    if (line && (!width || Math.abs(top - line.top) < height / 2)) line.text += sign;
    else if (width) lines.push({ text: sign, left, top, height });
    return at + sign.length;
  }, 0);
  return lines;
}

/** Draws what is to be seen of a box: its svgs, and its text line by line. */
function drawBox(box, into, inherited, [left, top]) {
  const style = getComputedStyle(box);
  if (isUnseen(style) || box.matches("button, input, select")) return;
  for (const child of box.childNodes) {
    if (child.nodeType === Node.TEXT_NODE) {
      for (const line of linesOf(child)) {
        const text = drawing("text", { ...lookOf(style, inherited), fill: style.color, x: tenth(line.left - left), y: tenth(line.top - top + 0.8 * line.height) });
        text.textContent = line.text.trim();
        into.append(text);
      }
    } else if (child.localName === "svg") {
      const at = child.getBoundingClientRect(), copy = at.width ? copyShape(child, inherited, "g") : null;
      copy?.setAttribute("transform", `translate(${tenth(at.left - left)},${tenth(at.top - top)})`);
      if (copy) into.append(copy);
    } else if (child.localName) drawBox(child, into, inherited, [left, top]);
  }
}

/** Which line is whose: drawn on the page for a moment, so that it looks as all the rest does. */
function legendOf(state, words) {
  return element("div", { class: "picture-legend" }, ...state.optimizers.map((name, racer) => {
    const line = drawing("svg", { width: 36, height: 12 });
    line.append(drawing("path", { class: `trail racer-${racer}`, d: "M0,6h32" }));
    return element("span", {}, line, `${words["rule_" + name]}, η = ${formatNumber(rateOf(state, name), words.decimal)}`);
  }));
}

/** The figure as it stands on the page, as an svg that needs nothing else. */
function pictureOf(el, state, words) {
  const style = getComputedStyle(el), panels = el.querySelector(".panels"), legend = legendOf(state, words), picture = drawing("svg", { lang: el.lang, ...lookOf(style) });
  const ground = picture.appendChild(drawing("rect", { width: "100%", height: "100%", fill: style.getPropertyValue("--paper").trim() }));
  if (state.optimizers.length > 1) panels.before(legend);
  let height = PADDING, width = 0;
  for (const box of [legend, panels, el.querySelector(".key.models"), el.querySelector(".says")]) {
    const at = box.getBoundingClientRect();
    if (!at.height || !box.textContent) continue;
    drawBox(box, picture, style, [at.left - PADDING, at.top - height]);
    height += at.height + GAP;
    width = Math.max(width, at.width);
  }
  legend.remove();
  width = Math.ceil(width + 2 * PADDING);
  height = Math.ceil(height - GAP + PADDING);
  for (const [name, value] of Object.entries({ width, height, viewBox: `0 0 ${width} ${height}` })) picture.setAttribute(name, value);
  ground.after(...picture.querySelectorAll("defs"));
  return { text: new XMLSerializer().serializeToString(picture), width, height };
}

/** Twice as fine as on the page, for dense screens and for print. */
async function pixelsOf({ text, width, height }) {
  const image = new Image(), canvas = element("canvas", { width: 2 * width, height: 2 * height });
  image.src = "data:image/svg+xml," + encodeURIComponent(text);
  await image.decode();
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve) => { canvas.toBlob(resolve); });
}

function download(blob, name) {
  const address = URL.createObjectURL(blob);
  element("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 1000); // once the browser has begun to read it
}

// ---------------------------------------------------------------- the row of buttons

/** A quiet row of buttons; a link only where the figure stands on a page of its own. */
function shareBar(hands, author, words, signal, el, onPage) {
  const status = element("span", { role: "status" });
  const field = element("textarea", { readonly: "", rows: 3, hidden: "", "aria-label": words.copy_refused });
  const tell = (text) => { status.textContent = text; field.hidden = true; };
  const copy = async (text, said) => {
    try {
      await navigator.clipboard.writeText(text);
      tell(words[said]);
    } catch { // the browser forbids it: then the reader copies by hand
      tell(words.copy_refused);
      field.value = text;
      field.hidden = false;
      field.focus();
      field.select();
    }
  };
  const copyLink = () => {
    const link = linkTo(hands.state(), author, figureNumber(el));
    history.replaceState(history.state, "", link); // the switch of languages takes it along
    return copy(link, "link_copied");
  };
  const save = async (kind) => {
    const state = hands.state(), picture = pictureOf(el, state, words), shown = state.recording ? [state.model ?? "recording"] : [state.surface, ...state.optimizers], file = `${[...shown, rateOf(state, state.optimizer)].join("-")}.${kind}`;
    download(kind === "svg" ? new Blob([picture.text], { type: "image/svg+xml" }) : await pixelsOf(picture), file);
    tell(fill(words.saved, { file }));
  };
  const button = (name, act) => {
    const node = element("button", { type: "button" }, words[name]);
    node.addEventListener("click", act, { signal });
    return node;
  };
  const python = button("copy_python", () => copy(pythonOf(hands.state()), "python_copied"));
  const buttons = [...(onPage ? [button("copy_link", copyLink)] : []), python, button("save_svg", () => save("svg")), button("save_png", () => save("png"))];
  hands.listen(() => tell(""));
  return {
    node: element("div", { class: "share" }, ...buttons, status, field),
    /** What was recorded elsewhere is no run of ours. */
    update({ state }) { python.hidden = Boolean(state.recording); },
  };
}
