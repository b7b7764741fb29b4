"""Chapters are run in kernels of their own, and what they put out is kept for Sphinx."""

import os
import signal
import sys
from pathlib import Path
from subprocess import PIPE, Popen

import execution
import kernels
import pytest
from nbformat import NotebookNode

CHAPTER = """\
---
kernelspec: {{name: python3, display_name: Python 3}}
---

# A chapter

```{{code-cell}}
import matplotlib.pyplot as plt
print("in a kernel")
```

```{{code-cell}}
{last}
```
"""


@pytest.fixture
def chapter(tmp_path: Path) -> Path:
    path = tmp_path / "book" / "de" / "chapter.md"
    path.parent.mkdir(parents=True)
    path.write_text(CHAPTER.format(last="plt.plot([1, 2]);"))
    return path


def kept(chapter: Path) -> NotebookNode:
    """What Sphinx would find of a chapter."""
    with execution.outputs(chapter.parent) as put_out:
        return put_out.merge_match_into_notebook(execution.read(chapter))[1]


def test_a_chapter_is_run_once_and_its_outputs_are_kept(chapter):
    assert execution.outstanding(chapter)
    assert execution.run_all([chapter]) == 1
    texts, picture = [cell.outputs for cell in kept(chapter).cells if cell.cell_type == "code"]
    assert texts[0].text == "in a kernel\n"
    assert "image/png" in picture[0].data, "pictures of matplotlib are shown as in any notebook"
    assert not execution.outstanding(chapter) and execution.run_all([chapter]) == 0


def test_a_changed_cell_asks_for_another_run_and_a_changed_sentence_does_not(chapter):
    execution.run_all([chapter])
    text = chapter.read_text()
    chapter.write_text(text.replace("# A chapter", "# Another title"))
    assert not execution.outstanding(chapter)
    chapter.write_text(text.replace("in a kernel", "in another kernel"))
    assert execution.outstanding(chapter)


def test_a_chapter_that_fails_is_not_kept(chapter):
    chapter.write_text(CHAPTER.format(last="1 / 0"))
    assert execution.run_all([chapter]) == 1
    assert execution.outstanding(chapter)


def test_a_kernel_that_dies_leaves_the_chapter_to_sphinx(chapter):
    chapter.write_text(CHAPTER.format(last="import os; os._exit(3)"))
    assert execution.run_all([chapter]) == 1
    assert execution.outstanding(chapter)


@pytest.mark.skipif(not kernels.FORKS, reason="a kernel that is not forked hears the interrupt itself")
def test_an_interrupt_does_not_wait_for_a_cell_that_takes_long(chapter):
    begun = chapter.with_suffix(".begun")
    chapter.write_text(CHAPTER.format(last=f"open({str(begun)!r}, 'w').close(); import time; time.sleep(250)"))
    code = "import signal, sys; from pathlib import Path; import execution"
    # Which is ignored where the tests run in the background.
    code += "; signal.signal(signal.SIGINT, signal.default_int_handler)"
    code += "; execution.run_all([Path(sys.argv[1])])"
    build = Popen([sys.executable, "-c", code, str(chapter)], cwd=Path(execution.__file__).parent, stderr=PIPE)
    while not begun.exists():
        assert build.poll() is None, build.stderr.read().decode()
    build.send_signal(signal.SIGINT)
    said = build.communicate(timeout=60)[1].decode()
    assert said.rstrip().endswith("KeyboardInterrupt")


def test_a_page_without_code_need_not_be_run(chapter):
    chapter.write_text("# Only prose\n")
    assert not execution.outstanding(chapter) and execution.run_all([chapter]) == 0


def test_a_kernel_knows_nothing_of_the_one_before_and_stands_in_its_folder(tmp_path):
    seen = []
    for code in (
        "import numpy; numpy.left_behind = 1",
        "import numpy, os; print(hasattr(numpy, 'left_behind'), os.getcwd())",
    ):
        manager = kernels.Manager()
        manager.start_kernel(cwd=str(tmp_path))
        client = manager.client()
        client.start_channels()
        client.wait_for_ready(timeout=60)
        client.execute_interactive(code, output_hook=lambda message: seen.append(message["content"].get("text")))
        client.stop_channels()
        manager.shutdown_kernel(now=True)
        assert not manager.is_alive()
        if kernels.FORKS:
            assert not Path(manager.connection_file).exists(), "nothing is left of it"
    assert f"False {os.path.realpath(tmp_path)}\n" in seen
