// The figure: a reader sets the learning rate and sees what it does.
//
// `page.py` puts in front of this text: `d3` (vendor/d3.min.js), `mathematicsIn` (translated from
// Python, bit for bit), `locales` (locale/*.json) and the other files of this folder. A host calls
// `renderLab` with a model: Jupyter's, or a PageModel made from the settings of an <lr-lab> element.

/** Every panel: what its axis counts, and what draws it. */
const PANELS = {
  landscape: { over: null, make: landscapePanel },
  loss: { over: "step", make: (frame, hands) => curvePanel(frame, hands, CURVES.loss) },
  gauge: { over: "step", make: gaugePanel },
  norm: { over: "step", make: (frame, hands) => curvePanel(frame, hands, CURVES.norm) },
  rates: { over: "step", make: (frame, hands) => curvePanel(frame, hands, CURVES.rates) },
  state: { over: "step", make: statePanel },
  schedule: { over: "step", make: (frame, hands) => curvePanel(frame, hands, CURVES.schedule) },
  sensitivity: { over: "rate", make: sensitivityPanel },
  microscope: { over: null, make: microscopePanel },
  taylor: { over: "rate", make: taylorPanel },
  map: { over: "rate", make: mapPanel },
  range: { over: "rate", make: rangePanel },
};

/** What the reader's hands do to the state. A hand may change several keys: the figure is drawn once. */
function makeHands(model, author, read) {
  const listeners = new Set();
  let busy = false;
  const tell = () => { if (!busy) for (const listener of listeners) listener(); };
  const change = (changes) => {
    busy = true; // Jupyter's model tells of every key alone
    for (const [key, value] of Object.entries(changes)) model.set(key, value);
    model.save_changes();
    busy = false;
    tell();
  };
  for (const key of KEYS) model.on(`change:${key}`, tell);
  return {
    state: read,
    change,
    reset: () => change(Object.fromEntries(HANDS.map((key) => [key, author[key]]))),
    setRate: (name, lr) => {
      const { rates } = read();
      change(name in rates ? { rates: { ...rates, [name]: lr } } : { lr });
    },
    setSetting: (name, value) => change({ settings: { ...read().settings, [name]: value } }),
    /** Into focus; a rule that does not run yet takes the place of the one that was there. */
    setRule: (name) => {
      const { optimizers, optimizer, rates } = read();
      if (optimizers.includes(name)) return change({ optimizer: name });
      const { [optimizer]: _, ...others } = rates;
      return change({ optimizers: optimizers.map((old) => (old === optimizer ? name : old)), optimizer: name, rates: others });
    },
    moveCursor: (step) => change({ cursor: step >= read().steps ? null : step }),
    listen: (listener) => listeners.add(listener),
    stop: () => { for (const key of KEYS) model.off(`change:${key}`, tell); },
  };
}

/** What is to be seen: the state, its runs, the run in focus and what happened on it. */
function makeScenes(words) {
  const known = new Map();
  const runOf = (state, name, racer) => {
    const { settings } = state, key = JSON.stringify([runKey(state), rateOf(state, name)]);
    if (known.get(name)?.key !== key) known.set(name, { key, run: computeRun(state, name) });
    const { run } = known.get(name);
    run.racer = racer;
    run.surfaceKey = settings;
    return run;
  };
  return (state) => {
    const runs = state.recording ? recordedRuns(state) : state.optimizers.map((name, racer) => runOf(state, name, racer));
    const run = runs.find(({ name }) => name === state.optimizer), untold = isUntold(state);
    return { state, words, runs, run, untold, facts: run.recorded ? recordedFacts(run) : factsOf(run, state), cursor: Math.min(state.cursor ?? state.steps, state.steps) };
  };
}

/** Builds the figure in `el`, follows the model, and returns what takes it all away again. */
function renderLab({ model, el }) {
  const stop = new AbortController(), { signal } = stop;
  const given = () => Object.fromEntries(KEYS.map((key) => [key, model.get(key) ?? null]));
  const { state: author } = repair(given()), words = locales[author.language];
  let state = author;
  const hands = makeHands(model, author, () => state);

  const race = raceLegend(hands, words, signal), share = shareBar(hands, author, words, signal, el, model instanceof PageModel);
  const foretell = predictBox(hands, author, words, signal);
  const chosen = modelControl(hands, author, words, signal), legend = modelKey(author, words);
  const rate = rateControl(hands, author, words, signal), time = transport(hands, words), drawer = settingsDrawer(hands, author, words);
  const box = element("div", { class: "controls" });
  const group = controlGroup(box, (now) => author.controls.filter((name) => isControl(name, mathematics.surfaces[now.surface], [now.optimizer])), hands, words);
  const panels = author.panels.map((name) => {
    const kind = PANELS[name] ?? SCATTERS[name], frame = makeFrame(name, words, kind);
    return { frame, ...kind.make(frame, hands) };
  });
  const note = element("p", { class: "wrong", role: "alert" }), linkNote = element("p", { class: "wrong", role: "alert" }), says = element("p", { class: "says" });
  const live = element("p", { class: "unseen", role: "status" });
  drawer.node.hidden = Boolean(author.recording); // there is nothing else to set
  el.classList.add("lr-lab");
  el.lang = author.language;
  el.replaceChildren(note, linkNote, foretell.node, race.node, element("div", { class: "controls" }, chosen.node, rate.node), box, drawer.node, time.node,
    element("div", { class: "panels" }, ...panels.map(({ frame }) => frame.box)), legend.node, says, live, share.node);

  const scenes = makeScenes(words), parts = [foretell, race, chosen, legend, rate, group, drawer, time, share];
  const tell = (text) => { if (note.textContent !== text) note.textContent = text; }; // it is spoken at once
  let telling = 0, scene = null, resizing = 0, printing = false;
  const update = (force = false) => {
    const repaired = repair(given(), state), before = state;
    ({ state } = repaired);
    tell(repaired.wrong.map((reason) => fill(words.wrong_setting, { reason })).join(" "));
    const moved = KEYS.filter((key) => before[key] !== state[key]);
    scene = scenes(printing && isUntold(state) ? { ...state, guess: SHOWN } : state);
    if (!force && scene && moved.every((key) => key === "cursor")) {
      rate.mark(scene);
      race.mark(scene);
      time.update(scene);
      for (const { frame, mark } of panels) if (frame.width) mark?.(scene);
      return;
    }
    for (const part of parts) part.update(scene);
    veil(el, scene, panels, [race.node, rate.node, box, drawer.node, time.node, share.node]);
    for (const { frame, draw } of panels) if (frame.width) draw(scene);
    const racing = scene.runs.length > 1 ? scene.runs.map(({ name, losses }) => [name, losses[state.steps]]) : null;
    says.textContent = scene.untold ? "" : unbroken((state.recording ? recordedSentence : sentence)(scene.facts, words, racing, state.model));
    // A screen reader hears the sentence once the hand rests, not a hundred times on the way.
    clearTimeout(telling);
    telling = setTimeout(() => { live.textContent = says.textContent; }, 500);
  };
  hands.listen(() => update());
  drawer.node.addEventListener("toggle", () => drawer.update(scene), { signal });
  for (const event of ["beforeprint", "afterprint"]) { // on paper nobody can guess, and an empty panel shows nothing
    addEventListener(event, () => {
      printing = event === "beforeprint";
      if (isUntold(state)) update(true);
    }, { signal });
  }
  const fit = () => {
    rate.measure();
    return panels.map(({ frame }) => measure(frame)).some(Boolean);
  };
  const resized = new ResizeObserver(() => {
    cancelAnimationFrame(resizing);
    resizing = requestAnimationFrame(() => { if (fit()) update(true); });
  });
  for (const { frame } of panels) for (const box of [frame.box, frame.heading, frame.below]) if (box) resized.observe(box);
  fit();
  update(true);
  if (model instanceof PageModel) followLinks(el, hands, author, words, linkNote, signal);

  return () => {
    stop.abort();
    for (const part of [hands, group, drawer, time]) part.stop();
    resized.disconnect();
    cancelAnimationFrame(resizing);
    clearTimeout(telling);
    el.replaceChildren();
  };
}
