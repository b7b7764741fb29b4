"""The site in the engines of Safari and Firefox; all other tests of the site look at it in that of Chrome and Edge."""

import itertools
from collections.abc import Iterator

import pytest
from selenium.webdriver.common.keys import Keys

import firefox
import test_parity
import webkit
from lrlib import translate
from lrlib.optimizers import OPTIMIZERS
from lrlib.surfaces import SURFACES
from pages import PAGES, turn
from waiting import wait_for

#: Selenium's own affair.
pytestmark = pytest.mark.filterwarnings("ignore:setting remote_server_addr:DeprecationWarning")

ENGINES = {"webkit": webkit, "firefox": firefox}
#: Every page in each of them, in an edition that differs.
TURNS = {"webkit": 3, "firefox": 1}
VISITS = [(engine, path) for engine, own in TURNS.items() for path in PAGES if turn(path) == own]

HAS_FIGURES = "() => document.querySelector('lr-lab') !== null"
SAYS = "() => document.querySelector('lr-lab .says').textContent"
RATE = "lr-lab .rate input[type=range]"
IS_LOW = f"() => {{ const {{ min, max, value }} = document.querySelector('{RATE}'); return 2 * value < +min + +max; }}"


@pytest.fixture(scope="module")
def engine(request: pytest.FixtureRequest) -> Iterator[webkit.WebKit | firefox.Firefox]:
    made = ENGINES[request.param]
    if made.MISSING:
        pytest.skip(f"{request.param} is not there (Debian, Ubuntu: {made.MISSING})")
    with made.started() as running:
        yield running


@pytest.mark.parametrize(("engine", "path"), VISITS, indirect=["engine"], scope="module")
def test_a_page_lives_on_a_telephone(engine, address, path):
    engine.open(address, path)
    assert engine.evaluate("() => document.documentElement.scrollWidth") <= 375
    if engine.evaluate(HAS_FIGURES):
        before = engine.evaluate(SAYS)
        engine.press(RATE, 3 * (Keys.ARROW_RIGHT if engine.evaluate(IS_LOW) else Keys.ARROW_LEFT))
        wait_for(lambda: engine.evaluate(SAYS) != before)
    assert not engine.complaints()


@pytest.mark.parametrize("rule", OPTIMIZERS)
@pytest.mark.parametrize("engine", ENGINES, indirect=True, scope="module")
def test_a_run_has_the_same_bits_as_in_python(engine, rule):
    engine.evaluate(
        f"() => {{ window.mathematicsIn = {translate.mathematics()}; window.M = mathematicsIn('float64'); }}"
    )
    theirs = test_parity.RULE_SETTINGS.get(rule, [{}])[0]
    for surface, form in zip(SURFACES, itertools.cycle(test_parity.FORMATS)):
        ours = test_parity.SURFACE_SETTINGS.get(surface, [{}])[-1]
        test_parity.compare(engine, form, surface, ours, rule, theirs, test_parity.SHORT_RATES, 60, deviations=[0, 0.3])
