"""Notebooks: plain Markdown in every cell, the numbers of the pages, and code that runs without this repository."""

import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import nbformat
import pytest
import yaml

import notebooks
from plain import Manuscript

ROOT = Path(__file__).parent.parent

CHAPTER = """\
(steep)=
# Why so steep?

(steep-why)=
## The {term}`loss <loss>` and its slope

As {cite:t}`two` and {cite:p}`one,three` say, {term}`steep` is {state}`at twice the rate <1&lr=2>`.

```{math}
:label: slope

g = 2x
```

See {eq}`slope`, {ref}`flat`, {ref}`that one <flat-why>` and {ref}`ex`. In `` {term}`code` `` nothing changes.

```python
:::{note} is code here
```

:::{container} caption
Look, $x$.

Twice.
:::

:::{exercise}
:label: ex

How steep?
:::

::::{solution} ex
:class: dropdown

Very.

:::{dropdown} Why {term}`that <steep>`
So.
:::
::::
"""

PLAIN = """\
# Why so steep?

## The loss and its slope

As Ada & Bob [2002] and [Ada, 2001; Ada et al., 2003] say, steep is at twice the rate.

$$
g = 2x
\\tag{2}
$$

See (2), {flat}, {that one} and {ex}. In `` {term}`code` `` nothing changes.

```python
:::{note} is code here
```

> Look, $x$.
>
> Twice.

**Exercise 2**

How steep?

<details>
<summary>Solution to exercise 2</summary>

Very.

<details>
<summary>Why that</summary>

So.

</details>

</details>"""

SOURCES = """\
@book{one, author = {Ada, A.}, title = {One}, year = 2001}
@book{two, author = {Ada, A. and {Bob}, B.}, title = {Two}, year = 2002}
@book{three, author = {Ada, A. and Bob, B. and Cid, C.}, title = {Three}, year = 2003}
"""


@pytest.fixture
def book(tmp_path: Path) -> Path:
    """Two chapters, the first with an equation and an exercise."""
    (tmp_path / "book" / "en").mkdir(parents=True)
    (tmp_path / "_toc.yml").write_text("root: flat\nchapters:\n- file: steep\n")
    config = {"sphinx": {"config": {"editions": {"en": {"title": "Rates"}}}}}
    (tmp_path / "_config.yml").write_text(yaml.safe_dump(config))
    (tmp_path / "book/references.bib").write_text(SOURCES)
    first = "(flat)=\n# And so flat?\n\n(flat-why)=\n## Why\n\n```{math}\n:label: zero\ng = 0\n```\n\n:::{exercise}\n:label: e0\nZero?\n:::\n"
    (tmp_path / "book/en/flat.md").write_text(first)
    (tmp_path / "book/en/steep.md").write_text(CHAPTER)
    return tmp_path


def test_roles_and_boxes_become_what_a_page_shows(book):
    places = {"flat": "And so flat?", "that one": "that one", "ex": "Exercise 2"}
    assert Manuscript(book, "en").plain(CHAPTER, "steep") == re.sub(
        r"\{(flat|that one|ex)\}", lambda p: places[p[1]], PLAIN
    )


def test_references_lead_to_the_site_where_its_address_is_known(book):
    text = Manuscript(book, "en", "https://example.org").plain(CHAPTER, "steep")
    assert "[that one](https://example.org/en/flat.html#flat-why)" in text
    assert "[Exercise 2](https://example.org/en/steep.html#ex)" in text


def test_what_is_not_known_is_left(book):
    manuscript = Manuscript(book, "en")
    for text in ("{unknown}`x`", ":::{unknown} x\n:option: y\n\nz\n:::"):
        assert manuscript.plain(text, "steep") == text
    assert manuscript.plain("{ref}`nowhere` {eq}`none`", "steep") == "nowhere (none)"


@pytest.fixture(scope="module", params=["en", "de", "zh", "ko"])
def written(request, tmp_path_factory) -> Path:
    """The notebooks of one edition."""
    folder = tmp_path_factory.mktemp("notebooks") / request.param
    assert notebooks.write_edition(request.param, folder) > 10
    return folder


def test_nothing_of_myst_is_left_in_a_chapter(written):
    for path in sorted(written.glob("*.ipynb")):
        notebook = nbformat.read(path, 4)
        nbformat.validate(notebook)
        for cell in notebook.cells:
            if cell.cell_type == "markdown":
                assert not re.search(r"\{[a-z:-]+\}`|^:::|^```\{|^\([\w-]+\)=", cell.source, re.MULTILINE), (
                    path,
                    cell.source,
                )
        package = re.search(r"pip install (\S+) jupyterlab", notebook.cells[0].source)[1]
        assert package.endswith(notebooks.package_name())


def test_the_same_chapter_gives_the_same_bytes(written, tmp_path):
    notebooks.write_edition(written.name, tmp_path)
    assert all(path.read_bytes() == (tmp_path / path.name).read_bytes() for path in written.glob("*.ipynb"))


def test_answers_are_folded_and_figures_are_not(written):
    cells = nbformat.read(written / "overshooting.ipynb", 4).cells
    asks = [cell for cell in cells if cell.cell_type == "code" and re.search(r"^ask\(", cell.source, re.MULTILINE)]
    labs = [cell for cell in cells if cell.cell_type == "code" and re.search(r"^lab\(", cell.source, re.MULTILINE)]
    assert asks and all(cell.metadata["jupyter"]["source_hidden"] for cell in asks)
    assert labs and not any("jupyter" in cell.metadata for cell in labs)


def test_a_notebook_in_which_somebody_worked_stays_until_its_chapter_changes(book, monkeypatch):
    monkeypatch.setattr(notebooks, "ROOT", book)
    chapter, notebook, made = book / "book/en/steep.md", book / "out/steep.ipynb", book / "made"
    front = "---\nkernelspec: {name: python3, display_name: Python 3}\n---\n"
    chapter.write_text(f"{front}# A\n\n```{{code-cell}}\n1\n```\n")
    assert notebooks.write_edition("en", notebook.parent, made) == 1
    notebook.write_text("mine")
    notebooks.write_edition("en", notebook.parent, made)
    assert notebook.read_text() == "mine"
    chapter.write_text(f"{front}# B\n\n```{{code-cell}}\n1\n```\n")
    notebooks.write_edition("en", notebook.parent, made)
    assert json.loads(notebook.read_text())["cells"][1]["source"] == ["# B"]


def test_where_the_package_can_be_fetched_the_notebook_offers_to(book, monkeypatch):
    monkeypatch.setattr(notebooks, "ROOT", book)
    config = yaml.safe_load((book / "_config.yml").read_text())
    config["sphinx"]["config"]["address"] = "https://example.org/rates/"
    (book / "_config.yml").write_text(yaml.safe_dump(config))
    front = "---\nkernelspec: {name: python3, display_name: Python 3}\n---\n"
    (book / "book/en/steep.md").write_text(f"{front}# A\n\n```{{code-cell}}\n1\n```\n")
    notebooks.write_edition("en", book / "out")
    opening, install, *_ = nbformat.read(book / "out/steep.ipynb", 4).cells
    address = f"https://example.org/rates/{notebooks.package_name()}"
    assert (
        f"    %pip install -q {address}\n" in install.source and f"pip install {address} jupyterlab" in opening.source
    )
    assert "https://example.org/rates/en/steep.html" in opening.source


def test_a_notebook_runs_with_the_package_alone(tmp_path):
    package = notebooks.write_package(tmp_path)
    names = zipfile.ZipFile(package).namelist()
    assert {"lrlib/lab.py", "lrlib/figure/lab.js", "lrlib/locale/ko.json", "lrlib/fonts/OFL.txt"} <= set(names)
    installed = tmp_path / "installed"
    command = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--no-index",
        "--target",
        installed,
        package,
    ]
    subprocess.run(command, check=True)
    notebooks.write_edition("de", tmp_path)
    cells = [
        cell.source for cell in nbformat.read(tmp_path / "overshooting.ipynb", 4).cells if cell.cell_type == "code"
    ]
    cells.append(f"assert lrlib.__file__.startswith({str(installed)!r}), lrlib.__file__")
    (tmp_path / "cells.py").write_text("\n\n".join(cells), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "cells.py"], cwd=tmp_path, capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": str(installed), "PYTHONIOENCODING": "utf-8"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "λ = 4244.7    2/λ = 0.000471" in done.stdout
