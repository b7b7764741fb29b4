"""WebKit, the engine of Safari and of all browsers on an iPhone: Debian's, on a screen that nobody sees."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from selenium.common.exceptions import WebDriverException
from selenium.webdriver import WebKitGTK
from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait
from selenium.webdriver.webkitgtk.service import Service

from pages import SETTLED

NEEDED = [shutil.which(name) for name in ("WebKitWebDriver", "Xvfb")]
MISSING = "" if None not in NEEDED else "sudo apt-get install webkit2gtk-driver xvfb"

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

    def open(self, address: str, path: str) -> None:
        """The page in a frame as narrow as a telephone, with all its figures; what is asked next is asked of it."""
        run = self.driver.execute_script
        try:
            self.driver.get(f"{address}/404.html")
            run("document.documentElement.innerHTML = arguments[0]", PHONE)
            run("document.querySelector('iframe').src = arguments[0]", f"{address}/{path}")
            self.driver.switch_to.frame(0)
            read = WebDriverWait(self.driver, 30, 0.05)
            read.until(lambda _: run("return location.pathname + document.readyState") == f"/{path}complete")
            self.evaluate(SETTLED)
        except WebDriverException as error:
            raise AssertionError(f"WebKit does not open {path} at 375 px, or dies of it: {error!r}") from None

    def press(self, element: str, keys: str) -> None:
        """Keys of the keyboard, in this element."""
        self.driver.find_element(By.CSS_SELECTOR, element).send_keys(keys)

    def complaints(self) -> list[str]:
        """Its driver does not tell what is on the console."""
        return []


@contextmanager
def started() -> Iterator[WebKit]:
    """WebKit while it runs."""
    driver_file, screen_file = NEEDED
    screen = [screen_file, "-displayfd", "1", "-screen", "0", "1400x1100x24", "-nolisten", "tcp"]
    with subprocess.Popen(screen, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as running:
        try:
            display = f":{running.stdout.readline().strip()}"
            with WebKitGTK(service=Service(driver_file, env=os.environ | {"DISPLAY": display})) as driver:
                yield WebKit(driver)
        finally:
            running.terminate()
