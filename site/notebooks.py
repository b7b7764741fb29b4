"""The chapters as notebooks, one folder a language, without outputs."""

import re
import time

import jupytext
from nbformat import NotebookNode

from edition import BUILD, ROOT, say

NOTEBOOKS = BUILD / "notebooks"


def readable(notebook: NotebookNode) -> NotebookNode:
    """In a notebook no link can set a figure: what it says stays."""
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = re.sub(r"\{state\}`([^`]+?)\s*<[^<>`]+>`", r"\1", cell.source)
    return notebook


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
            jupytext.write(readable(jupytext.read(chapter, fmt="md:myst")), target, fmt="ipynb")
        say("wrote", f"{len(chapters)} notebooks, {languages[language]['name']}", started)
    print(f"The notebooks are in {NOTEBOOKS.relative_to(ROOT).as_posix()}")
