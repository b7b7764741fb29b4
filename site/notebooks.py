"""The chapters as notebooks without outputs, one folder a language, and the package that they need beside them.

A notebook runs wherever that package is installed, and its text needs nothing but Markdown: `plain.py` sees to it.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import yaml

import launch
from edition import say, version
from files import BUILD, ROOT, digest
from plain import Manuscript

NOTEBOOKS = BUILD / "notebooks"

#: Cells that the page does not show: a reader of the notebook may unfold them.
_FOLDED = {"remove-cell", "remove-input"}

_INSTALL = """\
import importlib.util
import sys

if importlib.util.find_spec("lrlib") is None:
    %pip install -q {package}
if "google.colab" in sys.modules:  # which shows no widgets of others without being asked
    sys.modules["google.colab"].output.enable_custom_widget_manager()"""


def has_code(chapter: Path) -> bool:
    """Whether a page is a notebook at all."""
    return "{code-cell}" in chapter.read_text(encoding="utf-8")


def package_name() -> str:
    """The file from which lrlib is installed."""
    return f"lrlib-{version()}-py3-none-any.whl"


def write_edition(language: str, folder: Path, made: Path | None = None) -> int:
    """Write the notebooks of one edition; the result is how many there are.

    Arguments
        folder: where they go.
        made: where to note what they are made of. With it, only those are written whose text has changed since:
            what a reader did in the others stays.
    """
    config = _config()
    manuscript = Manuscript(ROOT, language, launch.address_of(config))
    package = package_name()
    address = (
        f"{manuscript.address}/{package}" if manuscript.address else launch.raw(config.get("launch") or {}, package)
    )
    chapters = [chapter for chapter in manuscript.chapters if has_code(chapter)]
    for chapter in chapters:
        _write(folder / f"{chapter.stem}.ipynb", _notebook(manuscript, chapter, package, address), made)
    return len(chapters)


def _config() -> dict[str, Any]:
    return yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))["sphinx"]["config"]


def _notebook(manuscript: Manuscript, chapter: Path, package: str, address: str) -> str:
    """A chapter as the text of an .ipynb file; the same text gives the same bytes."""
    import jupytext  # takes longer to import than most builds take to find that there is nothing to do
    from nbformat import v4

    notebook = jupytext.read(chapter, fmt="md:myst")
    cells = [v4.new_markdown_cell(manuscript.opening(chapter, package, address))]
    if address:
        cells.append(v4.new_code_cell(_INSTALL.format(package=address)))
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = manuscript.plain(cell.source, chapter.stem)
        elif _FOLDED & set(cell.metadata.get("tags", ())):
            cell.metadata["jupyter"] = {"source_hidden": True}
    notebook.cells = [*cells, *(cell for cell in notebook.cells if cell.source.strip())]
    for number, cell in enumerate(notebook.cells):  # otherwise drawn by lot
        cell["id"] = hashlib.sha256(f"{number} {cell.source}".encode()).hexdigest()[:8]
    notebook.metadata = {"kernelspec": notebook.metadata["kernelspec"], "language_info": {"name": "python"}}
    return jupytext.writes(notebook, fmt="ipynb")


def _write(target: Path, text: str, made: Path | None) -> None:
    known, note = hashlib.sha256(text.encode()).hexdigest(), made and made / f"{target.stem}.sha256"
    if note and target.exists() and note.exists() and note.read_text() == known:
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text, encoding="utf-8", newline="\n")
    if note:
        made.mkdir(parents=True, exist_ok=True)
        note.write_text(known)


def write_package(folder: Path) -> Path:
    """Make the file from which lrlib is installed, unless it is there, and copy it into the folder.

    It is made in a folder of its own, because setuptools leaves things behind, and with a fixed date.
    """
    sources = [ROOT / name for name in ("lrlib", "pyproject.toml", "LICENSE")]
    made = BUILD / "package" / digest(sources) / package_name()
    if not made.exists():
        shutil.rmtree(made.parent.parent, ignore_errors=True)
        made.parent.mkdir(parents=True)
        with tempfile.TemporaryDirectory() as copy:
            shutil.copytree(sources[0], Path(copy) / "lrlib", ignore=shutil.ignore_patterns("__pycache__"))
            for file in sources[1:]:
                shutil.copy(file, copy)
            code = "import sys; from setuptools.build_meta import build_wheel; build_wheel(sys.argv[1])"
            done = subprocess.run(
                [sys.executable, "-c", code, str(made.parent)],
                cwd=copy, env=os.environ | {"SOURCE_DATE_EPOCH": "315532800"}, capture_output=True, encoding="utf-8", check=False,
            )  # fmt: skip
        if done.returncode or not made.exists():
            raise SystemExit(f"The package could not be made:\n{done.stdout}{done.stderr}")
    folder.mkdir(parents=True, exist_ok=True)
    return Path(shutil.copy(made, folder))


def write(languages: dict[str, dict[str, str]]) -> None:
    """Write all of them, and what a hub needs to run them: a repository with this folder is enough for it."""
    for language in languages:
        started = time.monotonic()
        count = write_edition(language, NOTEBOOKS / language, BUILD / "notebooks-made" / language)
        say("wrote", f"{count} notebooks, {languages[language]['name']}", started)
    package = write_package(NOTEBOOKS)
    for old in set(NOTEBOOKS.glob("lrlib-*.whl")) - {package}:
        old.unlink()
    (NOTEBOOKS / "requirements.txt").write_text(f"./{package.name}\n", encoding="utf-8")
    (NOTEBOOKS / "runtime.txt").write_text("python-3.12\n", encoding="utf-8")  # Binder's own may be too old
    print(f"The notebooks are in {NOTEBOOKS.relative_to(ROOT).as_posix()}")
