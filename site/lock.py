"""One build at a time: a lock the system drops when its holder ends, however that happens."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

if sys.platform == "win32":
    import msvcrt

    def _try(file: IO) -> None:
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _try(file: IO) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Wait until no other process is in here with the same `path`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        told = False
        while True:
            try:
                _try(file)
                break
            except OSError:
                if not told:
                    print("Another build is running; waiting for it.", flush=True)
                told = True
                time.sleep(0.2)
        yield
