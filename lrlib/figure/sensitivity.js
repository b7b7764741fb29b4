// The last loss for every rate: a curve for each racer, its rate as a handle on it, a cross at the best.

const A_FRAME = 12; // milliseconds of search between two pictures
const TEN_DECADES = 1e10; // losses so far from the first are out of the picture

function sensitivityPanel(frame, hands) {
  const lines = frame.layer("g", "lines"), ends = frame.layer("g", "ends"), bests = frame.layer("g", "bests");
  const over = frame.svg.append("g").attr("transform", `translate(${MARGIN.left},${MARGIN.top})`);
  const named = frame.below = frame.box.appendChild(element("p", { class: "key" })), searches = new Map();
  let shown = null, key = null, pending = 0;
  const stale = () => shown.state.optimizers.filter((name) => searches.get(name)?.key !== key);
  let drawn = null;
  const show = () => {
    const { state, runs } = shown, { width, height } = frame, late = new Set(stale());
    const found = runs.filter(({ name }) => searches.has(name)).map((run) => ({ run, ...searches.get(run.name) }));
    const losses = found.flatMap(({ tried }) => tried.map(([, loss]) => loss)).concat(runs.map((run) => run.losses[state.steps]));
    const x = frame.x = d3.scaleLog(state.lr_range, [0, width]), domain = lossDomain(losses, runs[0].losses[0]);
    const y = frame.y = d3.scaleLog(domain, [height, 0]);
    drawRates(frame, state.lr_range, decades(...domain));
    const toPixel = (loss) => (loss > 0 ? Math.min(Math.max(y(loss), -FAR), FAR) : height + 4);
    const picture = JSON.stringify([key, domain, width, height, found.map(({ run }) => run.name), [...late]]);
    const place = () => placeRates(frame, over, shown, toPixel, hands);
    if (picture === drawn) { place(); nameBest(late); return; } // the curves do not depend on the rates
    drawn = picture;
    const traced = found.map((one) => ({ ...one, ...sensitivityCurve(one.tried, x, toPixel) }));
    const racer = (kind) => ({ run }) => `${kind} racer-${run.racer}${late.has(run.name) ? " faded" : ""}`;
    lines.selectAll("path").data(traced).join("path").attr("class", racer("trail")).attr("d", ({ line }) => line);
    bests.selectAll("path").data(found.filter(({ best }) => best)).join("path").attr("class", racer("best"))
      .attr("d", ({ best: [lr, loss] }) => `M${tenth(x(lr)) - 5},${tenth(Math.min(toPixel(loss), height - 6)) - 5}l10,10m0,-10l-10,10`);
    markEnds(ends, traced.flatMap(({ run, gaps }) => gaps.map((gap) => ({ run, ...gap }))), racer("end"), width);
    place();
    nameBest(late);
  };
  const nameBest = (late) => { if (!late.has(shown.run.name)) named.textContent = nameOfBest(shown, searches.get(shown.run.name).best); };
  const search = () => {
    pending = 0;
    if (!frame.box.isConnected) return;
    const began = performance.now();
    for (const name of stale()) {
      searches.set(name, { key, ...searchRates(shown.state, name) });
      if (performance.now() - began > A_FRAME) break;
    }
    show();
    searchLater();
  };
  // Not while the hand moves: the next picture is time enough, and the last state alone counts.
  const searchLater = () => { if (!pending && stale().length) pending = requestAnimationFrame(search); };
  return {
    draw(scene) {
      shown = scene;
      key = searchKey(scene.state);
      show();
      searchLater();
    },
  };
}

/** Whole decades around the losses, at most ten from the first loss. */
function lossDomain(losses, first) {
  const seen = losses.filter((loss) => loss > 0 && loss < Infinity), middle = first > 0 && first < Infinity ? first : (seen[0] ?? 1);
  const inside = seen.map((loss) => Math.min(Math.max(loss, middle / TEN_DECADES), middle * TEN_DECADES)).concat(seen.length ? [] : middle);
  return [tenthPower(Math.floor(Math.log10(Math.min(...inside) / 1.2))), tenthPower(Math.ceil(Math.log10(Math.max(...inside) * 1.2)))];
}

/** Both axes; a range of rates without two powers of ten shows its ends. */
function drawRates(frame, range, yTicks) {
  const xTicks = decades(...range);
  drawAxes(frame, yTicks, xTicks);
  frame.xName.attr("x", MARGIN.left - 32); // the first number is in the middle below the corner
  if (xTicks.length > 1) return;
  frame.xAxis.call(d3.axisBottom(frame.x).tickSizeOuter(0).tickValues(range).tickFormat((lr) => formatNumber(lr, frame.words.decimal)));
}

/** A line over the rates, up and out of the picture where the loss is no number, and where it is that. */
function sensitivityCurve(pairs, x, toPixel) {
  let line = "", inGap = false;
  const gaps = [];
  for (const [lr, loss] of pairs) {
    const at = tenth(x(lr));
    if (Number.isFinite(loss)) line += `${line && !inGap ? "L" : "M"}${at},${tenth(toPixel(loss))}`;
    else if (!inGap) {
      if (line) line += `L${at},-4`;
      gaps.push({ at, loss });
    }
    inGap = !Number.isFinite(loss);
  }
  return { line, gaps };
}

/** ∞ or nan at the top, one below the other where lines end at the same rate. */
function markEnds(ends, gaps, classOfGap, width) {
  const taken = [];
  ends.selectAll("text").data(gaps).join("text").attr("class", classOfGap).text(({ loss }) => formatNumber(loss))
    .attr("x", ({ at }) => Math.min(Math.max(at, 14), width - 14)).attr("y", ({ at }) => rowFor(taken, at, "∞") * 14 + 13);
}

/** The rate of every racer on its curve. */
function placeRates(frame, over, { state, runs }, toPixel, hands) {
  const { x, width, height, words } = frame, [low, high] = state.lr_range;
  const heightOf = ({ losses }) => { const last = losses[state.steps]; return Number.isFinite(last) ? Math.min(Math.max(toPixel(last), 0), height) : 0; };
  const within = ({ lr }) => x(lr) > -1 && x(lr) < width + 1;
  const enter = (entering) => entering.append("g").each(function ({ name }) {
    const handle = d3.select(this), scale = () => sliderScale(hands.state().lr_range, true);
    handle.append("circle").attr("class", "reach").attr("r", 13);
    handle.append("circle").attr("r", 7);
    const set = ({ stops, toValue }, stop) => { const lr = toValue(Math.min(Math.max(stop, 0), stops)); if (lr > 0 && lr < Infinity) hands.setRate(name, lr); };
    makeHandle(handle, fill(words.titled, { title: words.rate, name: words["rule_" + name] }), {
      drag: (event) => set(scale(), (scale().stops * event.x) / frame.width),
      key: (_, sign) => set(scale(), scale().toStop(rateOf(hands.state(), name)) + sign * Math.max(scale().stops / 60, 1)),
    });
  });
  over.selectAll("g").data(runs, ({ name }) => name).join(enter).attr("class", ({ racer }) => `handle racer-${racer}`)
    .attr("display", (run) => (within(run) ? null : "none")).attr("transform", (run) => `translate(${within(run) ? tenth(x(run.lr)) : 0},${tenth(heightOf(run))})`)
    .attr("aria-valuemin", low).attr("aria-valuemax", high).attr("aria-valuenow", ({ lr }) => lr)
    .attr("aria-valuetext", ({ lr }) => formatNumber(lr, words.decimal));
}

/** The best rate of the rule in focus. */
function nameOfBest({ words, runs, run }, best) {
  if (!best) return "";
  return "× " + fill(words[runs.length > 1 ? "best_rate_of" : "best_rate"], { lr: formatNumber(best[0], words.decimal), rule: words["rule_" + run.name] });
}
