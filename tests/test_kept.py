"""What is computed once and kept: by which process, under which name, and what is left behind."""

import subprocess
import sys
import threading
import time

import numpy as np
import pytest

from lrlib import kept


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty folder for what is kept."""
    monkeypatch.setenv("LRLIB_CACHE", str(tmp_path / "kept"))
    return tmp_path / "kept"


CODE = """
def train(x):
    'What it does.'
    return step(x) + other.FACTOR

def step(x): return x + 1

def unused(): return 2
"""


@pytest.mark.parametrize(
    ("old", "new", "same"),
    [
        ("What it does.", "Said otherwise.", True),
        ("'What it does.'", "'What it does.'  # and why", True),
        ("return 2", "return 3", True),
        ("x + 1", "x + 2", False),
        ("FACTOR = 2", "FACTOR = 3", False),
        ("    'What it does.'\n", "", True),
    ],
)
def test_what_is_kept_depends_on_the_code_that_is_run_and_on_no_words(old, new, same):
    sources = [CODE, "FACTOR = 2"]
    changed = [source.replace(old, new) for source in sources]
    assert changed != sources
    assert (kept.used(changed, ["train"]) == kept.used(sources, ["train"])) == same


def test_many_at_once_read_whole_files_only(folder):
    wrong = []

    def read_or_write():
        for i in range(40):
            numbers = kept.kept("same", lambda: {"values": np.full(20_000, 7.0)})
            if numbers["values"].shape != (20_000,) or (numbers["values"] != 7).any():
                wrong.append(i)
            if i % 5 == 0:
                (folder / "same.npz").unlink(missing_ok=True)

    threads = [threading.Thread(target=read_or_write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong and not list(folder.glob("*.part"))


ONE_OF_TWO = """
import sys, time
from pathlib import Path
import numpy as np
from lrlib import kept

def job():
    with open(sys.argv[1], "a") as done:
        done.write("once\\n")
    time.sleep(float(sys.argv[2]))
    return {"values": np.arange(3)}

print(kept.kept("same", job)["values"].sum())
"""


def start(*arguments):
    return subprocess.Popen([sys.executable, "-c", ONE_OF_TWO, *map(str, arguments)], stdout=subprocess.PIPE, text=True)


def test_of_two_processes_one_computes_and_the_other_waits(tmp_path, folder):
    both = [start(tmp_path / "done", 1.0) for _ in range(2)]
    assert [process.communicate(timeout=60)[0] for process in both] == ["3\n"] * 2
    assert (tmp_path / "done").read_text() == "once\n"
    assert [file.name for file in folder.iterdir()] == ["same.npz"]


def test_nobody_waits_for_a_process_that_was_killed(tmp_path, folder):
    process = start(tmp_path / "done", 60)
    while not (tmp_path / "done").exists():
        time.sleep(0.02)
    process.kill()
    process.communicate()
    begun = time.monotonic()
    assert kept.kept("same", lambda: {"values": np.arange(4)})["values"].sum() == 6
    assert time.monotonic() - begun < 5 and [file.name for file in folder.iterdir()] == ["same.npz"]


def test_where_nothing_can_be_locked_nobody_waits(tmp_path):
    (tmp_path / "folder").mkdir()
    with kept.alone(tmp_path / "folder"):
        pass
    with kept.alone(tmp_path / "one.lock"), kept.alone(tmp_path / "other.lock"):
        pass
