"""The site in WebKit, the engine of Safari and of all browsers on an iPhone: Debian's, on a screen that nobody sees."""

import itertools
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from selenium.common.exceptions import WebDriverException
from selenium.webdriver import WebKitGTK
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.wait import WebDriverWait
from selenium.webdriver.webkitgtk.service import Service

import test_parity
from lrlib import translate
from lrlib.optimizers import OPTIMIZERS
from lrlib.surfaces import SURFACES
from pages import PAGES, SETTLED, turn

NEEDED = [shutil.which(name) for name in ("WebKitWebDriver", "Xvfb")]
pytestmark = [
    pytest.mark.skipif(
        None in NEEDED, reason="WebKit is not there (Debian, Ubuntu: sudo apt-get install webkit2gtk-driver xvfb)"
    ),
    pytest.mark.filterwarnings("ignore:setting remote_server_addr:DeprecationWarning"),  # Selenium's own affair
]

#: A window is never as narrow as a telephone, a frame is.
PHONE = "<iframe style='width: 375px; height: 900px; border: 0'></iframe>"


class WebKit:
    """A window of WebKit, asked as Playwright's pages are."""

    def __init__(self, driver: WebKitGTK):
        self.driver = driver
        driver.set_script_timeout(60)

    def evaluate(self, script: str, argument: Any = None) -> Any:
        """What a function of the argument gives, at once or later."""
        call = f"const [given, done] = arguments; (async () => ({script})(given))().then(done, (error) => done(error.stack))"
        return self.driver.execute_async_script(call, argument)

    def wait(self, condition: Callable) -> None:
        """Until this is true."""
        WebDriverWait(self.driver, 30, 0.05).until(lambda _: condition())

    def open(self, address: str, path: str) -> None:
        """The page in a frame as narrow as a telephone, with all its figures; what is asked next is asked of it."""
        run = self.driver.execute_script
        try:
            self.driver.get(f"{address}/404.html")
            run("document.documentElement.innerHTML = arguments[0]", PHONE)
            run("document.querySelector('iframe').src = arguments[0]", f"{address}/{path}")
            self.driver.switch_to.frame(0)
            self.wait(lambda: run("return location.pathname + document.readyState") == f"/{path}complete")
            self.evaluate(SETTLED)
        except WebDriverException as error:
            pytest.fail(f"WebKit does not open {path} at 375 px, or dies of it: {error!r}", pytrace=False)


@pytest.fixture(scope="module")
def webkit() -> Iterator[WebKit]:
    driver_file, screen_file = NEEDED
    screen = [screen_file, "-displayfd", "1", "-screen", "0", "1400x1100x24", "-nolisten", "tcp"]
    with subprocess.Popen(screen, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as running:
        try:
            display = f":{running.stdout.readline().strip()}"
            with WebKitGTK(service=Service(driver_file, env=os.environ | {"DISPLAY": display})) as driver:
                yield WebKit(driver)
        finally:
            running.terminate()


@pytest.mark.parametrize("path", [path for path in PAGES if turn(path) == 3])
def test_a_page_lives_on_a_telephone(webkit, address, path):
    webkit.open(address, path)
    driver = webkit.driver
    assert driver.execute_script("return document.documentElement.scrollWidth") <= 375
    if driver.find_elements(By.TAG_NAME, "lr-lab"):
        says = "return document.querySelector('lr-lab .says').textContent"
        before = driver.execute_script(says)
        slider = driver.find_element(By.CSS_SELECTOR, "lr-lab .rate input[type=range]")
        low, high, now = (float(slider.get_property(name)) for name in ("min", "max", "value"))
        slider.send_keys(3 * (Keys.ARROW_RIGHT if now < (low + high) / 2 else Keys.ARROW_LEFT))
        webkit.wait(lambda: driver.execute_script(says) != before)


@pytest.mark.parametrize("rule", OPTIMIZERS)
def test_a_run_has_the_same_bits_as_in_python(webkit, rule):
    webkit.evaluate(
        f"() => {{ window.mathematicsIn = {translate.mathematics()}; window.M = mathematicsIn('float64'); }}"
    )
    theirs = test_parity.RULE_SETTINGS.get(rule, [{}])[0]
    for surface, form in zip(SURFACES, itertools.cycle(test_parity.FORMATS)):
        ours = test_parity.SURFACE_SETTINGS.get(surface, [{}])[-1]
        test_parity.compare(webkit, form, surface, ours, rule, theirs, test_parity.SHORT_RATES, 60, deviations=[0, 0.3])
