"""The figure in a real JupyterLab: a widget whose traits follow the reader, and the reader's view its traits."""

import json
import os
import re
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from lrlib import descend
from lrlib.words import format_number

CELLS = [
    "from lrlib import lab\nfig = lab('parabola', lr=0.5, start=-4, steps=30, lr_range=(0.02, 5))\nfig",
    "print('rate', fig.lr, 'start', fig.start)",
    "fig.lr = 1.25\nfig.start = [2.0]",
    "from ipywidgets import VBox\nfrom lrlib import ask, lab\nVBox([ask(0.25), ask('critical_rate', figure=lab('parabola'))])",
    "print('points', len(fig.path.points), fig.path.points[1, 0])",
    """from ipywidgets import HBox, VBox, interactive_output, link
from lrlib import lab
race = lab('quadratic', ['momentum', 'adam'], lr=0.05, start=(-4, 2), steps=40, noise=0.5, seed=3, dtype='float32')
bowl, heard = lab('parabola', lr=0.5), []
link((race, 'lr'), (bowl, 'lr'))
race.observe(lambda change: heard.append(change['new']), 'optimizer')
VBox([HBox([race, bowl]), interactive_output(lambda lr: print('now', lr), {'lr': race})])""",
    "print(race.optimizer, heard, race.cursor, race.lr == bowl.lr, *race.path.losses[-1:].tolist())",
]


@pytest.fixture(scope="module")
def lab_url(tmp_path_factory) -> str:
    folder: Path = tmp_path_factory.mktemp("jupyter")
    cells = [
        {"cell_type": "code", "id": f"c{i}", "metadata": {}, "source": text, "outputs": [], "execution_count": None}
        for i, text in enumerate(CELLS)
    ]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    notebook = {"cells": cells, "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}
    (folder / "figure.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = folder / "server.log"
    with log.open("w") as output:
        server = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", f"--port={port}", "--IdentityProvider.token=",
             "--ServerApp.disable_check_xsrf=True", f"--ServerApp.root_dir={folder}", "--LabApp.news_url=", "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate"],
            stdout=output, stderr=subprocess.STDOUT, env=_environment(folder),
        )  # fmt: skip
    url = f"http://127.0.0.1:{port}"
    _wait_until_it_answers(url + "/api/status", server, log)
    yield f"{url}/lab/tree/figure.ipynb"
    server.terminate()
    server.wait(timeout=20)


def _environment(folder: Path) -> dict[str, str]:
    """Settings of whoever runs the tests stay out of it, and so does the question whether to fetch news."""
    private = {
        name: str(folder / name)
        for name in ("JUPYTER_CONFIG_DIR", "JUPYTERLAB_SETTINGS_DIR", "JUPYTERLAB_WORKSPACES_DIR")
    }
    quiet = Path(private["JUPYTERLAB_SETTINGS_DIR"], "@jupyterlab", "apputils-extension")
    quiet.mkdir(parents=True)
    told = {"fetchNews": "false", "checkForUpdates": False, "doNotDisturbMode": True}
    (quiet / "notification.jupyterlab-settings").write_text(json.dumps(told), encoding="utf-8")
    return os.environ | private


def _wait_until_it_answers(url: str, server: subprocess.Popen, log: Path) -> None:
    for _ in range(240):
        if server.poll() is not None:
            pytest.fail(f"JupyterLab stopped:\n{log.read_text()}", pytrace=False)
        try:
            urllib.request.urlopen(url, timeout=5).close()
            return
        except OSError:
            try:
                server.wait(timeout=0.25)
            except subprocess.TimeoutExpired:
                continue
    pytest.fail(f"JupyterLab did not answer within a minute:\n{log.read_text()}", pytrace=False)


@pytest.fixture
def notebook(browser: Browser, lab_url: str) -> Page:
    context = browser.new_context(viewport={"width": 1280, "height": 1400})
    page = context.new_page()
    page.goto(lab_url)
    page.locator(".jp-Notebook .jp-CodeCell").nth(6).wait_for(timeout=60_000)
    expect(page.locator(".jp-Notebook-ExecutionIndicator[data-status=idle]")).to_be_visible(timeout=60_000)
    yield page
    context.close()


def run(page: Page, number: int):
    """Runs one cell and waits until it has finished; returns its output."""
    cell = page.locator(".jp-Notebook .jp-CodeCell").nth(number)
    prompt = cell.locator(".jp-InputArea-prompt")
    cell.scroll_into_view_if_needed()
    for _ in range(10):  # JupyterLab drops keys while it is still putting a notebook together
        cell.locator(".cm-content").click()
        page.keyboard.press("Control+Enter")
        try:
            expect(prompt).not_to_have_text("[ ]:", timeout=3000)
            break
        except AssertionError:
            continue
    expect(prompt).to_have_text(re.compile(r"\[\d+\]"), timeout=90_000)
    return cell.locator(".jp-OutputArea-output")


def test_the_traits_follow_the_slider_and_the_figure_follows_the_traits(notebook):
    figure = run(notebook, 0)
    says = figure.locator(".says")
    expect(says).to_contain_text("η = 0.5,", timeout=90_000)
    expect(figure.locator("path.curve")).to_have_attribute("d", re.compile("^M"))

    figure.locator(".rate input[type=range]").focus()
    notebook.keyboard.press("End")
    expect(says).to_contain_text("η = 5,")
    figure.locator(".start").focus()
    notebook.keyboard.press("ArrowRight")
    expect(run(notebook, 1)).to_have_text("rate 5.0 start [-3.8]")

    run(notebook, 2)
    expect(says).to_contain_text("η = 1.25,")
    expect(figure.locator(".start")).to_have_attribute("aria-valuenow", "2")
    expect(run(notebook, 4)).to_have_text("points 31 -0.5")


def test_a_question_answers_in_the_notebook(notebook):
    question = run(notebook, 3)
    expect(question.locator("input")).to_have_count(2, timeout=90_000)
    for number, given, said in ((0, "1/4", "Right: 0.25."), (1, "2", "Right: 2.")):  # the second asks the kernel
        question.locator("input").nth(number).fill(given)
        question.locator("button").nth(number).click()
        expect(question.locator("[role=status]").nth(number)).to_have_text(said)


#: Two figures are equally wide and wide enough, and do not touch each other. What does not fit beside each other scrolls in
#: Jupyter's box, and is not laid over its neighbour.
APART = """(box) => {
  const figures = [...box.querySelectorAll(".lr-lab")], [race, bowl] = figures.map((figure) => figure.getBoundingClientRect());
  const isApart = race.width >= 320 && Math.abs(bowl.width - race.width) <= 1 && bowl.x >= race.right + 16;
  return isApart && figures.every((figure) => figure.scrollWidth <= figure.clientWidth + 1);
}"""


def test_figures_side_by_side_share_the_width_and_keep_apart(notebook):
    both = run(notebook, 5).first
    for width in (1700, 1280, 800):
        notebook.set_viewport_size({"width": width, "height": 1400})
        expect(both.locator(".says").last).to_be_visible(timeout=90_000)
        notebook.wait_for_function(APART, arg=both.element_handle())


def test_figures_are_composed_linked_observed_and_hold_what_is_on_screen(notebook):
    both = run(notebook, 5)
    race, bowl = both.first.locator(".lr-lab").first, both.first.locator(".lr-lab").last
    expect(race.locator(".says")).to_contain_text("Momentum", timeout=90_000)
    race.get_by_role("radio", name="Adam").check()
    race.get_by_label("Step at which to look").fill("7")
    race.locator(".rate input[type=range]").focus()
    notebook.keyboard.press("Home")
    expect(race.locator(".reading")).to_contain_text("Step 7")
    rate = re.search(r"η\s=\s([\d.]+)", race.locator(".says").inner_text())[1]
    expect(bowl.locator(".says")).to_contain_text(f"η = {rate},")
    expect(both.last).to_contain_text(f"now {rate}")
    rule, heard, cursor, same, loss = run(notebook, 6).inner_text().split()
    assert (rule, heard, cursor, same) == ("adam", "['adam']", "7", "True")
    path = descend("quadratic", "adam", (-4.0, 2.0), lr=float(rate), steps=40, noise=0.5, seed=3, dtype="float32")
    assert float(loss) == float(path.losses[-1])
    expect(race.locator(".says")).to_contain_text(f"to {format_number(float(loss))} in 40 steps")
