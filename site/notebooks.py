"""The chapters as notebooks, one folder a language, without outputs."""

import time

import jupytext

from edition import BUILD, ROOT, say

NOTEBOOKS = BUILD / "notebooks"


def write(languages: dict[str, dict[str, str]]) -> None:
    """Write every chapter with code that changed since it was written; what a reader did in the others stays."""
    for language in languages:
        started = time.monotonic()
        folder = NOTEBOOKS / language
        pages = sorted((ROOT / "book" / language).rglob("*.md"))
        chapters = [page for page in pages if "{code-cell}" in page.read_text(encoding="utf-8")]
        for chapter in chapters:
            target = folder / chapter.relative_to(ROOT / "book" / language).with_suffix(".ipynb")
            if target.exists() and target.stat().st_mtime > chapter.stat().st_mtime:
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            jupytext.write(jupytext.read(chapter, fmt="md:myst"), target, fmt="ipynb")
        say("wrote", f"{len(chapters)} notebooks, {languages[language]['name']}", started)
    print(f"The notebooks are in {NOTEBOOKS.relative_to(ROOT).as_posix()}")
