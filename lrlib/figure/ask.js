// Questions that check themselves: a number, one of several answers, or what the reader makes of a figure.
// `page.py` puts `locales` and common.js in front; on a page all of the figure is there too.

/** Numbers that a reader can find with a figure, as it stands; NaN for what does not exist. The twin of quantities.py. */
const QUANTITIES = {
  critical_rate: ({ run, step }) => {
    const t = Math.min(step, run.steps - 1), product = run.gauge[0][t];
    return product > 0 ? (run.lr * run.thresholds[t]) / product : NaN;
  },
  best_rate: ({ extremes: [largest, smallest] }) => 2 / (largest + smallest),
  condition: ({ extremes: [largest, smallest] }) => largest / smallest,
  contraction: ({ extremes: [largest, smallest] }) => (largest - smallest) / (largest + smallest),
  multiplier: ({ run }) => {
    const multiplier = 1 - run.gauge[0][0];
    return Math.abs(multiplier) < 1e-12 ? 0 : multiplier; // what rounding has left of it
  },
  product: ({ run }) => run.gauge[0][0],
  loss: ({ run }) => run.losses[run.steps],
  fall: ({ run }) => run.losses[run.steps] / run.losses[0],
  diverged_at: ({ run: { n, losses, points } }) => {
    const step = losses.findIndex((loss, t) => !Number.isFinite(loss) || (points && !points.subarray(t * n, t * n + n).every(Number.isFinite)));
    return step < 0 ? NaN : step;
  },
  turning_rate: ({ run, step }) => turningRate(run, step),
};

/** What is read at the end of a run: not to be had where it has left the numbers. */
const OF_THE_END = ["loss", "fall"];

/** One of them, as a figure stands; null while the reader has something to foretell there. */
function quantity(name, figure) {
  figure.build();
  const { state } = repair(Object.fromEntries(KEYS.map((key) => [key, figure.model.get(key) ?? null])));
  if (isUntold(state)) return null;
  const run = state.recording ? recordedRun(state) : computeRun(state, state.optimizer), step = state.cursor ?? 0;
  return QUANTITIES[name](lazy({ run, step }, {
    extremes: () => {
      const values = eigenvaluesAt(run, run.surface.hessian(...run.points.subarray(step * run.n, step * run.n + run.n))), smallest = values.at(-1);
      return smallest > 4 * Number.EPSILON * values[0] ? [values[0], smallest] : [NaN, NaN];
    },
  }));
}

/** Which string replies to an answer. The twin of ask.reply_to. */
function replyTo(given, answer, mistakes, { choices, goal, tolerance }) {
  if (answer === null) return "ask_untold";
  if (!choices && (goal ? Number.isNaN(answer) : !Number.isFinite(answer))) return "ask_nothing";
  if (goal) {
    const [low, high] = goal;
    return low !== null && answer < low ? "ask_below" : high !== null && answer > high ? "ask_above" : "ask_reached";
  }
  const near = (value) => (choices ? given === value : Number.isFinite(value) && Math.abs(given - value) <= tolerance * (Math.abs(value) || 1));
  const rounds = (value) => !choices && Number.isFinite(value) && isRounded(given, value);
  const mistake = mistakes.find(([value]) => near(value)) ?? mistakes.find(([value]) => rounds(value) && !rounds(answer));
  if (near(answer)) return "ask_right";
  if (mistake || choices) return mistake ? `why_${mistake[1]}` : "ask_wrong";
  return answer && Math.abs(-given - answer) <= tolerance * Math.abs(answer) ? "why_sign" : given > answer ? "ask_large" : "ask_small";
}

/** Whether a number is another one, rounded to two figures or more. The twin of ask._rounds. */
function isRounded(given, value) {
  const figures = given.toExponential().replace(/e.*|[-.]/g, "").length;
  return figures > 1 && formatNumber(given, ".", figures) === formatNumber(value, ".", figures);
}

/** Words behind a number, such as steps or 步; not what would change it, such as e, π or 万. */
const UNIT = /(\p{N})\s*(?!pi$|[十百千万亿십백천만억])(?:[\p{Script=Han}\p{Script=Hangul}]+|\p{Script=Latin}{2,}(?:\s+\p{Script=Latin}+)*)\.?$/iu;

/** The nearest figure before the question. */
function figureOf(el) {
  return [...document.querySelectorAll("lr-lab")].findLast((figure) => figure.compareDocumentPosition(el) & Node.DOCUMENT_POSITION_FOLLOWING);
}

/** What an answer is given with, and how it is read; null if it is none. */
function answerField({ choices, goal, figure, name }, words, written, group) {
  if (goal) { // there is nothing to be read but the figure; what it is to be brought to stands there as in ask.aim
    const [low, high] = goal.map((end) => end !== null && written(end));
    const aim = low && high ? `${low} ≤ ${name} ≤ ${high}` : low ? `${name} ≥ ${low}` : `${name} ≤ ${high}`;
    return { node: element("span", { class: "aim" }, aim), read: () => 0 };
  }
  if (choices) {
    const radios = choices.map((value) => element("input", { type: "radio", name: group, value }));
    const labels = radios.map((radio) => element("label", {}, radio, element("span", {}, written(radio.value))));
    return {
      node: element("fieldset", {}, element("legend", {}, words.answer), ...labels), wrong: "guess_unchosen",
      read: () => radios.find(({ checked }) => checked)?.value ?? null,
    };
  }
  const field = element("input", { type: "text", inputmode: "text", autocomplete: "off", size: 12 });
  return {
    node: element("label", {}, words[figure ? "answer_now" : "answer"] + " ", field), wrong: "ask_number",
    read: () => [readNumber(field.value.trim().replace(UNIT, "$1"), words.decimal)].find(Number.isFinite) ?? null,
  };
}

let asked = 0; // radio buttons of different questions must not know each other

function renderAsk({ model, el }) {
  const keys = ["language", "answer", "tolerance", "mistakes", "choices", "goal", "figure"];
  const question = Object.fromEntries(keys.map((key) => [key, model.get(key) ?? null])), { choices, goal, figure } = question;
  const words = locales[question.language], name = words[`fact_${question.answer}`];
  const written = (value, figures = 3) => (typeof value === "string" ? words[`choice_${value}`] ?? words[`rule_${value}`] : formatNumber(value, words.decimal, figures));
  const says = element("p", { role: "status" }), field = answerField({ ...question, name }, words, written, `lr-ask-${asked++}`);
  const button = element("button", { type: "submit" }, words[goal ? "check_figure" : "check"]);
  const form = element("form", { class: "lr-ask" }, field.node, " ", button, says);

  const tell = ({ right = false, says: text }) => {
    form.dataset.right = String(right);
    says.replaceChildren(text); // anew, so that it is read out again when it is the same
  };
  const known = (value) => (typeof value === "string" && !choices ? quantity(value, figureOf(el)) : value);
  const reply = (given) => {
    const answer = known(question.answer), mistakes = question.mistakes.map(([value, why]) => [known(value), why]);
    const [low, high] = (goal ?? []).map((end) => written(end ?? 0)), told = replyTo(given, answer, mistakes, question);
    const lost = goal && OF_THE_END.includes(question.answer) && ["ask_nothing", "ask_above"].includes(told) && !Number.isFinite(answer);
    const step = lost ? known("diverged_at") : NaN, key = Number.isFinite(step) ? "ask_diverged" : told;
    const says = fill(words[key], { name, low, high, step: written(step, 6), given: written(given, 6), answer: written(answer ?? 0) });
    return { right: ["ask_right", "ask_reached"].includes(key), says };
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const given = field.read();
    if (given === null) {
      tell({ says: words[field.wrong] });
      form.querySelector("input").focus();
    } else if (figure && !(model instanceof PageModel)) { // in a notebook Python has the figure
      tell({ says: words.ask_waiting });
      model.send({ given });
    } else tell(reply(given));
  });
  form.addEventListener("input", () => {
    delete form.dataset.right;
    says.textContent = "";
  });
  model.on("msg:custom", tell);
  el.lang = question.language;
  el.replaceChildren(form);
  return () => {
    model.off("msg:custom", tell);
    el.replaceChildren();
  };
}
