"""Build one edition: python site/edition.py de

One Sphinx build in a process of its own, because Sphinx keeps its state in globals. build.py runs
one for each edition that is not up to date.
"""

import contextlib
import gc
import io
import json
import os
import shutil
import sys
import time
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import yaml

import history
from editions import SPHINX_NAMES
from files import BUILD, ROOT, digest


def say(stage: str, what: str, started: float) -> None:
    """One line of progress."""
    print(f"{stage:<10} {what:<28} {time.monotonic() - started:6.1f} s", flush=True)


def editions() -> dict[str, dict[str, str]]:
    """Name, title and description of each edition, by the name of its folder."""
    return yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))["sphinx"]["config"]["editions"]


def pages(root: Path = ROOT) -> list[str]:
    """The names of all pages in their order."""
    toc = yaml.safe_load((root / "_toc.yml").read_text(encoding="utf-8"))
    return [toc["root"], *(chapter["file"] for part in toc.get("parts", [toc]) for chapter in part.get("chapters", ()))]


@cache
def version() -> str:
    """The version of the book and of lrlib, which are one."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]


def machinery() -> list[Path]:
    """What every page depends on, besides the book itself."""
    return [ROOT / name for name in ("lrlib", "site", "_config.yml", "_toc.yml", "pyproject.toml", "requirements.lock")]


def sources(language: str) -> list[Path]:
    """All that an edition is made of."""
    # A translation says whether it is in step with the English text.
    return [
        *machinery(),
        *(ROOT / "book" / name for name in dict.fromkeys((language, "en", "references.bib", "terms.yml"))),
    ]


def is_built(language: str) -> bool:
    """Whether the edition in `_build` was made from what is there now."""
    stamp = read_stamp(language) if (BUILD / language / "html").is_dir() else {}
    return stamp.get("sources") == digest(sources(language)) and stamp.get("days", {}) == history.dates(ROOT, language)


def stamp_path(language: str) -> Path:
    """The file that stands in an edition's folder only when its last build went well."""
    return BUILD / language / "stamp.json"


def read_stamp(language: str) -> dict[str, Any]:
    """What the edition was made from, as hashes, and the days on which its files were last changed."""
    try:
        return json.loads(stamp_path(language).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def build(language: str) -> str:
    """Build one edition into `_build/<language>/html` and return what was wrong with it."""
    import execution  # slow to import
    import kernels

    folder = BUILD / language
    stamp = {"machinery": digest(machinery()), "sources": digest(sources(language))}
    stamp["days"] = history.dates(ROOT, language)
    executed = execution.folder(ROOT / "book" / language)
    # Only a finished build may be continued: after a failure Sphinx would not warn again.
    if read_stamp(language).get("machinery") != stamp["machinery"]:
        for old in set(folder.glob("*")) - {executed}:
            shutil.rmtree(old) if old.is_dir() else old.unlink()
    stamp_path(language).unlink(missing_ok=True)
    kernels.isolate()
    with contextlib.redirect_stderr(io.StringIO()) as stderr:
        outcome = run_sphinx(language, folder, executed)
    if outcome != 0:
        return stderr.getvalue().replace(f"{ROOT}{os.sep}", "").strip() or repr(outcome)
    import notebooks  # both slow to import
    import slides

    slides.write(folder / "html", language, editions())
    notebooks.write_edition(language, folder / "html" / "notebooks")
    stamp_path(language).write_text(json.dumps(stamp), encoding="utf-8")
    return ""


def run_sphinx(language: str, folder: Path, executed: Path, toc: Path = ROOT / "_toc.yml") -> int | Exception:
    """Sphinx as Jupyter Book runs it, with what its command line cannot say."""
    import pybtex.plugin
    from jupyter_book.sphinx import build_sphinx
    from sphinx.util.console import nocolor

    # For each citation it would look through the metadata of every installed package: 2 s an edition.
    pybtex.plugin.find_plugin = cache(pybtex.plugin.find_plugin)
    nocolor()
    title = editions()[language]["title"]
    return build_sphinx(
        ROOT / "book" / language,
        folder / "html",
        path_config=ROOT / "_config.yml",
        noconfig=True,
        confoverrides={
            "language": SPHINX_NAMES.get(language, language),
            "html_title": title,
            "html_short_title": title,
            "project": title,
            "external_toc_path": str(toc),
            "nb_execution_cache_path": str(executed),
            "latex_individualpages": False,  # build_sphinx asks for it
        },
        doctreedir=folder / "doctrees",
        force_all=True,  # writes every page, so that a changed title arrives in every sidebar; reads only what changed
        quiet=True,
        warningiserror=True,
        keep_going=True,
    )


def main(language: str) -> int:
    """Build the edition, say how it went, and return the exit status."""
    gc.set_threshold(100_000, 20, 100)  # a quarter of the time went into looking for garbage where there is little
    started = time.monotonic()
    warnings = build(language)
    say("FAILED" if warnings else "built", editions()[language]["name"], started)
    if warnings:
        print(warnings, file=sys.stderr)
    return 1 if warnings else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
