// What a figure is set to: its keys, what each may be, and what stands in for what may not be.

const KEYS = [
  "language", "surface", "optimizers", "optimizer", "lr", "rates", "lr_range", "start", "steps", "settings", "schedule",
  "noise", "seed", "dtype", "clip", "resume", "lost", "ramp", "smoothing", "cursor", "view", "panels", "controls", "predict", "hidden", "guess", "recording", "model",
];

/** What a reader's hands can change: what reset, links and the Python lines are about. */
const HANDS = ["optimizers", "optimizer", "lr", "rates", "start", "steps", "settings", "schedule", "noise", "seed", "dtype", "clip", "resume", "lost", "ramp", "smoothing", "cursor", "model"];

/** What a run depends on besides its rule and rate. */
const INPUTS = ["surface", "settings", "start", "steps", "schedule", "noise", "seed", "dtype", "clip", "resume", "lost"];
const runKey = (state) => JSON.stringify(INPUTS.map((key) => state[key]));

/** What can be lost where a run is stopped and resumed. */
const LOST = { nothing: 0, memory: 0, schedule: 0, both: 0 };

/** Number formats and their largest numbers. */
const LARGEST = { float16: 65504, float32: 3.4028234663852886e38, float64: Number.MAX_VALUE };

const MOST_STEPS = 20000, MOST_RACERS = 5, MOST_SEEDS = 999999, MOST_RAMP = 2000, MOST_SMOOTHING = 0.99;
const CONSTANT = { name: "constant", settings: {}, warmup: 0, start: 0 };

/** The mathematics in double precision, in which all but the run itself is computed. */
const mathematics = mathematicsIn("float64");

const isNumber = Number.isFinite;
const isBetween = (value, [low, high]) => isNumber(value) && value >= low && value <= high;
const isWhole = (value, low, high) => Number.isInteger(value) && value >= low && value <= high;
const isObject = (value) => value !== null && typeof value === "object" && !Array.isArray(value);
const isPoint = (values, n) => Array.isArray(values) && values.length === n && values.every(isNumber);
const isInterval = (ends) => isPoint(ends, 2) && ends[0] < ends[1];
const isOneOf = (name, known) => typeof name === "string" && Object.hasOwn(known, name);
const isListOf = (names, known) => Array.isArray(names) && names.every((name) => isOneOf(name, known));
const namesIn = (settings) => Object.keys(settings);
const defaultsOf = (settings) => Object.fromEntries(namesIn(settings).map((name) => [name, settings[name].default]));
const within = (settings, given) => namesIn(settings).every((name) => isBetween(given[name], settings[name].allowed));

/** Settings of all rules by name; `rules` are the names of those in question. */
function rulesWith(name, rules) {
  return rules.map((rule) => mathematics.optimizers[rule]).filter(({ settings }) => Object.hasOwn(settings, name));
}

/** Which settings of a schedule must agree. The twin of schedules.Schedule.together. */
const TOGETHER = {
  one_cycle: ({ peak_at, steps }) => peak_at * steps > 1,
  cyclic: ({ base }, lr) => base <= lr,
  warmup_stable_decay: ({ warmup, decay, steps }) => warmup + decay <= steps,
};
const agree = ({ name, settings }, lr) => TOGETHER[name]?.(settings, lr) ?? true;
const lowestRate = ({ lr, rates, optimizers }) => Math.min(...optimizers.map((name) => rates[name] ?? lr));

/** For every key: whether a value is right, and what stands in for one that is not. */
const CHECKS = {
  optimizers: [
    (names) => isListOf(names, mathematics.optimizers) && isWhole(names.length, 1, MOST_RACERS) && new Set(names).size === names.length,
    () => ["gd"],
  ],
  optimizer: [(name, { optimizers }) => optimizers.includes(name), ({ optimizers }) => optimizers[0]],
  lr: [(lr) => isNumber(lr) && lr > 0, () => 0.1],
  rates: [
    (rates, { optimizers }) => isObject(rates) && Object.entries(rates).every(([name, lr]) => optimizers.includes(name) && isNumber(lr) && lr > 0),
    () => ({}),
  ],
  lr_range: [(ends) => isInterval(ends) && ends[0] > 0, ({ lr }) => [lr / 100, lr * 10]],
  start: [(point, { surface }) => isPoint(point, surface.dimension), ({ surface }) => surface.view.map(([low]) => 0.8 * low)],
  steps: [(steps) => isWhole(steps, 1, MOST_STEPS), () => 50],
  settings: [
    (given, { surface, optimizers }) => isObject(given) && within(surface.settings, given) && namesIn(given).every((name) => {
      const known = rulesWith(name, namesIn(mathematics.optimizers));
      if (!known.length) return Object.hasOwn(surface.settings, name);
      return isNumber(given[name]) && rulesWith(name, optimizers).every(({ settings }) => isBetween(given[name], settings[name].allowed));
    }),
    ({ surface }) => defaultsOf(surface.settings),
  ],
  schedule: [
    (given, state) => isObject(given) && isOneOf(given.name, mathematics.schedules) && isObject(given.settings)
      && within(mathematics.schedules[given.name].settings, given.settings)
      && isWhole(given.warmup, 0, 1e6) && isBetween(given.start, [0, 1]) && agree(given, lowestRate(state)),
    () => CONSTANT,
  ],
  noise: [(noise) => isNumber(noise) && noise >= 0, () => 0],
  seed: [(seed) => isWhole(seed, 0, MOST_SEEDS), () => 0],
  dtype: [(name) => isOneOf(name, LARGEST), () => "float64"],
  clip: [(clip) => clip === null || (isNumber(clip) && clip > 0), () => null],
  resume: [(step) => step === null || isWhole(step, 1, MOST_STEPS), () => null],
  lost: [(what) => isOneOf(what, LOST), () => "nothing"],
  ramp: [(steps) => isWhole(steps, 2, MOST_RAMP), () => 100],
  smoothing: [(share) => isBetween(share, [0, MOST_SMOOTHING]), () => 0],
  cursor: [(cursor, { steps }) => cursor === null || isWhole(cursor, 0, steps), () => null],
  view: [(sides, { surface }) => Array.isArray(sides) && sides.length === surface.dimension && sides.every(isInterval), ({ surface }) => surface.view],
  panels: [(names, { recording }) => isListOf(names, recording ? { ...PANELS, ...SCATTERS } : PANELS) && names.length > 0, () => ["landscape", "loss", "gauge"]],
  controls: [(names, { surface }) => Array.isArray(names) && names.every((name) => isControl(name, surface, namesIn(mathematics.optimizers))), () => []],
  predict: [(kind) => kind === null || isOneOf(kind, PREDICTIONS), () => null],
  hidden: [(names) => isListOf(names, { ...PANELS, border: null }), () => []],
  guess: [(guess, state) => isGuess(guess, state), () => null],
  model: [(name, { recording }) => (recording?.models ? isOneOf(name, recording.models) : name === null), ({ recording }) => firstModel(recording)],
};

/** Whether a figure of this surface and these rules can have a control of that name. */
function isControl(name, surface, rules) {
  return isOneOf(name, CHOICES) || Object.hasOwn(surface.settings, name) || rulesWith(name, rules).length > 0;
}

/**
 * The state that can be shown: what is wrong in `given` is replaced, and `wrong` tells what it was.
 * Throws where nothing can stand in: for a surface or a language that does not exist.
 */
function repair(given, author = null) {
  const refuse = (name) => { throw new Error(`${name} = ${JSON.stringify(given[name])}`); };
  given = { ...given, ...recordedTraits(given, author) };
  if (!isOneOf(given.language, locales)) refuse("language");
  if (!isOneOf(given.surface, mathematics.surfaces)) refuse("surface");
  const surface = mathematics.surfaces[given.surface];
  const state = { ...given }, context = { ...given, surface }, wrong = [];
  for (const [key, [isRight, standIn]] of Object.entries(CHECKS)) {
    if (!isRight(state[key], context)) {
      wrong.push(`${key} = ${JSON.stringify(state[key])}`);
      const own = author?.[key];
      state[key] = author && isRight(own, context) ? own : standIn(context);
    }
    context[key] = state[key];
  }
  return { state, wrong };
}

/** A rule's hyperparameters: those that were set, else its own defaults. */
function hyperOf(state, name) {
  const { settings } = mathematics.optimizers[name];
  return namesIn(settings).map((key) => state.settings[key] ?? settings[key].default);
}

const rateOf = (state, name) => state.rates[name] ?? state.lr;
const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);
