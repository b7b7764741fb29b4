"""Every chapter is a test: its code cells are run in order, in a kernel that stands in its folder.

It stands here and not in tests/ because pytest asks only the conftest files above a chapter:
`python -m pytest book/de/overshooting.md` runs a single one.

And in which portions tests go to the processes that run them side by side.
"""

import gc
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from nbval.kernel import RunningKernel
from nbval.plugin import IPyNbCell, IPyNbFile, find_metadata_tags
from xdist.scheduler import LoadScopeScheduling

import execution
import kernels


def pytest_configure(config: pytest.Config) -> None:
    """Chapters run as they do in a build, whatever the reader's own settings are."""
    kernels.isolate()
    gc.set_threshold(20_000, 20, 100)  # a tenth of the time went into looking for garbage where there is little


def pytest_collection_finish() -> None:
    """All that is loaded and collected stays: it need not be looked through again and again."""
    gc.freeze()


def pytest_sessionfinish() -> None:
    """Who asks at the end what refers to an object, as Hypothesis does, is told."""
    gc.unfreeze()


# The part of `lrlib.probe` that imports PyTorch, whose examples are not collected where there is none.
collect_ignore = [] if find_spec("torch") else ["lrlib/probing.py"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The example of `lrlib.probe` needs PyTorch."""
    for item in items:
        if item.name == "lrlib.probe.probe" and not find_spec("torch"):
            item.add_marker(pytest.mark.skip(reason='PyTorch is not installed: pip install -e ".[torch]"'))


class Portions(LoadScopeScheduling):
    """Whole files, as `--dist loadfile` gives them out, but of the site one page at a time."""

    def _split_scope(self, nodeid: str) -> str:
        file, _, test = nodeid.partition("::")
        page = re.search(r"\[([\w/.?-]+\.html[^-\]]*)", test) if file.endswith("test_pages.py") else None
        return page[1] if page else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Callable) -> LoadScopeScheduling:
    """Called where tests run side by side. Files stay in their order: the long ones of the browser come first."""
    config.option.loadscopereorder = False
    return Portions(config, log)


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """A chapter is book/<language>/<name>.md; one without code cells is no test."""
    if file_path.suffix != ".md" or file_path.parent.parent != parent.config.rootpath / "book":
        return None
    has_code = "{code-cell}" in file_path.read_text(encoding="utf-8")
    return ChapterFile.from_parent(parent, path=file_path) if has_code else None


class ChapterFile(IPyNbFile):
    """A chapter in MyST Markdown, where nbval expects an .ipynb."""

    def collect(self) -> Iterator["ChapterCell"]:
        """Its code cells, named by their lines."""
        self.nb = execution.read(self.path)
        places = zip(self.nb.cells, self.nb.metadata["source_map"])
        code = [(cell, line) for cell, line in places if cell.cell_type == "code"]
        for number, (cell, line) in enumerate(code, 1):
            options = defaultdict(bool, find_metadata_tags(cell.metadata))
            options["check"] = False  # chapters store no outputs, so there is nothing to compare
            yield ChapterCell.from_parent(self, name=f"line {line}", cell_num=number, cell=cell, options=options)

    def setup(self) -> None:
        """A kernel in the chapter's folder."""
        import matplotlib.font_manager  # noqa: F401 — builds its cache here, or a first cell would say so on stderr

        self.kernel = ChapterKernel(self.path.parent)
        self.passed = 0

    def teardown(self) -> None:
        """What a chapter put out, all of whose cells ran well, need not be put out again for the site."""
        code = [cell for cell in self.nb.cells if cell.cell_type == "code"]
        if self.passed == len(code):
            execution.keep(self.path, self.nb)
        super().teardown()


class ChapterKernel(RunningKernel):
    """A kernel as the build has them, where nbval starts one from nothing."""

    def __init__(self, folder: Path):
        self.km = kernels.Manager()
        self.km.start_kernel(cwd=str(folder))
        self.kc = self.km.client()
        self.kc.start_channels()
        self.kc.wait_for_ready(timeout=60)
        self._ensure_iopub_up()

    def get_message(self, stream: str, timeout: float | None = None) -> dict[str, Any]:
        """The next message. nbval would write each of them out in full, pictures too, for a log that is not kept."""
        get = {"iopub": self.kc.get_iopub_msg, "shell": self.kc.get_shell_msg}[stream]
        return get(timeout=timeout)


class ChapterCell(IPyNbCell):
    """A code cell. It fails if it raises or writes to stderr, as a warning does."""

    def runtest(self) -> None:
        """Run the cell after those before it."""
        super().runtest()
        for output in self.test_outputs:
            if output.output_type == "stream" and output.name == "stderr":
                self.raise_cell_error("The cell writes to stderr; mend what it warns of", output.text)
        self.cell.outputs = self.test_outputs
        self.parent.passed += 1

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException]) -> str:
        """The failure with the place in the chapter at its head."""
        line = self.name.removeprefix("line ")
        place = f"{self.path.relative_to(self.config.rootpath).as_posix()}:{line}"
        return f"{place}: this code cell fails\n{super().repr_failure(excinfo)}"

    def reportinfo(self) -> tuple[Path, int, str]:
        """File, line counted from 0, and name."""
        place = self.path.relative_to(self.config.rootpath).as_posix()
        return self.path, int(self.name.removeprefix("line ")) - 1, f"{place}, {self.name}"
