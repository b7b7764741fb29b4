"""When a page was last changed, as git tells. Without git, or with only a part of the history, nothing is said."""

import subprocess
from pathlib import Path

#: What a page is made of besides its own text.
ALSO = {"glossary": "book/terms.yml", "bibliography": "book/references.bib", "reference": "lrlib"}


def dates(root: Path, language: str) -> dict[str, str]:
    """The day of the last commit (2026-11-21) that touched each file of an edition, by its path from `root`."""
    if _git(root, "rev-parse", "--is-shallow-repository").strip() != "false":
        return {}  # no repository, or one that knows its last commits only
    log = _git(
        root, "log", "--format=%x00%cs", "--name-only", "--relative", "--", f"book/{language}", *ALSO.values()
    )  # fmt: skip
    days: dict[str, str] = {}
    for commit in log.split("\0")[1:]:  # the newest first
        day, *paths = filter(None, commit.splitlines())
        for path in paths:
            days.setdefault(path, day)
    return {path: day for path, day in days.items() if (root / path).exists()}


def day_of(days: dict[str, str], language: str, name: str) -> str:
    """When the page was last changed; "" if that is not known."""
    also = ALSO.get(name)
    own = [day for path, day in days.items() if path == f"book/{language}/{name}.md"]
    return max(
        own + [day for path, day in days.items() if also and own and Path(path).is_relative_to(also)], default=""
    )


def _git(root: Path, *arguments: str) -> str:
    """What git says; "" if it is not there or does not want to."""
    try:
        done = subprocess.run(
            ["git", "-c", "core.quotepath=off", *arguments],
            cwd=root, stdin=subprocess.DEVNULL, capture_output=True, encoding="utf-8", check=False,
        )  # fmt: skip
    except OSError:
        return ""
    return done.stdout if done.returncode == 0 else ""
