"""From a slider's event to the finished DOM, for every figure of every chapter."""

from collections.abc import Iterator
from statistics import median, quantiles

from site_pages import chapters, open_browser

EVENTS = 300
#: Moves the slider through its whole range, forth and back, and times each event's work.
DRAG = """([index, events]) => {
  const range = document.querySelectorAll("lr-lab")[index].querySelector(".rate input[type=range]");
  const stops = Number(range.max), times = [];
  for (let i = 0; i < events + 30; i++) {
    range.value = Math.round(stops * Math.abs(((i * 2) / events) % 2 - 1));
    const from = performance.now();
    range.dispatchEvent(new Event("input", { bubbles: true }));
    times.push(performance.now() - from);
  }
  return times.slice(30);
}"""


def report() -> Iterator[str]:
    yield "From slider event to finished DOM, in milliseconds (Distill's momentum page, same method: 2.7, 3.3; throttled 9.5, 12.6)"
    yield f"{'page and figure':42}{'median':>8}{'p95':>8}{'  4× throttled:':>16}{'median':>8}{'p95':>8}"
    worst = None
    with open_browser() as browser:
        for file in chapters():
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            page.goto(file.as_uri())
            page.wait_for_selector("lr-lab .says:not(:empty)")
            throttle = page.context.new_cdp_session(page)
            for i in range(page.locator("lr-lab").count()):
                measured = []
                for rate in (1, 4):
                    throttle.send("Emulation.setCPUThrottlingRate", {"rate": rate})
                    times = page.evaluate(DRAG, [i, EVENTS])
                    measured += [median(times), quantiles(times, n=20)[-1]]
                row = (measured[0], f"{file.stem}, figure {i + 1}", measured)
                worst = max(worst or row, row)
                yield _line(row[1], measured)
            page.close()
    yield _line("worst: " + worst[1], worst[2])


def _line(name: str, measured: list[float]) -> str:
    return f"{name:42}{measured[0]:8.2f}{measured[1]:8.2f}{'':16}{measured[2]:8.2f}{measured[3]:8.2f}"
