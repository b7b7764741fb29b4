"""How long the site takes to build: from nothing, after one edited sentence, with nothing to do."""

import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent


def report() -> Iterator[str]:
    yield "Building four editions, in seconds"
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "book"
        files = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
        for name in filter(None, files.decode().split("\0")):
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, copy / name)
        yield f"{'from nothing':28}{_seconds(copy):8.1f}"
        # A translation: an edited English sentence is refused until its translations follow.
        chapter = copy / "book" / "de" / "overshooting.md"
        text = chapter.read_text(encoding="utf-8")
        paragraph = next(line for line in text.splitlines() if len(line) > 200)
        chapter.write_text(text.replace(paragraph, paragraph + " Neu.", 1), encoding="utf-8")
        yield f"{'one edited sentence':28}{_seconds(copy):8.1f}"
        yield f"{'nothing to do':28}{_seconds(copy):8.1f}"


def _seconds(copy: Path) -> float:
    start = time.perf_counter()
    done = subprocess.run([sys.executable, "site/build.py"], cwd=copy, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"the build failed:\n{done.stdout}\n{done.stderr}")
    return time.perf_counter() - start
