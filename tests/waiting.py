"""Waiting for what another process will do, in a module that processes import quickly."""

import time


def wait_for(condition, seconds=60):
    """What `condition` returns, as soon as it is true."""
    last = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < last, "waited in vain"
        time.sleep(0.005)
    return found
