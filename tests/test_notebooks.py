"""What `conftest.py` makes of chapters: each of their code cells is a test."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import execution
import pytest

GOOD = """\
---
kernelspec: {name: python3, display_name: Python 3}
---

# A chapter

```{code-cell}
:tags: [remove-cell]
from pathlib import Path
factor = 2
```

Text between.

```{code-cell}
assert factor == 2
assert Path.cwd().name == "de"
```

```{code-cell}
:tags: [raises-exception]
1 / 0
```
"""

BAD = """\
# A chapter

```{code-cell}
assert 1 == 2, "one is not two"
```

```{code-cell}
import warnings

warnings.warn("mind the gap")
```
"""


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository whose book has a good chapter, a bad one and one without code."""
    root = tmp_path_factory.mktemp("repository")
    chapters = root / "book" / "de"
    chapters.mkdir(parents=True)
    (chapters / "good.md").write_text(GOOD, encoding="utf-8")
    (chapters / "bad.md").write_text(BAD, encoding="utf-8")
    (chapters / "prose.md").write_text("---\n---\n\n# Only prose\n", encoding="utf-8")
    (root / "notes.md").write_text(BAD, encoding="utf-8")
    (root / "pytest.ini").touch()
    shutil.copy(Path(__file__).parent.parent / "conftest.py", root)
    return root


@pytest.fixture(scope="module")
def environment() -> dict[str, str]:
    """As a terminal has it in which no tests run."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "COV_"))}


@pytest.fixture(scope="module", autouse=True)
def report(book: Path, environment: dict[str, str]) -> str:
    """What pytest prints for it."""
    command = [sys.executable, "-m", "pytest", "-v", "--color=no", "-p", "no:cacheprovider"]
    given = environment | {"PYTHONPATH": str(Path(execution.__file__).parent)}
    run = subprocess.run(command, cwd=book, env=given, capture_output=True, encoding="utf-8", timeout=300)
    return run.stdout + run.stderr


def test_a_cell_that_raises_fails_and_its_line_in_the_chapter_is_named(report):
    assert "FAILED book/de/bad.md::line 3 " in report
    assert "book/de/bad.md:3: this code cell fails" in report
    assert "one is not two" in report


def test_a_cell_that_warns_fails_and_its_line_in_the_chapter_is_named(report):
    assert "FAILED book/de/bad.md::line 7 " in report
    assert "book/de/bad.md:7: this code cell fails" in report
    assert "mind the gap" in report


def test_cells_run_in_one_kernel_in_the_folder_of_the_chapter(report):
    assert "book/de/good.md::line 7 PASSED" in report
    assert "book/de/good.md::line 15 PASSED" in report


def test_a_cell_may_raise_where_its_tag_says_so(report):
    assert "book/de/good.md::line 20 PASSED" in report


def test_chapters_without_code_and_other_files_are_no_tests(report):
    assert "prose.md" not in report and "notes.md" not in report
    assert "2 failed, 3 passed" in report


def test_what_a_good_chapter_put_out_is_kept_for_the_site_and_nothing_of_a_bad_one(book):
    good, bad = book / "book" / "de" / "good.md", book / "book" / "de" / "bad.md"
    assert not execution.outstanding(good) and execution.outstanding(bad)
    with execution.outputs(good.parent) as put_out:
        _, notebook = put_out.merge_match_into_notebook(execution.read(good))
    raised = notebook.cells[-1].outputs[0]
    assert (raised.output_type, raised.ename) == ("error", "ZeroDivisionError")


def test_a_file_of_tests_can_be_run_in_one_process(environment):
    command = [sys.executable, "-m", "pytest", "-n", "0", "-q", "-p", "no:cacheprovider", "tests/test_arithmetic.py"]
    root = Path(__file__).parent.parent
    run = subprocess.run(command, cwd=root, env=environment, capture_output=True, encoding="utf-8", timeout=300)
    assert run.returncode == 0, run.stdout + run.stderr
