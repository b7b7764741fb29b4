"""Thousands of states, harmless and absurd, right and wrong, thrown at figures: none breaks them."""

import pytest

from lrlib import page as parts

#: Figures, and states that each of them goes through.
FIGURES, STATES = 100, 100

#: The figure's functions, and beside them what makes random states and says what is wrong with a figure.
FUZZ = """
const dice = (seed) => () => { // mulberry32
  seed = (seed + 0x6d2b79f5) | 0;
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
};

function makeStates(random) {
  const pick = (list) => list[Math.floor(random() * list.length)], often = (share) => random() < share;
  const among = (names, most) => [...new Set(Array.from({ length: 1 + Math.floor(random() * most) }, () => pick(names)))];
  const between = (low, high) => low + (high - low) * random();
  const power = (low, high) => 10 ** between(low, high);
  /** A number that a setting allows: mostly on its slider, now and then at the end of what is allowed. */
  const valueOf = ({ slider: [low, high], allowed, log }) => {
    const ends = allowed.filter((end) => Number.isFinite(end));
    if (ends.length && often(0.1)) return pick(ends);
    return log ? low * (high / low) ** random() : between(low, high);
  };
  const valuesOf = (settings) => Object.fromEntries(Object.entries(settings).map(([name, known]) => [name, valueOf(known)]));
  const coordinate = () => pick([between(-6, 6), between(-6, 6), 0, -0, 1e-300, 1e150, -1e308, 5e-324]);
  const rules = Object.keys(mathematics.optimizers);

  const hyperOf = (optimizers) => {
    const values = {};
    for (const rule of optimizers) for (const [name, known] of Object.entries(mathematics.optimizers[rule].settings)) {
      if (often(0.4)) values[name] = valueOf(known);
    }
    const fits = ([name, value]) => rulesWith(name, optimizers).every(({ settings }) => isBetween(value, settings[name].allowed));
    return Object.fromEntries(Object.entries(values).filter(fits));
  };

  /** A state without a fault; the surface and what the author fixes stay. */
  const right = (fixed) => {
    const { surface } = fixed, known = mathematics.surfaces[surface], optimizers = among(rules, often(0.2) ? 5 : 1);
    const steps = often(0.003) ? 20000 : pick([1, 2, 3, 20, 60, often(0.2) ? 300 : 151]), schedule = pick(Object.keys(mathematics.schedules));
    const lr = often(0.1) ? pick([1e-300, 1e300, 5e-324, 1.7e308]) : power(-4, 2), low = power(-6, 1);
    const state = {
      ...fixed, optimizers, optimizer: pick(optimizers), lr,
      rates: Object.fromEntries(optimizers.filter(() => often(0.2)).map((name) => [name, power(-5, 2)])),
      lr_range: [low, low * power(0.1, 5)], start: known.view.map(coordinate), steps,
      settings: { ...valuesOf(known.settings), ...hyperOf(optimizers) },
      schedule: often(0.6) ? CONSTANT : {
        name: schedule, settings: valuesOf(mathematics.schedules[schedule].settings), warmup: pick([0, 0, 1, 50, 1e6]), start: pick([0, 0.3, 1]),
      },
      noise: often(0.7) ? 0 : pick([1e-9, 0.5, 10, 1e200]), seed: Math.floor(random() * 1e6), dtype: pick(Object.keys(LARGEST)),
      clip: often(0.7) ? null : pick([5e-324, 1e-9, 1, 1e300]), resume: often(0.7) ? null : pick([1, 2, 50, 20000]), lost: pick(Object.keys(LOST)),
      ramp: pick([2, 3, 20, 100, often(0.05) ? 2000 : 151]), smoothing: often(0.6) ? 0 : pick([0.5, 0.9, 0.99]),
      cursor: pick([null, null, 0, steps, Math.floor(random() * (steps + 1))]),
      view: often(0.7) ? known.view : known.view.map(() => { const low = pick([-5, 0, 1e-9, -1e6, -1e-12]); return [low, low + power(-9, 9)]; }),
    };
    // Settings of a schedule must agree with each other and with the rate.
    return CHECKS.schedule[0](state.schedule, { ...state, surface: known }) ? state : { ...state, schedule: CONSTANT };
  };

  const wrongs = {
    optimizers: [[], ["sgdx"], "gd", null, ["gd", "gd"], ["gd", "adam", "lion", "radam", "nadam", "momentum"], [null], {}],
    optimizer: ["sgdx", null, 3, "toString"], lr: [0, -1, "0.1", null, [], true], lr_range: [[1, 1], [0, 1], [2, 1], [1], "ab", null, [null, 1]],
    rates: [{ sgdx: 1 }, [], null, 3, "a", { constructor: 1 }], start: [[], [1, 2, 3], null, "a", [null, null], ["1", "2"], 4],
    steps: [0, -3, 0.5, 20001, "10", null, 1e9], settings: [null, [], 3, { nonsense: 1 }, "a"],
    schedule: [null, "cosine", { name: "cosin" }, {}, { ...CONSTANT, warmup: -1 }, { ...CONSTANT, start: 2 }, { ...CONSTANT, settings: null }, { ...CONSTANT, name: "toString" }],
    clip: [0, -1, "1", [], true], resume: [0, 1.5, 20001, "1", {}], lost: ["all", null, 3, "toString"],
    noise: [-1, "a", null, []], seed: [-1, 0.5, 1e6, "a", null], dtype: ["float8", null, 64, "toString"],
    ramp: [1, 0, 2.5, 2001, "10", null], smoothing: [-0.1, 1, "0.5", null, []],
    cursor: [-1, 0.5, "a", 20002, []], view: [null, [], [[1]], [[1, 2], [3, 4], [5, 6]], [[2, 1], [2, 1]], "ab", 3],
    panels: [["los"], "loss", null, [], [3]], controls: [["nonsense"], "beta", 3, [null]], predict: ["weather", 3], hidden: [["los"], 3, "loss"],
  };
  /** The same with one key that is not possible. */
  const broken = (state, keys) => {
    const key = pick(keys);
    return [{ ...state, [key]: pick(wrongs[key]) }, key];
  };

  const fixed = () => {
    const surface = pick(Object.keys(mathematics.surfaces));
    const names = [...Object.keys(mathematics.surfaces[surface].settings), ...Object.keys(CHOICES)];
    return {
      language: pick(Object.keys(locales)), surface, panels: among(Object.keys(PANELS), 3), controls: often(0.5) ? [] : among(names, 3),
      predict: null, hidden: [], guess: null, recording: null,
    };
  };
  return { fixed, right, broken, often, later: Object.keys(wrongs).filter((key) => !["panels", "controls", "predict", "hidden"].includes(key)), ever: Object.keys(wrongs) };
}

/** What is wrong with a figure as it stands in the page, or null. */
function faultOf(el, state, brokenKey, complete) {
  const note = el.querySelector(":scope > .wrong").textContent;
  if (brokenKey && !note.includes(`${brokenKey} = `)) return `the note does not name ${brokenKey}: "${note}"`;
  if (!brokenKey && note) return `the note complains: ${note}`;
  if (!el.querySelector(".says").textContent) return "it says nothing";
  const drawn = el.innerHTML, nonsense = drawn.search(/NaN|Infinity|undefined/);
  if (nonsense >= 0) return `it shows ${drawn.slice(Math.max(nonsense - 200, 0), nonsense + 60)}`;
  for (const panel of el.querySelectorAll(".panels > .panel")) {
    const later = panel.matches(".sensitivity, .microscope");
    if (later && !complete) continue;
    if (!panel.querySelector("path[d]:not([d='']), .none:not(:empty), td")) return `${panel.className} is empty`;
  }
  return null;
}

async function fuzz(first, figures, count) {
  const faults = [], frame = () => new Promise((done) => requestAnimationFrame(done));
  let state = null, at = null;
  const report = (what) => faults.push({ what, at, state: JSON.stringify(state) });
  window.addEventListener("error", ({ error }) => { if (error) report(error.stack); });
  for (let seed = first; seed < first + figures && faults.length < 5; seed++) {
    const { fixed, right, broken, often, later, ever } = makeStates(dice(seed)), frozen = fixed();
    const el = document.body.appendChild(document.createElement("div"));
    let leave = null, authorKey = null, model = null;
    try {
      [state, at, authorKey] = [right(frozen), `seed ${seed}, first state`, null];
      if (often(0.2)) [state, authorKey] = broken(state, ever);
      model = new PageModel(state);
      leave = renderLab({ model, el });
      for (let i = 0; i < 2; i++) await frame(); // the first measures the panels
      const fault = faultOf(el, state, authorKey, false);
      if (fault) report(fault);
      for (let i = 0; i < count && faults.length < 5; i++) {
        at = `seed ${seed}, state ${i}`;
        let key = null;
        const alike = { ...frozen, ...Object.fromEntries(Object.keys(frozen).map((name) => [name, model.get(name)])) };
        state = { ...right(frozen), ...alike };
        if (often(0.3)) [state, key] = broken(state, later);
        for (const [name, value] of Object.entries(state)) model.set(name, value);
        model.save_changes();
        const still = later.includes(authorKey) ? null : authorKey; // of the rest every state has a right one
        const fault = faultOf(el, state, key ?? still, false);
        if (fault) report(fault);
        if (i % 25 === 0) await frame();
      }
      for (let i = 0; i < 3; i++) await frame();
      const left = faultOf(el, state, null, true);
      if (left && !left.startsWith("the note")) report(left);
    } catch (error) {
      report(error.stack);
    }
    leave?.();
    el.remove();
  }
  return faults;
}
"""


@pytest.mark.parametrize("first", range(0, FIGURES, 25))
def test_no_state_breaks_a_figure_and_what_is_wrong_is_named(page, first):
    functions = parts.widget_script("lab").rsplit("export default", 1)[0]
    page.set_content(
        f"<!doctype html><html lang='en'><title>figures</title><style>{parts.style()}</style><body></body></html>"
    )
    page.add_script_tag(content=f"(() => {{ {functions}\n{FUZZ}\nwindow.fuzz = fuzz; }})()")
    faults = page.evaluate(f"fuzz({first}, 25, {STATES})")
    assert not faults, "\n".join(f"{fault['at']}: {fault['what']}\n    {fault['state']}" for fault in faults)
