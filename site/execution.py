"""Run the code cells of chapters and keep what they put out where Sphinx looks for it.

Left to itself Sphinx runs the chapters of an edition one after another, each in a kernel that loads everything anew;
and two editions that come to the same training at the same moment wait for one another. So chapters are run before, as
many at once as keep all cores at work. nbval keeps here what it has run (see `conftest.py`), and nothing runs twice.

A chapter that fails is not kept: Sphinx runs it again, and says what is wrong and where.
"""

import os
import sys
import tempfile
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from functools import cache
from pathlib import Path

# jsonschema, which comes with notebooks, would spend a second on a parser of web addresses that none of them needs.
sys.modules.setdefault("rfc3987_syntax", None)

from filelock import FileLock
from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn
from jupyter_cache.cache.main import JupyterCacheBase
from jupyter_cache.executors.utils import single_nb_execution
from jupyter_core.utils import ensure_event_loop
from jupytext.myst import myst_to_notebook
from nbformat import NotebookNode

import kernels
from files import ROOT, digest

#: Seconds for one cell; a slow machine is not an error.
TIMEOUT = 300


@cache
def folder(edition: Path) -> Path:
    """Where the outputs of the chapters in `book/<language>` are; another one for any other lrlib."""
    code = digest([ROOT / "lrlib", ROOT / "requirements.lock"])
    return edition.parents[1] / "_build" / edition.name / f"executed-{code}"


@contextmanager
def outputs(edition: Path) -> Iterator[JupyterCacheBase]:
    """What the chapters in `book/<language>` have put out, from a database that is closed afterwards."""
    kept = get_cache(folder(edition))
    try:
        yield kept
    finally:
        kept.db.dispose()


def read(chapter: Path) -> NotebookNode:
    """A chapter as a notebook without outputs; its metadata know at which line each cell begins."""
    return myst_to_notebook(chapter.read_text(encoding="utf-8"), add_source_map=True)


def keep(chapter: Path, notebook: NotebookNode) -> None:
    """Keep the outputs of a notebook that ran without a failure, if they are not kept yet."""
    kept = folder(chapter.parent)
    kept.mkdir(parents=True, exist_ok=True)
    with FileLock(kept / "lock"), outputs(chapter.parent) as put_out:
        if not _holds(put_out, notebook):
            put_out.cache_notebook_bundle(CacheBundleIn(notebook, str(chapter)), check_validity=False)


def _holds(put_out: JupyterCacheBase, notebook: NotebookNode) -> bool:
    with suppress(KeyError):
        return bool(put_out.match_cache_notebook(notebook))
    return False


def outstanding(chapter: Path) -> bool:
    """Whether its cells, if it has any, must be run."""
    notebook = read(chapter)
    has_code = any(cell.cell_type == "code" for cell in notebook.cells)
    if not has_code or not folder(chapter.parent).exists():
        return has_code
    with outputs(chapter.parent) as put_out:
        return not _holds(put_out, notebook)


def run(chapter: Path) -> None:
    """Run a chapter in a kernel of its own and keep its outputs if all went well."""
    notebook = read(chapter)
    given = {"timeout": TIMEOUT, "startup_timeout": TIMEOUT, "allow_errors": False}
    given["kernel_manager_class"] = kernels.AsyncManager
    given["shutdown_kernel"] = "immediate"  # it has nothing left to do, and to be polite takes seconds
    # The event loop of this thread, which nobody else would close.
    with tempfile.TemporaryDirectory() as place, closing(ensure_event_loop()):
        try:
            failure = single_nb_execution(notebook, cwd=place, **given).err
        except RuntimeError as died:  # the kernel
            failure = died
    if failure is None:
        keep(chapter, notebook)


def run_all(chapters: Iterable[Path]) -> int:
    """Run those that must be run, several at once, and return how many they were."""
    wanted = [chapter for chapter in chapters if outstanding(chapter)]
    if wanted:
        kernels.prepare()
    # One more than there are cores: a kernel that begins waits half a second for nothing but its first words.
    pool = ThreadPoolExecutor((os.cpu_count() or 1) + 1)
    try:
        list(pool.map(run, wanted))
    except KeyboardInterrupt:
        kernels.end_all()  # or it would be their last cell that one has to wait for
        raise
    finally:
        pool.shutdown(cancel_futures=True)
    return len(wanted)
