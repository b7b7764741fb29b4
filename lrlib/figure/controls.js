// What the reader's hands hold: the rate with its marks, a slider or a choice for every setting.

/** Names of the limits on the rate, by rule, for a curvature λ; `ofAdam` are those of an averaged gradient. */
const ofGd = { glide: (λ) => `1/${λ}`, threshold: (λ) => `2/${λ}` };
const ofAdam = { glide: (λ) => `(1−√β₁)²/((1−β₁)${λ})`, threshold: (λ) => `2(1+β₁)/((1−β₁)${λ})` };
const LIMIT_NAMES = {
  gd: ofGd, adagrad: ofGd, adagrad_mean: ofGd, adadelta: ofGd, rmsprop: ofGd,
  momentum: { glide: (λ) => `(1−√β)²/${λ}`, threshold: (λ) => `2(1+β)/${λ}` },
  nesterov: { glide: (λ) => `((1−β)/(1+β))²/${λ}`, threshold: (λ) => `2(1+β)/((1+2β)${λ})` },
  adam: ofAdam, adam_uncorrected: ofAdam, amsgrad: ofAdam, radam: ofAdam,
  adamw: { glide: (λ) => `(√(1−ηw)−√β₁)²/((1−β₁)${λ})`, threshold: (λ) => `2(1+β₁)(1−ηw/2)/((1−β₁)${λ})` },
  nadam: { glide: (λ) => `((1−β₁)/(1+β₁))²/((1−β₁)${λ})`, threshold: (λ) => `2(1+β₁)/((1+2β₁)(1−β₁)${λ})` },
};

const round3 = (value) => Number(value.toPrecision(3));

/** Between a number and its place on a slider, 0 … stops. */
function sliderScale([low, high], log) {
  if (!log) return { stops: 200, toStop: (v) => (200 * (v - low)) / (high - low), toValue: (s) => round3(low + ((high - low) * s) / 200) };
  const span = Math.log(high / low), stops = Math.round(span / 0.01);
  // The stop nearest to a round number is that number, so that every rate of two digits can be reached.
  const round = (value) => {
    const rounder = Number(value.toPrecision(2));
    return Math.abs(Math.log(rounder / value)) <= span / stops / 2 ? rounder : round3(value);
  };
  return { stops, toStop: (v) => (stops * Math.log(v / low)) / span, toValue: (s) => round(low * Math.exp((span * s) / stops)) };
}

/** A field that takes any number that is `right`, as the reader writes numbers. */
function numberField(label, words, { right, wrong, get, set }, signal) {
  const field = element("input", { type: "text", inputmode: "decimal", autocomplete: "off", "aria-label": label });
  const note = element("span", { class: "wrong", role: "alert" });
  const tell = (bad) => { field.setAttribute("aria-invalid", String(bad)); note.textContent = bad ? wrong : ""; };
  const write = (value, exactly = false) => { field.value = String(exactly ? value : Number(value.toPrecision(6))).replace(".", words.decimal); tell(false); };
  field.addEventListener("input", () => {
    const given = readNumber(field.value);
    tell(!right(given));
    if (right(given)) set(given);
  }, { signal });
  field.addEventListener("focus", () => write(get(), true), { signal });
  field.addEventListener("blur", () => write(get()), { signal });
  return { field, note, show(value) { if (document.activeElement !== field || readNumber(field.value) !== value) write(value); } };
}

/** The learning rate: a slider with its limits marked on it, and a field that takes any number. */
function rateControl(hands, author, words, signal) {
  let scale = author.recording ? null : sliderScale(author.lr_range, true); // of recordings, that of the model
  const range = rangeInput({ max: scale?.stops ?? 0, "aria-label": words.rate });
  let run = null, width = 0, placed = null, rows = 0;
  const set = (lr) => hands.setRate(run.name, lr);
  const number = numberField(words.rate_exact, words, {
    right: (given) => given > 0 && given < Infinity, wrong: words.rate_wrong, get: () => run.lr, set,
  }, signal);
  number.field.readOnly = Boolean(author.recording); // between the rates there is nothing
  const reset = element("button", { type: "button", class: "reset" }, words.reset);
  const track = element("div", { class: "track", "aria-hidden": "true" }), marks = element("div", { class: "marks" });
  const name = element("span", { class: "name", "aria-hidden": "true" }, words.rate), slide = element("div", { class: "slide" }, track, range);
  const node = element("div", { class: "control rate" },
    element("div", { class: "head" }, name, number.field, reset), slide, marks, number.note);
  range.addEventListener("input", () => set(scale.toValue(range.valueAsNumber)), { signal });
  reset.addEventListener("click", () => hands.reset(), { signal });

  const place = (value) => scale.toStop(value) / scale.stops;
  const css = (fraction) => `calc(var(--thumb) / 2 + ${fraction.toFixed(4)} * (100% - var(--thumb)))`;
  /** Where a label has its middle so that it does not stick out. */
  const middle = (centre, text) => Math.max(Math.min(centre, width - halfWidth(text)), halfWidth(text));
  const placeMarks = (at, state) => {
    const limits = run.recorded ? recordedMarks(run, state, words) : limitsOf(run, at), key = [run.name, width, ...limits.flatMap(({ at: rate, name: text }) => [rate, text])].join();
    if (key === placed) return;
    placed = key;
    const visible = limits.filter(({ at: rate }) => place(rate) >= 0 && place(rate) <= 1);
    const danger = limits[0]?.kind === "threshold" && place(limits[0].at) <= 1;
    track.style.setProperty("--edge", danger ? Math.max(place(limits[0].at), 0).toFixed(4) : 2); // beyond the end
    const taken = [];
    d3.select(marks).selectAll("button").data(visible).join("button").attr("type", "button")
      .attr("class", ({ kind }) => `mark ${kind}`).style("left", ({ at: rate }) => css(place(rate)))
      .style("--aside", ({ at: rate, name: text }) => `${middle(place(rate) * width, text) - place(rate) * width}px`)
      .style("--down", ({ at: rate, name: text }) => `${rowFor(taken, middle(place(rate) * width, text), text) * 26}px`)
      .attr("aria-label", ({ at: rate, name: text }) => run.recorded ? `η = ${text}` : `η = ${text} = ${formatNumber(rate, words.decimal)}`)
      .text(({ name: text }) => text).on("click", (_, { at: rate }) => set(rate));
    if (width) rows = Math.max(rows, taken.length, visible.length > 1 ? 2 : 1); // what lies below must not jump
    marks.style.height = `${26 * rows}px`;
  };
  return {
    node,
    measure() { width = marks.clientWidth; },
    update(scene) {
      ({ run } = scene);
      if (run.recorded) {
        scale = recordedScale(run.recorded);
        range.max = scale.stops;
        slide.hidden = marks.hidden = run.recorded.length === 1; // there is nothing to choose
        reset.hidden = slide.hidden && !scene.state.model;
      }
      name.textContent = scene.runs.length > 1 && run.name in scene.state.rates ? fill(words.titled, { title: words.rate, name: words["rule_" + run.name] }) : words.rate;
      range.value = scale.toStop(run.lr);
      const product = run.gauge[0][0];
      range.setAttribute("aria-valuetext", formatNumber(run.lr, words.decimal) + (Number.isNaN(product) || isBorderHidden(scene.state) ? "" : `; ${productName(run, 0, true)} = ${formatNumber(product, words.decimal)}`));
      number.show(run.lr);
      this.mark(scene);
      node.classList.toggle("over", run.thresholds !== null && product > run.thresholds[0]);
    },
    /** The limits follow the Hessian at the cursor, or at the start where the cursor rests at the end. */
    mark({ state, cursor }) { placeMarks(state.cursor === null ? 0 : Math.min(cursor, run.steps - 1), state); },
  };
}

/** Which rates are limits for the Hessian at one step, the most telling first. */
function limitsOf(run, t) {
  const { gauge, thresholds, rule, rates, hyper, lr, n } = run, names = LIMIT_NAMES[run.name];
  if (!thresholds || !(rates[t] > 0)) return [];
  return gauge.flatMap((values, i) => {
    if (!(values[t] > 0)) return [];
    const λ = curvatureName(run, i), limit = { kind: "threshold", at: (lr * thresholds[t]) / values[t], name: names.threshold(λ) };
    return i ? [limit] : [limit, { kind: "glide", at: (lr * rule.glide(rates[t], ...hyper)) / values[t], name: names.glide(λ) }];
  }).filter(({ at }) => at > 0 && at < Infinity);
}

const halfWidth = (label) => 4.2 * label.length + 6;

/** The first row in which a label of this width is free. */
function rowFor(taken, centre, name) {
  const half = halfWidth(name);
  const free = taken.findIndex((labels) => labels.every(([at, other]) => Math.abs(at - centre) > half + other));
  const row = free < 0 ? taken.length : free;
  (taken[row] ??= []).push([centre, half]);
  return row;
}

/** A slider for a number: its name, its value, a mark at its default. */
function slider(label, words, { scale, standard, get, set, write = (value) => formatNumber(value, words.decimal) }, signal) {
  const range = rangeInput({ max: scale.stops, "aria-label": label });
  const shown = element("span", { class: "value" }), head = element("span", { class: "head" }, element("span", { class: "name" }, label), shown);
  const node = element("div", { class: "control setting" }, element("label", {}, head, range));
  if (standard !== undefined) {
    const share = Math.min(Math.max(scale.toStop(standard) / scale.stops, 0), 1), text = formatNumber(standard, words.decimal);
    const mark = element("button", { type: "button", class: "mark standard", "aria-label": fill(words.standard, { name: label, value: text }), title: fill(words.standard, { name: label, value: text }) });
    mark.style.left = `calc(var(--thumb) / 2 + ${share.toFixed(4)} * (100% - var(--thumb)))`;
    mark.addEventListener("click", () => set(standard), { signal });
    node.append(element("div", { class: "marks" }, mark));
  }
  range.addEventListener("input", () => set(scale.toValue(range.valueAsNumber)), { signal });
  return {
    node,
    update(scene) {
      const value = get(scene), text = write(value);
      range.value = scale.toStop(value);
      range.setAttribute("aria-valuetext", text);
      shown.textContent = text;
    },
  };
}

/** One of several names. */
function select(label, names, labelOf, { get, set }, signal) {
  const choice = element("select", {}, ...names.map((name) => element("option", { value: name }, labelOf(name))));
  const node = element("label", { class: "control choice" }, element("span", { class: "name" }, label), choice);
  choice.addEventListener("change", () => set(choice.value), { signal });
  return { node, update(scene) { choice.value = get(scene); } };
}

/** The same with one stop more at the end, which stands for null. */
const orNothing = (scale) => ({
  stops: scale.stops + 1, toStop: (value) => (value === null ? scale.stops + 1 : scale.toStop(value)), toValue: (stop) => (stop > scale.stops ? null : scale.toValue(stop)),
});

/** Before which step a run is resumed: at 0 it is not stopped. How far it goes depends on the steps. */
function resumeSlider(hands, words, signal) {
  const { node, update } = slider(words.resume, words, {
    scale: { stops: 1, toStop: (step) => step ?? 0, toValue: (stop) => stop || null }, get: ({ state }) => (isResumed(state) ? state.resume : null),
    set: (resume) => hands.change({ resume }), write: (step) => (step === null ? words.never : formatNumber(step, words.decimal, 5)),
  }, signal);
  return { node, update(scene) { node.querySelector("input").max = scene.state.steps - 1; update(scene); } };
}

const whole = (scale) => ({ ...scale, toValue: (stop) => Math.round(scale.toValue(stop)) });

/** A slider for one setting of the surface, or of every rule that has it. */
function settingControl(name, hands, words, signal, state) {
  const own = mathematics.surfaces[state.surface].settings[name];
  const known = own ?? rulesWith(name, [state.optimizer, ...state.optimizers])[0].settings[name];
  return slider(words[name], words, {
    scale: sliderScale(known.slider, known.log), standard: known.default,
    get: (scene) => scene.state.settings[name] ?? known.default, set: (value) => hands.setSetting(name, value),
  }, signal);
}

/** Controls of what is neither the surface's nor a rule's. */
const CHOICES = {
  race: (hands, words, signal) => [addRule(hands, words, signal)],
  optimizer: (hands, words, signal) => [select(words.optimizer, namesIn(mathematics.optimizers), (name) => words["rule_" + name], {
    get: ({ state }) => state.optimizer, set: (name) => hands.setRule(name),
  }, signal)],
  schedule: (hands, words, signal, { schedule: { name } }) => {
    const { settings } = mathematics.schedules[name];
    /** What does not go together with the other settings is not taken: the slider goes back. */
    const change = (changed) => {
      const state = hands.state(), next = { ...state.schedule, ...changed };
      hands.change({ schedule: agree(next, lowestRate(state)) ? next : { ...state.schedule } });
    };
    const steps = (label, key) => slider(label, words, { scale: whole(sliderScale([0, 200], false)), get: ({ state }) => state.schedule[key], set: (value) => change({ [key]: value }) }, signal);
    return [
      select(words.schedule_name, namesIn(mathematics.schedules), (kind) => words["schedule_" + kind], {
        get: ({ state }) => state.schedule.name,
        set: (kind) => {
          const own = defaultsOf(mathematics.schedules[kind].settings), { steps } = hands.state(), asLong = "steps" in own ? { ...own, steps } : own;
          change({ name: kind, settings: agree({ name: kind, settings: asLong }, Infinity) ? asLong : own });
        },
      }, signal),
      ...namesIn(settings).map((key) => slider(words["schedule_" + key] ?? key, words, {
        scale: sliderScale(settings[key].slider, settings[key].log), standard: settings[key].default,
        get: ({ state }) => state.schedule.settings[key], set: (value) => change({ settings: { ...hands.state().schedule.settings, [key]: value } }),
      }, signal)),
      steps(words.schedule_rise, "warmup"),
    ];
  },
  noise: (hands, words, signal) => [
    slider(words.noise, words, { scale: sliderScale([0, 5], false), standard: 0, get: ({ state }) => state.noise, set: (noise) => hands.change({ noise }) }, signal),
    slider(words.seed, words, { scale: { stops: 99, toStop: (v) => v, toValue: (s) => s }, get: ({ state }) => state.seed, set: (seed) => hands.change({ seed }) }, signal),
  ],
  dtype: (hands, words, signal) => [select(words.format_name, namesIn(LARGEST), (name) => name, {
    get: ({ state }) => state.dtype, set: (dtype) => hands.change({ dtype }),
  }, signal)],
  range: (hands, words, signal, { recording }) => [
    ...(recording ? [] : [slider(words.ramp, words, { scale: whole(sliderScale([10, 1000], true)), standard: 100, get: ({ state }) => state.ramp, set: (ramp) => hands.change({ ramp }) }, signal)]),
    slider(words.smoothing, words, { scale: sliderScale([0, 0.98], false), standard: 0, get: ({ state }) => state.smoothing, set: (smoothing) => hands.change({ smoothing }) }, signal),
  ],
  clip: (hands, words, signal) => [slider(words.clip, words, {
    scale: orNothing(sliderScale([0.01, 100], true)), get: ({ state }) => state.clip, set: (clip) => hands.change({ clip }),
    write: (clip) => (clip === null ? words.clip_none : formatNumber(clip, words.decimal)),
  }, signal)],
  resume: (hands, words, signal) => [
    resumeSlider(hands, words, signal),
    select(words.lost, namesIn(LOST), (what) => words["lost_" + what], { get: ({ state }) => state.lost, set: (lost) => hands.change({ lost }) }, signal),
  ],
  steps: (hands, words, signal) => [slider(words.steps, words, {
    scale: whole(sliderScale([1, 2000], true)), get: ({ state }) => state.steps,
    set: (steps) => hands.change({ steps, cursor: hands.state().cursor > steps ? null : hands.state().cursor }),
  }, signal)],
};

/** Controls in a box, made again when another rule or schedule brings other settings. */
function controlGroup(box, namesOf, hands, words) {
  let controls = [], made = null, stop = new AbortController();
  return {
    update(scene) {
      const { state } = scene, names = namesOf(state), key = [state.optimizer, state.schedule.name, ...names].join();
      if (key !== made) {
        made = key;
        stop.abort();
        stop = new AbortController();
        controls = names.flatMap((name) => controlsFor(name, hands, words, stop.signal, state));
        keepFocus(box, () => box.replaceChildren(...controls.map(({ node }) => node)));
      }
      for (const control of controls) control.update(scene);
    },
    stop() { stop.abort(); },
  };
}

/** Everything there is to set that the author has not put in front, made when the reader opens it. */
function settingsDrawer(hands, author, words) {
  const inside = element("div", { class: "controls" });
  const node = element("details", { class: "drawer" }, element("summary", {}, words.all_settings), inside);
  const group = controlGroup(inside, ({ optimizer, optimizers, surface }) => [
    "optimizer", ...namesIn(mathematics.optimizers[optimizer].settings), ...namesIn(mathematics.surfaces[surface].settings),
    "schedule", "noise", "dtype", "clip", "resume", "steps", ...(optimizers.length > 1 ? [] : ["race"]), // a race has it in its legend
  ].filter((name) => !author.controls.includes(name)), hands, words);
  return { node, update(scene) { if (node.open) group.update(scene); }, stop: group.stop };
}

/** The controls of one name: one or, where it brings its own settings, several. */
function controlsFor(name, hands, words, signal, state) {
  return Object.hasOwn(CHOICES, name) ? CHOICES[name](hands, words, signal, state) : [settingControl(name, hands, words, signal, state)];
}

/** Makes new what is in a box and gives the keyboard back the place that it had. */
function keepFocus(box, renew) {
  const stops = () => [...box.querySelectorAll("input, select, button")], at = stops().indexOf(document.activeElement);
  renew();
  if (at >= 0) stops()[at]?.focus();
}
