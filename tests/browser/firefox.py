"""Firefox as its users have it, over WebDriver BiDi, which it speaks itself: https://www.w3.org/TR/webdriver-bidi/"""

import itertools
import json
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from websocket import WebSocket, create_connection

from pages import SETTLED
from waiting import wait_for

NEEDED = shutil.which("firefox-esr") or shutil.which("firefox")
MISSING = "" if NEEDED else "sudo apt-get install firefox-esr"

#: Seconds that it may take to answer.
PATIENCE = 60

#: What it says of a formula that it lays out while the rest of it has not yet arrived.
HALF_READ = "Invalid markup: Incorrect number of children"


class Firefox:
    """A tab of Firefox as narrow as a telephone, asked as Playwright's pages are."""

    def __init__(self, socket: WebSocket):
        self.socket, self.numbers, self.said = socket, itertools.count(), []
        self.call("session.new", capabilities={})
        self.call("session.subscribe", events=["log.entryAdded"])
        self.tab = self.call("browsingContext.getTree")["contexts"][0]["context"]
        self.call("browsingContext.setViewport", context=self.tab, viewport={"width": 375, "height": 900})

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        """What a command gives; what the page says meanwhile is kept."""
        number = next(self.numbers)
        self.socket.send(json.dumps({"id": number, "method": method, "params": params}))
        while (answer := json.loads(self.socket.recv())).get("id") != number:
            if answer.get("method") == "log.entryAdded":
                self._hear(**answer["params"])
        assert answer["type"] == "success", f"{method}: {answer}"
        return answer["result"]

    def _hear(self, level: str, text: str, **_: Any) -> None:
        if level in ("warn", "error") and not text.startswith(HALF_READ):
            self.said.append(text)

    def evaluate(self, script: str, argument: Any = None) -> Any:
        """What a function of the argument gives, at once or later."""
        given = [{"type": "string", "value": json.dumps(argument)}]
        call = f"async (text) => JSON.stringify(await ({script})(JSON.parse(text))) ?? 'null'"
        target = {"context": self.tab}
        answer = self.call(
            "script.callFunction", functionDeclaration=call, arguments=given, target=target, awaitPromise=True
        )
        assert answer["type"] == "success", answer["exceptionDetails"]["text"]
        return json.loads(answer["result"]["value"])

    def open(self, address: str, path: str) -> None:
        """The page with all its figures; what is asked next is asked of it."""
        self.call("browsingContext.navigate", context=self.tab, url=f"{address}/{path}", wait="complete")
        self.evaluate(SETTLED)

    def press(self, element: str, keys: str) -> None:
        """Keys of the keyboard, in this element."""
        self.evaluate("(element) => document.querySelector(element).focus()", element)
        strokes = [{"type": kind, "value": key} for key in keys for kind in ("keyDown", "keyUp")]
        keyboard = {"type": "key", "id": "keyboard", "actions": strokes}
        self.call("input.performActions", context=self.tab, actions=[keyboard])

    def complaints(self) -> list[str]:
        """The errors and warnings on the console since this was asked before."""
        said, self.said = self.said, []
        return said


@contextmanager
def started() -> Iterator[Firefox]:
    """Firefox while it runs, with a profile of its own."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        place = Path(profile) / "WebDriverBiDiServer.json"  # it writes there where it listens
        command = [NEEDED, "--headless", "--no-remote", "--profile", profile, "--remote-debugging-port", "0"]
        quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        with subprocess.Popen(command, **quiet) as running:
            try:
                told = wait_for(lambda: place.exists() and place.read_text(encoding="utf-8"))
                address = f"ws://127.0.0.1:{json.loads(told)['ws_port']}/session"
                with closing(create_connection(address, PATIENCE, suppress_origin=True)) as socket:
                    yield Firefox(socket)
            finally:
                running.terminate()
