// The cursor over the steps: play, pause, one step on or back, and what holds there.

const PLAYED_IN = 4000; // milliseconds for a whole run
const CALM = 500; // milliseconds between two pictures for readers who asked for less motion

/** Drawn, since a phone would turn the characters into coloured emoji. */
const ICONS = {
  play: "M4,2L14,8L4,14Z", pause: "M3,2h4v12h-4zM9,2h4v12h-4z", step_back: "M12,3L5,8L12,13ZM3,3h2v10h-2z", step_on: "M4,3L11,8L4,13ZM11,3h2v10h-2z",
};

function iconButton(name, words) {
  const button = element("button", { type: "button" });
  const path = d3.select(button).append("svg").attr("viewBox", "0 0 16 16").attr("width", 16).attr("height", 16).attr("aria-hidden", "true").append("path");
  const show = (now) => {
    button.className = now;
    button.setAttribute("aria-label", words[now]);
    button.title = words[now];
    path.attr("d", ICONS[now]);
  };
  show(name);
  return { button, show };
}

function transport(hands, words) {
  const { button: back } = iconButton("step_back", words), { button: play, show } = iconButton("play", words), { button: on } = iconButton("step_on", words);
  const range = rangeInput({ "aria-label": words.cursor });
  const reading = element("output", { class: "reading", "aria-live": "off" });
  const node = element("div", { class: "transport" }, back, play, on, range, reading);
  let frame = 0, cursor = 0, steps = 1;

  const playing = () => frame !== 0;
  const showPlaying = () => show(playing() ? "pause" : "play");
  const pause = () => { cancelAnimationFrame(frame); frame = 0; showPlaying(); };
  const start = () => {
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const from = cursor >= steps ? 0 : cursor, began = performance.now(), pace = PLAYED_IN / steps;
    const next = (now) => {
      const passed = calm ? Math.floor((now - began) / CALM) * CALM : now - began, to = Math.min(from + Math.floor(passed / pace), steps);
      if (to !== cursor) hands.moveCursor(to);
      if (!node.isConnected || to >= steps) pause();
      else frame = requestAnimationFrame(next);
    };
    hands.moveCursor(from);
    frame = requestAnimationFrame(next);
    showPlaying();
  };
  const move = (to) => { pause(); hands.moveCursor(Math.min(Math.max(to, 0), steps)); };
  play.addEventListener("click", () => (playing() ? pause() : start()));
  back.addEventListener("click", () => move(cursor - 1));
  on.addEventListener("click", () => move(cursor + 1));
  range.addEventListener("input", () => move(range.valueAsNumber));

  return {
    node,
    update({ state, cursor: at, run }) {
      ({ steps } = state);
      cursor = at;
      range.max = steps;
      range.value = cursor;
      const text = readingOf(run, cursor, words);
      range.setAttribute("aria-valuetext", text);
      reading.textContent = text;
      back.disabled = cursor === 0;
      on.disabled = cursor === steps;
    },
    stop: pause,
  };
}

/** Step, loss, length of the gradient and gauge at the cursor. */
function readingOf(run, t, words) {
  if (run.recorded) return recordedReading(run, t, words);
  const number = (value) => formatNumber(value, words.decimal);
  const said = [fill(words.reading, { step: t, loss: number(run.losses[t]), norm: number(run.norms[t]) })];
  if (run.thresholds && t < run.steps) said.push(`${productName(run, 0)} = ${number(run.gauge[0][t])}`);
  return unbroken(said.join(" · "));
}
