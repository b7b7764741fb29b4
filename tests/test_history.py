"""When a page was last changed, by the history of a repository made here."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

import history

needs_git = pytest.mark.skipif(not shutil.which("git"), reason="there is no git, and then pages name no day")


def git(folder: Path, *arguments: str, day: str = "2026-01-01") -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    environment |= {"GIT_AUTHOR_DATE": f"{day}T12:00:00Z", "GIT_COMMITTER_DATE": f"{day}T12:00:00Z"}
    environment |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    identity = ("-c", "user.name=A", "-c", "user.email=a@example.org")
    subprocess.run(["git", *identity, *arguments], cwd=folder, env=environment, check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Two chapters, one of which was changed again later, and the list of terms later still."""
    root = tmp_path / "book of rates"
    (root / "book" / "de").mkdir(parents=True)
    git(root, "init", "--quiet")
    for day, files in (
        (
            "2026-01-01",
            ("book/de/adam.md", "book/de/ödland.md", "book/de/glossary.md", "book/de/gone.md", "book/terms.yml"),
        ),
        ("2026-02-02", ("book/de/adam.md",)),
        ("2026-03-03", ("book/terms.yml",)),
    ):
        for file in files:
            (root / file).write_text(day)
        git(root, "add", ".")
        git(root, "commit", "--quiet", "--message", day, day=day)
    (root / "book/de/gone.md").unlink()
    return root


@needs_git
def test_the_day_is_that_of_the_last_commit_of_the_file(repository):
    days = history.dates(repository, "de")
    assert days["book/de/adam.md"] == "2026-02-02" and days["book/de/ödland.md"] == "2026-01-01"
    assert "book/de/gone.md" not in days
    assert history.day_of(days, "de", "adam") == "2026-02-02"
    assert history.day_of(days, "de", "glossary") == "2026-03-03"  # it is made of the terms
    assert history.day_of(days, "de", "nowhere") == ""


@needs_git
def test_what_is_not_committed_has_no_day_and_changes_none(repository):
    (repository / "book/de/adam.md").write_text("edited")
    (repository / "book/de/new.md").write_text("new")
    days = history.dates(repository, "de")
    assert history.day_of(days, "de", "adam") == "2026-02-02" and history.day_of(days, "de", "new") == ""


@needs_git
def test_a_shallow_clone_does_not_know_and_says_nothing(repository, tmp_path):
    git(tmp_path, "clone", "--quiet", "--depth", "1", repository.as_uri(), "shallow")
    assert (tmp_path / "shallow/book/de/adam.md").exists() and history.dates(tmp_path / "shallow", "de") == {}


@needs_git
def test_a_book_that_lies_in_another_repository_has_no_days_of_it(repository):
    unpacked = repository / "unpacked"
    (unpacked / "book" / "de").mkdir(parents=True)
    (unpacked / "book" / "de" / "adam.md").write_text("from an archive")
    assert history.dates(unpacked, "de") == {}


def test_without_a_repository_or_without_git_nothing_is_said(tmp_path, monkeypatch):
    assert history.dates(tmp_path, "de") == {}
    monkeypatch.setenv("PATH", str(tmp_path))
    assert history.dates(Path(__file__).parent.parent, "de") == {}
