// Predict, then look: a figure that hides what it knows until the reader has committed to a guess.
//
// A committed guess is the trait `guess`; one that is still being made is `hands.guess`, which holds
// `place`, the point of the mark, and `asked`, whether the figure stands as its author asked about it.

const SHOWN = "shown"; // the guess of a reader who did not want to make one

/** Every kind: how it is guessed, which guesses are possible, and what is told afterwards. */
const PREDICTIONS = {
  regime: { field: choiceField, allows: (guess) => typeof guess === "string", tell: tellRegime },
  loss: { field: numberGuess("ask_number", isNumber), allows: isNumber, tell: tellLoss },
  overflow: { field: numberGuess("guess_step", (step) => isWhole(step, 0, 1e9)), allows: isNumber, tell: tellOverflow },
  end: { field: placeField, allows: (guess, { start }) => isPoint(guess, start.length), tell: tellEnd },
};

/** Whether the reader has still to guess. */
const isUntold = ({ predict, guess }) => predict !== null && guess === null;

/** Whether nothing may tell where the border of the rate lies. */
const isBorderHidden = ({ hidden, guess }) => guess === null && hidden.includes("border");

/** Whether a guess is one that a figure can hold. */
const isGuess = (guess, state) => guess === null || (state.predict !== null && (guess === SHOWN || PREDICTIONS[state.predict].allows(guess, state)));

/** The question, and once it is answered guess and truth side by side. */
function predictBox(hands, author, words, signal) {
  const kind = PREDICTIONS[author.predict];
  const node = element("form", { class: "predict" });
  hands.guess = { place: null, asked: true };
  if (!kind) return { node, update() { node.hidden = true; } };
  const field = kind.field(hands, words, author), note = element("p", { class: "wrong", role: "alert" });
  const legend = element("legend"), told = element("p", { role: "status" });
  const skip = element("button", { type: "button", class: "quiet" }, words.guess_skip), again = element("button", { type: "button" }, words.guess_again);
  const question = element("fieldset", {}, legend, ...field.nodes, note,
    element("div", { class: "answers" }, element("button", { type: "submit" }, words.guess_commit), skip));
  node.append(question, told, again);

  const commit = (guess) => {
    hands.change({ guess });
    again.focus();
  };
  node.addEventListener("submit", (event) => {
    event.preventDefault();
    const guess = field.read();
    note.textContent = guess === null ? words[field.wrong] : "";
    if (guess === null) field.focus();
    else commit(guess);
  }, { signal });
  skip.addEventListener("click", () => commit(SHOWN), { signal });
  again.addEventListener("click", () => {
    hands.guess.place = null;
    field.clear?.();
    hands.change({ ...Object.fromEntries(HANDS.map((key) => [key, author[key]])), guess: null });
    field.focus();
  }, { signal });

  return {
    node,
    update(scene) {
      const { state, run, untold } = scene, { guess } = state;
      hands.guess.asked = HANDS.every((key) => key === "cursor" || same(state[key], author[key]));
      question.hidden = !untold;
      again.hidden = untold;
      if (untold) {
        legend.textContent = unbroken(focusOf(scene) + fill(words["guess_" + state.predict], { lr: formatNumber(run.lr, words.decimal), steps: state.steps, format: state.dtype }));
        told.textContent = "";
      } else if (!hands.guess.asked || guess === SHOWN) {
        // Its room stays: nothing may jump away under a hand that drags.
        told.classList.toggle("past", true);
      } else {
        told.textContent = kind.tell(scene, (key, values) => fill(words[key], { steps: state.steps, ...values }));
        told.classList.toggle("past", false);
      }
    },
  };
}

const focusOf = ({ runs, run, words }) => (runs.length > 1 ? fill(words.says_focus, { rule: words["rule_" + run.name] }) + words.join : "");

/** While a guess is awaited, some panels are empty, and nothing but question and landscape answers. Nothing moves away. */
function veil(el, { untold, state }, panels, boxes) {
  el.classList.toggle("untold", untold);
  el.classList.toggle("borderless", untold || isBorderHidden(state));
  for (const { frame: { box, name } } of panels) {
    box.classList.toggle("veiled", untold && state.hidden.includes(name));
    box.inert = untold && name !== "landscape";
  }
  for (const box of boxes) box.inert = untold;
}

// ---------------------------------------------------------------- how a guess is made

let questions = 0; // radio buttons of different figures must not know each other

/** Glides, lands on the other side or swings, explodes: as the gauge names them. */
function choiceField(hands, words, author) {
  const { threshold } = mathematics.optimizers[author.optimizer], limit = threshold?.(author.lr, ...hyperOf(author, author.optimizer));
  const name = `lr-guess-${questions++}`, middle = middleZone(limit);
  const labels = { glide: "zone_glide", [middle]: "zone_" + middle, [limit === 2 ? "explode" : "widen"]: "zone_explode" };
  const radios = Object.keys(labels).map((value) => element("input", { type: "radio", name, value }));
  return {
    nodes: [element("div", { class: "answers" }, ...radios.map((radio) => element("label", {}, radio, " " + words[labels[radio.value]])))],
    wrong: "guess_unchosen",
    read: () => radios.find(({ checked }) => checked)?.value ?? null,
    focus: () => (radios.find(({ checked }) => checked) ?? radios[0]).focus(),
  };
}

function numberGuess(wrong, isRight) {
  return (hands, words) => {
    const field = element("input", { type: "text", inputmode: "decimal", autocomplete: "off", "aria-label": words.answer });
    return {
      nodes: [field], wrong,
      read() {
        const given = readNumber(field.value, words.decimal), right = isRight(given);
        field.setAttribute("aria-invalid", String(!right));
        return right ? given : null;
      },
      focus: () => field.focus(),
    };
  };
}

/** The mark is on the landscape: see `guessHandle`. */
function placeField(hands, words) {
  return {
    nodes: [element("p", {}, words.guess_place)], wrong: "guess_unplaced",
    read: () => hands.guess.place, focus: () => hands.guess.focus?.(),
  };
}

/** The mark on the landscape: placed by a click, moved by hand and arrow keys until the guess is made. Returns what draws it. */
function guessHandle(frame, hands) {
  const { svg, words } = frame, over = svg.append("g").attr("transform", `translate(${MARGIN.left},${MARGIN.top})`);
  const node = over.append("g"), name = over.append("text").attr("class", "guess-name").attr("text-anchor", "middle");
  node.append("circle").attr("r", 15);
  node.append("path").attr("d", "M-10,0H10M0,-10V10");
  let scene = null;
  const open = () => scene?.untold && scene.state.predict === "end";
  const standIn = ({ view }) => view.map(([low, high], i) => low + (high - low) * (i ? 0.25 : 0.7));
  const moveTo = (point) => {
    if (!open() || !point.every(isNumber)) return;
    hands.guess.place = point.map((value, i) => Math.min(Math.max(value, scene.state.view[i][0]), scene.state.view[i][1]));
    draw(scene);
  };
  const toPoint = (x, y) => moveTo([frame.x.invert(x), frame.y.invert(y)].slice(0, scene.run.n));
  makeHandle(node, words.guess_mark, {
    drag: ({ x, y }) => toPoint(x, y),
    key: (axis, sign) => {
      const { view } = scene.state, point = [...(hands.guess.place ?? standIn(scene.state))], i = Math.min(axis, point.length - 1);
      point[i] += (sign * (view[i][1] - view[i][0])) / 50;
      moveTo(point);
    },
  });
  svg.on("click", (event) => {
    const { left, top } = svg.node().getBoundingClientRect(), x = event.clientX - left - MARGIN.left, y = event.clientY - top - MARGIN.top;
    if (open() && !node.node().contains(event.target) && x >= 0 && x <= frame.width && y >= 0 && y <= frame.height) toPoint(x, y);
  });
  hands.guess.focus = () => node.node().focus();
  const draw = (now) => {
    scene = now;
    const { state, run } = scene, told = state.predict === "end" && Array.isArray(state.guess) && hands.guess.asked;
    const point = told ? state.guess : hands.guess.place ?? standIn(state);
    node.attr("display", open() || told ? null : "none").attr("class", `guess ${open() ? "open" : ""} ${told || hands.guess.place ? "" : "unplaced"}`);
    node.attr("tabindex", open() ? 0 : -1).attr("aria-hidden", String(!open()));
    name.text(told ? words.guess_mark : "");
    const cx = frame.x(point[0]), cy = frame.y(run.n === 1 ? run.surface.value(point[0]) : point[1]);
    node.attr("transform", `translate(${tenth(drawable(cx))},${tenth(drawable(cy))})`).attr("aria-valuemin", state.view[0][0]).attr("aria-valuemax", state.view[0][1])
      .attr("aria-valuenow", point[0]).attr("aria-valuetext", placeOf(point, words.decimal));
    name.attr("x", Math.min(Math.max(cx, 40), frame.width - 40)).attr("y", drawable(cy > 40 ? cy - 15 : cy + 24));
  };
  return draw;
}

/** A dashed line at the guess in a panel over the steps: across for a loss, upright for a step. */
function guessLine(frame, hands) {
  const line = frame.layer("path", "guess"), name = frame.layer("text", "guess-name");
  return ({ state: { predict, guess } }, toPixel) => {
    const { x, width, height } = frame, across = predict === "loss", at = !isNumber(guess) || !hands.guess.asked ? NaN : across ? toPixel(guess) : predict === "overflow" ? x(guess) : NaN;
    const within = at >= 0 && at <= (across ? height : width);
    line.attr("d", !within ? null : across ? `M0,${tenth(at)}H${width}` : `M${tenth(at)},0V${height}`);
    const left = !across && at > width / 2;
    name.text(within ? frame.words.guess_mark : "").attr("text-anchor", across || left ? "end" : "start")
      .attr("x", across ? width - 6 : within ? at + (left ? -6 : 6) : 0).attr("y", across && within ? (at > 24 ? at - 6 : at + 16) : 14);
  };
}

// ---------------------------------------------------------------- what is told afterwards

function tellRegime({ state: { guess }, facts, run, words }, say) {
  const { regime, product, threshold } = facts, number = (value) => formatNumber(value, words.decimal);
  const nameOf = (zone) => words[{ widen: "zone_explode" }[zone] ?? "zone_" + zone], values = { guess: nameOf(guess) };
  if (!regime) return say("told_open", values);
  const border = words["says_" + regimeKey(facts, words)], onBorder = regime.startsWith("border"); // none of the answers
  const verdict = regime === guess ? [say("told_right", values)] : onBorder ? [border, say("told_open", values)] : [say("told_wrong", { ...values, truth: nameOf(regime) })];
  const zones = { product: number(product), glide: number(run.rule.glide(run.rates[0], ...run.hyper)), threshold: number(threshold) };
  return [...verdict, say("told_zones_" + middleZone(threshold), zones)].join(words.join);
}

function tellLoss({ state: { guess }, facts, words }, say) {
  return say("told_loss", { guess: formatNumber(guess, words.decimal), truth: formatNumber(facts.last, words.decimal) });
}

function tellOverflow(scene, say) {
  const { state: { guess, dtype }, facts } = scene, truth = facts.overflows ?? facts.infinite ?? followed(scene, dtype, MOST_STEPS).loss;
  return truth < 0 ? say("told_never", { guess, steps: MOST_STEPS }) : say("told_overflow", { guess, truth, off: Math.abs(truth - guess) });
}

/** How far apart guess and truth are is told as a share of the picture, of which both sides count alike. */
function tellEnd({ state: { guess, view, steps }, run: { n, points }, words }, say) {
  const end = Array.from(points.subarray(steps * n, steps * n + n)), apart = Math.hypot(...end.map((value, i) => (value - guess[i]) / (view[i][1] - view[i][0])));
  const said = [say("told_end", { guess: placeOf(guess, words.decimal), truth: placeOf(end, words.decimal) })];
  if (isNumber(apart)) said.push(say("told_share", { share: formatNumber(apart < 1 ? Math.round(100 * apart) : 100 * apart, words.decimal) }));
  return said.join(words.join);
}
