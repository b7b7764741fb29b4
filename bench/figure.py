"""From a reader's hand to the finished DOM: figures made to be hard, and every figure of every chapter."""

import io
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median, quantiles

from playwright.sync_api import Browser, CDPSession, Page

from lrlib import lab, page
from lrlib.state import PANELS
from site_pages import chapters, open_browser

STEPS = 300
EVENTS = 300
MANY_EVENTS = 10_000
REDRAWS = 20
THROTTLED = 4

RATE = ".rate input[type=range]"
SETTING = ".setting input[type=range]"
CURSOR = ".transport input[type=range]"

#: Moves a slider through its whole range, forth and back, and times each event's work: until the DOM
#: is finished, and until it is laid out too. `drawn` counts the events after which a path had changed:
#: if a figure drew later than its event, the times would be wrong.
DRAG = """([index, selector, events]) => {
  const figure = document.querySelectorAll("lr-lab")[index], range = figure.querySelector(selector);
  const [low, high] = [Number(range.min), Number(range.max)], times = [], laidOut = [];
  const seen = () => [...figure.querySelectorAll(".panel path[d]")].map((path) => path.getAttribute("d")).join();
  let before = seen(), drawn = 0;
  for (let i = 0; i < events + 30; i++) {
    range.value = Math.round(low + (high - low) * Math.abs(((i * 2) / events) % 2 - 1));
    const from = performance.now();
    range.dispatchEvent(new Event("input", { bubbles: true }));
    const done = performance.now();
    figure.getBoundingClientRect();
    if (i >= 30) { times.push(done - from); laidOut.push(performance.now() - from); }
    const now = seen();
    if (now !== before) drawn++;
    before = now;
  }
  return { times, laidOut, drawn: drawn / (events + 30) };
}"""

#: When the first figure, and when every figure in the window, could first be used.
ARRIVAL = """() => {
  const ready = (figure) => figure.querySelector(".says:not(:empty)") !== null;
  const inView = (figure) => { const { top, bottom } = figure.getBoundingClientRect(); return bottom > 0 && top < innerHeight; };
  window.arrived = {};
  new MutationObserver(() => {
    const figures = [...document.querySelectorAll("lr-lab")];
    if (figures.some(ready)) arrived.first ??= performance.now();
    if (document.readyState !== "loading" && figures.length && figures.filter(inView).every(ready)) arrived.inView ??= performance.now();
  }).observe(document, { childList: true, subtree: true, characterData: true });
}"""


def report() -> Iterator[str]:
    with open_browser() as browser:
        yield from hard_figures(browser)
        yield ""
        yield from ten_figures(browser)
        yield ""
        yield from memory(browser)
        yield ""
        yield from beside_matplotlib()
        yield ""
        yield from chapter_figures(browser)


def one_rule() -> lab:
    return lab("quadratic", "gd", 0.02, (-4, 2.5), STEPS, condition=25, lr_range=(1e-3, 1), controls=["condition"])


def race() -> lab:
    rules = ["gd", "momentum", "adam", "rmsprop", "lion"]
    return lab("rosenbrock", rules, 1e-3, (-1.2, 1), STEPS, lr_range=(1e-5, 1), panels=PANELS)


def hard_figures(browser: Browser) -> Iterator[str]:
    yield "From input event to finished DOM, in milliseconds"
    yield "(Distill's momentum page, same method: its opening slider 2.7, 3.3; throttled 9.5, 12.6; its largest figure 7.1, 10.5)"
    yield _head("figure")
    for name, figure, moved in (
        (f"rate, one rule × {STEPS} steps, 3 panels", one_rule(), RATE),
        (f"rate, five rules × {STEPS} steps, all panels", race(), RATE),
        ("condition number, contours recomputed", one_rule(), SETTING),
        ("cursor, one rule, 3 panels", one_rule(), CURSOR),
        ("cursor, five rules, all panels", race(), CURSOR),
    ):
        with _opened(browser, [figure]) as (opened, _):
            yield from _measured(opened, name, 0, moved)


def ten_figures(browser: Browser) -> Iterator[str]:
    yield "Opening a page, in milliseconds from navigation; task: all work of the page until nothing is left to do"
    yield f"{'':42}{'first':>8}{'in view':>9}{'built':>7}{'task':>8}"
    alone, ten = [one_rule()], [one_rule() if i % 2 else race() for i in range(9, -1, -1)]
    for name, figures in (("one figure", alone), ("ten figures, half of them races", ten)):
        for rate in (1, THROTTLED):
            with _opened(browser, figures, rate) as (opened, session):
                arrived = opened.evaluate("arrived")
                built = opened.locator("lr-lab .says").count()
                task = _metrics(session)["TaskDuration"] * 1e3
                shown = name if rate == 1 else f"  {rate}× throttled"
                yield f"{shown:42}{arrived['first']:8.0f}{arrived['inView']:9.0f}{built:7}{task:8.0f}"
    yield _head("a slider on that page")
    for name, figures in (("  alone", alone), ("  with nine others", ten)):
        with _opened(browser, figures) as (opened, _):
            yield from _measured(opened, name, 0, RATE)


def memory(browser: Browser) -> Iterator[str]:
    yield f"After {MANY_EVENTS} slider events and a collection of garbage, beside before"
    for name, figure in (("one rule, 3 panels", one_rule()), ("five rules, all panels", race())):
        with _opened(browser, [figure]) as (opened, session):
            opened.evaluate(DRAG, [0, RATE, EVENTS])  # caches are filled once
            before = _collected(session)
            for _ in range(MANY_EVENTS // 1000):
                opened.evaluate(DRAG, [0, RATE, 1000 - 30])
            after = _collected(session)
            yield (
                f"{name:42}heap {before['JSHeapUsedSize'] / 1e6:.2f} → {after['JSHeapUsedSize'] / 1e6:.2f} MB, "
                f"nodes {before['Nodes']:.0f} → {after['Nodes']:.0f}, "
                f"listeners {before['JSEventListeners']:.0f} → {after['JSEventListeners']:.0f}"
            )


def beside_matplotlib() -> Iterator[str]:
    """What a notebook with ipywidgets.interact does for each event, without the way through the kernel."""
    import matplotlib

    matplotlib.use("agg")
    import numpy as np
    from matplotlib import pyplot

    from lrlib import descend
    from lrlib.surfaces import quadratic

    side = np.linspace(-5, 5, 72)
    height = quadratic.value(*np.meshgrid(side, side), 25.0, 0.0)

    def redraw(lr: float) -> None:
        path = descend("quadratic", "gd", (-4, 2.5), lr, STEPS, condition=25)
        figure, (landscape, loss, gauge) = pyplot.subplots(1, 3, figsize=(12, 3.6))
        landscape.contour(side, side, height, 12)
        landscape.plot(*path.points.T, ".-")
        landscape.set(xlim=(-5, 5), ylim=(-5, 5), title="Path on the loss")
        loss.semilogy(path.losses)
        loss.set_title("Loss at each step")
        gauge.plot(path.gauge)
        gauge.axhline(2)
        gauge.set_title("Gauge")
        figure.canvas.draw()
        drawn.append(time.perf_counter())
        figure.savefig(io.BytesIO(), format="png")
        pyplot.close(figure)

    times, sent, drawn = [], [], []
    for lr in np.geomspace(1e-3, 0.07, REDRAWS):
        began = time.perf_counter()
        redraw(lr)
        times.append((drawn[-1] - began) * 1e3)
        sent.append((time.perf_counter() - began) * 1e3)
    yield "The same change as a notebook's interact and matplotlib make it, in milliseconds"
    yield f"{'run, three axes, canvas.draw':42}{median(times):8.0f}   (with the PNG that is sent {median(sent):.0f}; the way through the kernel comes on top)"


def chapter_figures(browser: Browser) -> Iterator[str]:
    yield _head("every figure of every chapter")
    worst = None
    for file in chapters():
        opened = browser.new_page(viewport={"width": 1280, "height": 900})
        opened.goto(file.as_uri())
        for i, figure in enumerate(opened.locator("lr-lab").all()):
            figure.scroll_into_view_if_needed()  # those out of sight are not built
            figure.locator(".says:not(:empty), .predict legend").first.wait_for(timeout=10_000)
            if (skip := figure.locator(".predict .quiet")).is_visible():
                skip.click()  # before it is foretold, a path is not drawn
            times = _times(opened, i, RATE)
            row = (times[0], f"{file.stem}, figure {i + 1}", times)
            worst = max(worst or row, row)
            yield _line(row[1], times)
        opened.close()
    if worst:
        yield _line("worst: " + worst[1], worst[2])


# ---------------------------------------------------------------- helpers


@contextmanager
def _opened(browser: Browser, figures: list[lab], throttled: int = 1) -> Iterator[tuple[Page, CDPSession]]:
    """A page from disk with some figures, when those in the window can be used; throttled from the start."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    opened = context.new_page()
    session = context.new_cdp_session(opened)
    session.send("Performance.enable")
    session.send("Emulation.setCPUThrottlingRate", {"rate": throttled})
    opened.add_init_script(f"({ARRIVAL})()")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "page.html"
        file.write_text(_document(figures), encoding="utf-8")
        opened.goto(file.as_uri())
        opened.wait_for_function("arrived.inView")
        opened.evaluate("new Promise((done) => requestIdleCallback(done))")
        yield opened, session
    context.close()


def _document(figures: list[lab]) -> str:
    elements = "".join(f"{_html(figure)}<p>{'Text between two figures. ' * 60}</p>" for figure in figures)
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>figures</title>'
        f"<style>body {{ font-family: sans-serif }} {page.style()}</style></head>"
        f"<body><main>{elements}</main><script>{page.script()}</script></body></html>"
    )


def _html(figure: lab) -> str:
    bundle = figure._repr_mimebundle_()
    return (bundle[0] if isinstance(bundle, tuple) else bundle)["text/html"]


def _times(opened: Page, index: int, moved: str) -> list[float]:
    """Median and 95th percentile at full speed and throttled, and at full speed with layout."""
    session, found = opened.context.new_cdp_session(opened), []
    for rate in (1, THROTTLED):
        session.send("Emulation.setCPUThrottlingRate", {"rate": rate})
        measured = opened.evaluate(DRAG, [index, moved, EVENTS])
        found += [median(measured["times"]), quantiles(measured["times"], n=20)[-1]]
        if rate == 1:
            laid_out, drawn = median(measured["laidOut"]), measured["drawn"]
    session.send("Emulation.setCPUThrottlingRate", {"rate": 1})
    return [*found, laid_out, drawn]


def _measured(opened: Page, name: str, index: int, moved: str) -> Iterator[str]:
    times = _times(opened, index, moved)
    yield _line(name, times)
    if times[-1] < 0.5:
        yield f"    only {times[-1]:.0%} of the events had changed the picture when they returned"


def _metrics(session: CDPSession) -> dict[str, float]:
    return {one["name"]: one["value"] for one in session.send("Performance.getMetrics")["metrics"]}


def _collected(session: CDPSession) -> dict[str, float]:
    for _ in range(3):
        session.send("HeapProfiler.collectGarbage")
    return _metrics(session)


def _head(name: str) -> str:
    throttled = f"  {THROTTLED}× throttled:"
    return f"{name:46}{'median':>8}{'p95':>8}{throttled:>16}{'median':>8}{'p95':>8}{'with layout:':>15}"


def _line(name: str, times: list[float]) -> str:
    return f"{name:46}{times[0]:8.2f}{times[1]:8.2f}{'':16}{times[2]:8.2f}{times[3]:8.2f}{times[4]:15.2f}"
