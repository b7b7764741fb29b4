// Recordings: what a page cannot compute, such as trained networks; one run for each stop of the rate's slider.

const recordings = new WeakMap(); // what came with a figure is unpacked once

/** Numbers from base64; little-endian, as is every machine that runs a browser. */
const fromBase64 = (text, Kind) => new Kind(Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer);

/** Single-precision numbers, of which the high `size` bytes were kept. The inverse of recording._planes. */
function fromPlanes(text, size) {
  const bytes = fromBase64(text, Uint8Array), count = bytes.length / size, whole = new Uint32Array(count);
  let last = 0;
  for (let i = 0; i < count; i++) {
    let step = 0;
    for (let k = 0; k < size; k++) step |= bytes[k * count + i] << (8 * k);
    last = (last + ((step >>> 1) ^ -(step & 1))) | 0;
    whole[i] = last << (32 - 8 * size);
  }
  return new Float32Array(whole.buffer);
}

/** A line from one kept step straight to the next; where it is ∞ or nan it stays so until then. */
function drawnOut(at, values, length) {
  const line = new Float64Array(length).fill(NaN);
  at.forEach((from, i) => {
    const to = Math.min(at[i + 1] ?? length, length), next = Number.isFinite(values[i + 1]) ? values[i + 1] : values[i];
    for (let t = from; t < to; t++) {
      const share = (t - from) / (to - from);
      line[t] = share ? values[i] * (1 - share) + next * share : values[i];
    }
  });
  return line;
}

/** The lines of one quantity, each with the steps that were kept of it. */
function unpackLines({ size, values, wide, wide_values, counts, steps }, length) {
  const narrow = { values: fromPlanes(values, size), from: 0 }, double = { values: fromBase64(wide_values, Float64Array), from: 0 };
  const at = fromBase64(steps, Uint16Array), everyStep = at.length === counts.reduce((sum, count) => sum + count, 0);
  let begin = 0; // else all lines have the same steps, or all from 0 on
  return counts.map((count, i) => {
    const own = at.length ? at.subarray(begin, begin + count) : Uint16Array.from({ length: count }, (_, t) => t), source = wide.includes(i) ? double : narrow;
    if (everyStep) begin += count;
    return { line: drawnOut(own, source.values.subarray(source.from, source.from += count), length), kept: new Set(own) };
  });
}

/** At each rate a run with those fields of computeRun's that the panels of a recording read. */
function unpack({ rates, steps, seeds, rescaled, crosses, marks, ...packed }) {
  const lines = (name, length = steps) => packed[name] && unpackLines(packed[name], length);
  const quantities = (name, length) => [lines(name, length), packed[name]?.band && unpackLines(packed[name].band, length)];
  const losses = quantities("losses", steps + 1), norms = quantities("norms", steps + 1), gauge = quantities("gauge", steps);
  const thresholds = lines("thresholds"), schedule = lines("schedule"), rule = { settings: {}, scale: rescaled };
  const runs = rates.map((lr, i) => {
    const kept = {}, bands = {};
    const quantity = (name, [middle, band]) => { // of several seeds the median, and lowest and highest
      kept[name] = middle?.[i].kept;
      bands[name] = band ? band.slice(2 * i, 2 * i + 2).map(({ line }) => line) : null;
      return middle?.[i].line;
    };
    return {
      recorded: rates, n: 1, racer: 0, rule, lr, steps, seeds, crosses: crosses[i], marks: marks[i], kept, bands,
      losses: quantity("losses", losses), norms: quantity("norms", norms),
      gauge: [quantity("gauge", gauge) ?? [NaN]], thresholds: gauge[0] && thresholds[i].line,
      rates: schedule?.[i].line ?? new Float64Array(steps).fill(lr),
    };
  });
  const [tested, after] = (packed.test ?? []).map((numbers) => fromBase64(numbers, Float64Array)), test = packed.test && { rates: tested, losses: after, first: after[0] };
  return { rates, runs, steps, test, panels: ["loss", "schedule", ...(gauge[0] ? ["gauge"] : []), ...(norms[0] ? ["norm"] : []), ...(test ? ["range"] : [])] };
}

/** Whether recordings are of schedules, seen beside each other. The twin of Recordings.beside. */
const isBeside = (recording) => Boolean(recording?.models) && namesIn(recording.models).every((name) => name.startsWith("schedule_"));

/** The name of a model, or of a schedule, in words. */
const modelName = (name, words) => words[name.startsWith("schedule_") ? name : "model_" + name];

const firstModel = (recording) => (recording?.models ? namesIn(recording.models)[0] : null);

/** Of several recordings the one of a model. */
const packedOf = ({ recording, model }) => (recording.models ? recording.models[model] : recording);

function recordingOf(packed) {
  if (!recordings.has(packed)) recordings.set(packed, unpack(packed));
  return recordings.get(packed);
}

/** The stops of the slider. Nearest is by the quotient of two rates. */
function recordedScale(rates) {
  const away = (stop, lr) => Math.abs(Math.log(rates[stop]) - Math.log(lr)), last = rates.length - 1;
  return {
    stops: Math.max(last, 1), toValue: (stop) => rates[Math.min(stop, last)],
    toStop: (lr) => rates.reduce((best, _, stop) => (away(stop, lr) < away(best, lr) ? stop : best), 0),
  };
}

/** The recorded run nearest to the rate of the state. */
function recordedRun(state) {
  const { rates, runs } = recordingOf(packedOf(state));
  return Object.assign(runs[recordedScale(rates).toStop(state.lr)], { name: state.optimizer });
}

/** What is drawn of a state: the run in focus, or that of every schedule. */
function recordedRuns(state) {
  if (!isBeside(state.recording)) return [recordedRun(state)];
  return namesIn(state.recording.models).map((model, racer) => Object.assign(recordedRun({ ...state, model }), { racer, name: model === state.model ? state.optimizer : model }));
}

/** What stands in a state that shows a recording: each time the same. Throws if that cannot be read. */
function recordedTraits({ recording, panels, model }, author) {
  if (!recording) return {};
  try {
    const known = [model, author?.model].find((name) => isOneOf(name, recording.models ?? {})) ?? firstModel(recording);
    const there = recordingOf(packedOf({ recording, model: known })), all = [...there.panels, ...namesIn(SCATTERS).filter((name) => recording.scatter?.[SCATTERS[name].shows])];
    const wanted = Array.isArray(panels) ? panels.filter((name) => all.includes(name)) : [];
    return there.traits ??= {
      surface: "parabola", optimizers: ["gd"], optimizer: "gd", rates: {}, steps: there.steps, controls: wanted.includes("range") ? ["range"] : [], predict: null, hidden: [],
      panels: wanted.length ? wanted : ["loss"],
    };
  } catch (error) {
    throw new Error(`recording: ${error.message}`);
  }
}

/** Which of the models is in focus. Another one takes, of its own rates, the one nearest to the last. */
function modelControl(hands, author, words, signal) {
  const names = namesIn(author.recording?.models ?? {}), set = (model) => {
    const { recording, lr, cursor } = hands.state(), { rates, steps } = packedOf({ recording, model });
    hands.change({ model, lr: rates[recordedScale(rates).toStop(lr)], cursor: cursor > steps ? null : cursor });
  };
  const control = select(isBeside(author.recording) ? words.schedule_name : words.model, names, (name) => modelName(name, words), { get: ({ state }) => state.model, set }, signal);
  control.node.hidden = names.length < 2;
  return control;
}

/** Marks on the slider: every rate; first, where the danger begins, that from which on no run ends in a number. */
function recordedMarks({ recorded }, state, words) {
  const { runs, steps } = recordingOf(packedOf(state)), safe = runs.findLastIndex(({ losses }) => Number.isFinite(losses[steps]));
  const marks = recorded.map((at, i) => ({ at, name: formatNumber(at, words.decimal), kind: i > safe ? "threshold" : "" }));
  return [...marks.slice(safe + 1), ...marks.slice(0, safe + 1).reverse()];
}

/** What happened on a recorded run. The twin of Recording.facts. */
function recordedFacts(run) {
  const { lr, rates, losses, gauge, thresholds, seeds, steps, crosses } = run;
  const { overflows, infinite: ended } = lost(losses), began = losses.findIndex(Number.isNaN), nan = began < 0 ? null : began;
  return {
    lr, ends: rates[steps - 1], gauge: productName(run, 0), product: gauge[0][0], threshold: thresholds?.[0],
    seeds, steps, first: losses[0], last: losses[steps], crosses, below: null,
    overflows, infinite: ended === nan ? null : ended, nan, before: ended ? losses[ended - 1] : null,
  };
}

/** What a recording shows, in words. The twin of recording.sentence. */
function recordedSentence(told, words, _, model) {
  const { first, last, infinite, nan } = told, values = { ...told };
  Object.assign(values, writtenNumbers(told, ["lr", "ends", "product", "threshold", "first", "last", "before"], words));
  const said = model ? [fill(words.says_focus, { rule: modelName(model, words) })] : [];
  const say = (key, step = null) => said.push(fill(words["says_" + key], { ...values, step }));
  const tell = (key, value) => { if (value !== null) say(key, value); };
  say(Number.isNaN(told.product) ? "rate_alone" : "rate_start");
  if (values.ends !== values.lr) say("ends");
  if (told.seeds > 1) say("seeds");
  tell("crosses", told.crosses);
  tell("overflows", told.overflows);
  tell("infinite", infinite);
  if (infinite !== null) tell("before", told.before);
  tell("loss_nan", nan);
  if (infinite === null && nan !== null) tell("before", told.before);
  if (infinite === null && nan === null) say((values.last === values.first ? "same" : last < first ? "falls" : "rises") + (told.steps === 1 ? "_one" : ""));
  return said.join(words.join);
}

/** What was recorded at a step; ≈ where it lies between two that were kept. */
function recordedReading(run, t, words) {
  const read = (name, values) => (run.kept[name].has(t) || !Number.isFinite(values[t]) ? "" : "≈ ") + formatNumber(values[t], words.decimal);
  const said = [fill(words.reading_loss, { step: t, loss: read("losses", run.losses) })];
  if (run.norms) said.push(fill(words.reading_norm, { norm: read("norms", run.norms) }));
  if (Number.isFinite(run.gauge[0][t])) said.push(`${productName(run, 0)} = ${read("gauge", run.gauge[0])}`.replace("= ≈", "≈"));
  return said.join(" · ");
}

/** Of several seeds the area between lowest and highest, as far as the lowest is a number. */
function bandPath(band, x, toPixel) {
  const end = band?.[0].findIndex((value) => !Number.isFinite(value)) ?? 0, edge = (values, first) => {
    const at = Array.from(values, (value, t) => [t, Number.isFinite(value) ? toPixel(value) : -FAR]).slice(0, end < 0 ? values.length : end);
    return (first ? at : at.reverse()).map(([t, y]) => tenth(x(t)) + "," + tenth(Math.min(Math.max(y, -FAR), FAR))).join("L");
  };
  return end ? `M${edge(band[0], true)}L${edge(band[1])}Z` : null;
}
