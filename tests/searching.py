"""Objectives for tests/test_search.py, in a module that other processes import quickly."""

import os
import signal
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from waiting import wait_for

KILL = getattr(signal, "SIGKILL", signal.SIGTERM)


def bowl(x, y=1):
    """The objective without surprises."""
    return {"loss": (x - 3) ** 2 + y / 7, "double": 2 * x}


class NeedsTwo(Exception):
    """It can be pickled, but not unpickled."""

    def __init__(self, one, two):
        super().__init__(f"{one} and {two}")


def fussy(x, y=1):
    """The objective that disappoints in every way that costs one candidate."""
    if x == 2:
        raise ValueError(f"no {x} today")
    if x == 3:
        raise NeedsTwo(x, y)
    if x == 4:
        raise SystemExit("no GPU")
    return {5: None, 6: float("nan"), 7: float("inf"), 8: {"loss": 1.0, "extra": 2}, 9: 1j}.get(x, x / 3)


def fails(x):
    raise ZeroDivisionError(f"not with {x}")


@dataclass(frozen=True)
class Gated:
    """`bowl`, but from the `free`-th candidate on it waits until there is a file "go".

    It leaves a file "waiting <x> <pid>" when it begins to wait.
    """

    folder: Path
    free: int

    def __call__(self, x):
        if x >= self.free:
            (self.folder / f"waiting {x} {os.getpid()}").touch()
            wait_for((self.folder / "go").exists)
        return bowl(x)

    @contextmanager
    def opened_at_last(self):
        """Let nobody wait for ever."""
        try:
            yield
        finally:
            (self.folder / "go").touch()

    def waiting(self, count=1):
        """Wait until so many calls wait, then return the candidate and the process of each."""
        found = wait_for(lambda: len(paths := sorted(self.folder.glob("waiting *"))) >= count and paths)
        return [tuple(map(int, path.name.split()[1:])) for path in found]


@dataclass(frozen=True)
class Deadly:
    """`bowl`, but one candidate kills the process that computes it, once there are other results."""

    folder: Path
    deadly: int

    def __call__(self, x):
        if x == self.deadly:
            wait_for(lambda: any(self.folder.glob("done *")))
            os.kill(os.getpid(), KILL)
        (self.folder / f"done {x}").touch()
        return bowl(x)
