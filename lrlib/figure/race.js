// A race of several rules: its legend, a way into it, and the search for the best rate of each.

const MOST_WORK = 2e6; // steps of a whole search: more would make the page wait
const MOST_TRIED = 61, LEAST_TRIED = 25; // rates of a search
const COST = { float64: 1, float32: 3, float16: 60 }; // of a step: the page rounds after every operation
const RATE_OF_A_RULE = ".rate input[type=range]"; // where the keyboard goes when its place is gone

/** Rates spread evenly by ratio, to three digits as the slider gives them. */
function spread(low, high, count) {
  const from = Math.log(low), span = Math.log(high) - from;
  const rates = Array.from({ length: count }, (_, i) => round3(Math.exp(from + (span * i) / (count - 1))));
  return [...new Set(rates.map((lr) => Math.min(Math.max(lr, low), high)))];
}

const countTried = ({ steps, optimizers, dtype }) => Math.max(Math.min(MOST_TRIED, Math.floor(MOST_WORK / (steps * optimizers.length * COST[dtype]))), LEAST_TRIED);

/** The last losses of one rule at many rates. */
function sweepRates(state, name, rates) {
  const { n, surface, ratesAt, descend } = prepare(state, name), last = state.steps * n;
  return rates.map((lr) => {
    const { points } = descend(ratesAt(lr));
    return surface.value(points[last], points[last + 1]);
  });
}

/** The pair of rate and loss with the lowest loss, of equals the middle one; null where no loss is finite. */
function lowest(pairs) {
  const finite = pairs.filter(([, loss]) => Number.isFinite(loss)), least = Math.min(...finite.map(([, loss]) => loss));
  const equals = finite.filter(([, loss]) => loss === least);
  return equals[equals.length >> 1] ?? null;
}

/** Pairs of rate and last loss across the range, finer around the lowest, and the lowest itself. */
function searchRates(state, name) {
  // A cyclic schedule cannot have its peak below its base.
  const possible = (lr) => !(lr < state.schedule.settings.base);
  const sweep = (rates) => sweepRates(state, name, rates).map((loss, i) => [rates[i], loss]).filter(([lr]) => possible(lr));
  const count = countTried(state), tried = sweep(spread(...state.lr_range, count)), at = tried.indexOf(lowest(tried));
  if (at < 0) return { tried, best: null };
  const end = (i) => tried[Math.min(Math.max(i, 0), tried.length - 1)][0];
  const all = tried.concat(sweep(spread(end(at - 1), end(at + 1), Math.ceil(count / 3)))).sort(([a], [b]) => a - b);
  return { tried: all, best: lowest(all) };
}

/** What a search depends on: everything but the rates. */
function searchKey(state) {
  return JSON.stringify([runKey(state), state.lr_range, countTried(state)]);
}

let races = 0; // the radios of every figure need a name of their own

/** The racers with their rates and losses: which is in focus, who runs, and with which rates. */
function raceLegend(hands, words, signal) {
  const group = `lr-race-${races++}`, title = element("legend"), list = element("div", { class: "racers" });
  const add = addRule(hands, words, signal), own = element("input", { type: "checkbox" });
  const best = element("button", { type: "button" }, words.race_best), found = element("p", { role: "status" });
  const node = element("fieldset", { class: "race" }, title, list,
    element("div", { class: "race-hands" }, add.node, element("label", {}, own, words.race_own), best), found);
  let rows = [], racing = "", foundFor = "";

  const number = (value) => formatNumber(value, words.decimal);
  const rowOf = (name, racer) => {
    const radio = element("input", { type: "radio", name: group, value: name }), rate = element("span", { class: "number" }), loss = element("span", { class: "number" });
    const label = fill(words.race_remove, { rule: words["rule_" + name] });
    const remove = element("button", { type: "button", value: name, "aria-label": label, title: label }, "×");
    const line = element("label", {}, radio, swatch(racer), element("span", {}, words["rule_" + name]), element("span", { class: "told" }, rate, loss));
    return { radio, rate, loss, node: element("div", { class: "racer" }, line, remove) };
  };
  const take = (name) => {
    const { optimizers, optimizer, rates: { [name]: _, ...rates } } = hands.state(), at = optimizers.indexOf(name);
    const left = optimizers.filter((other) => other !== name), next = Math.min(at, left.length - 1);
    hands.change({ optimizers: left, optimizer: optimizer === name ? left[next] : optimizer, rates });
    (node.hidden ? node.closest(".lr-lab")?.querySelector(RATE_OF_A_RULE) : list.querySelectorAll("button")[next])?.focus();
  };
  const shareRates = () => {
    const state = hands.state();
    if (own.checked) hands.change({ rates: Object.fromEntries(state.optimizers.map((name) => [name, rateOf(state, name)])) });
    else hands.change({ rates: {}, lr: rateOf(state, state.optimizer) });
  };
  const whatFor = ({ optimizers, rates, ...state }) => searchKey({ optimizers, ...state }) + optimizers + JSON.stringify(rates);
  const findBest = () => {
    const state = hands.state(), results = state.optimizers.map((name) => [name, searchRates(state, name).best]);
    const known = results.filter(([, pair]) => pair);
    if (known.length) hands.change({ rates: Object.fromEntries(results.map(([name, pair]) => [name, pair ? pair[0] : rateOf(state, name)])), cursor: null });
    const told = known.map(([name, [lr]]) => `${words["rule_" + name]} ${number(lr)}`).join(words.comma);
    const said = [known.length ? fill(words.race_found, { steps: state.steps, list: told }) : words.race_none];
    if (state.noise && known.length) said.push(fill(words.race_seed, state));
    found.textContent = said.join(words.join);
    foundFor = whatFor(hands.state());
  };
  list.addEventListener("change", ({ target }) => hands.change({ optimizer: target.value }), { signal });
  list.addEventListener("click", ({ target }) => { const button = target.closest("button"); if (button) take(button.value); }, { signal });
  own.addEventListener("change", shareRates, { signal });
  best.addEventListener("click", findBest, { signal });

  const mark = ({ runs, cursor, untold }) => {
    title.textContent = fill(words.race, { step: cursor });
    rows.forEach(({ loss }, i) => { loss.textContent = untold ? "" : number(runs[i].losses[cursor]); });
  };
  return {
    node,
    update(scene) {
      const { state, runs } = scene, key = state.optimizers.join();
      node.hidden = state.optimizers.length < 2;
      if (key !== racing) {
        racing = key;
        rows = node.hidden ? [] : state.optimizers.map(rowOf);
        keepFocus(list, () => list.replaceChildren(...rows.map((row) => row.node)));
      }
      rows.forEach(({ radio, rate }, i) => {
        radio.checked = radio.value === state.optimizer;
        rate.textContent = number(runs[i].lr);
      });
      own.checked = namesIn(state.rates).length > 0;
      add.update(scene);
      if (found.textContent && whatFor(state) !== foundFor) found.textContent = "";
      mark(scene);
    },
    mark,
  };
}

/** A piece of a racer's line. */
function swatch(racer) {
  const svg = d3.select(document.createElementNS("http://www.w3.org/2000/svg", "svg")).attr("aria-hidden", "true").attr("width", 26).attr("height", 10);
  svg.append("path").attr("class", `trail racer-${racer}`).attr("d", "M0,5h26");
  return svg.node();
}

/** Another rule for the race, as long as there is room for one. */
function addRule(hands, words, signal) {
  const choice = element("select"), button = element("button", { type: "button" }, words.race_add_button);
  const node = element("div", { class: "control adding" }, element("label", {}, element("span", { class: "name" }, words.race_add), choice), button);
  let racing = null;
  button.addEventListener("click", () => {
    const { optimizers, rates, lr } = hands.state(), name = choice.value, figure = node.closest(".lr-lab");
    hands.change({ optimizers: [...optimizers, name], rates: namesIn(rates).length ? { ...rates, [name]: lr } : rates });
    // The first one moves this control into the legend of the race; the fifth takes it away.
    if (!node.isConnected || node.hidden) (figure.querySelector(".race .adding:not([hidden]) button") ?? figure.querySelector(RATE_OF_A_RULE)).focus();
  }, { signal });
  return {
    node,
    update({ state: { optimizers } }) {
      if (optimizers.join() === racing) return;
      racing = optimizers.join();
      const chosen = choice.value, others = namesIn(mathematics.optimizers).filter((name) => !optimizers.includes(name));
      choice.replaceChildren(...others.map((name) => element("option", { value: name }, words["rule_" + name])));
      if (others.includes(chosen)) choice.value = chosen;
      node.hidden = optimizers.length >= MOST_RACERS || !others.length;
    },
  };
}
