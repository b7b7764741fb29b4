"""Building and serving: whatever goes wrong, the last good site stays."""

import json
import socket
import urllib.error
import urllib.request
from pathlib import Path
from threading import Thread

import build
import edition
import files
import pytest
import serve


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A site that was published before, in a folder of its own, and four editions that need building."""
    for name in ("SITE", "PREVIOUS", "STAGING"):
        monkeypatch.setattr(build, name, tmp_path / "_build" / getattr(build, name).name)
    monkeypatch.setattr(build, "BUILD", tmp_path / "_build")
    monkeypatch.setattr(edition, "is_built", lambda language: False)
    monkeypatch.setattr(build, "run_chapters", lambda languages: None)
    monkeypatch.setattr(build.contract, "check", lambda book: [])
    (build.SITE).mkdir(parents=True)
    (build.SITE / "index.html").write_text("the last good site")
    return tmp_path


def published() -> str:
    return (build.SITE / "index.html").read_text(encoding="utf-8")


def run(monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr("sys.argv", ["build.py"])
    return build.main()


def test_a_violated_contract_stops_the_build_and_names_the_place(folder, monkeypatch, capsys):
    monkeypatch.setattr(build.contract, "check", lambda book: ["book/de/x.md:7: a code cell differs — copy it"])
    monkeypatch.setattr(build, "build_edition", lambda language: pytest.fail("nothing may be built"))
    assert run(monkeypatch) == 1
    said = capsys.readouterr().err
    assert "book/de/x.md:7: a code cell differs" in said and "The last good site is still in _build/html." in said
    assert published() == "the last good site"


def test_an_edition_that_fails_leaves_the_last_good_site(folder, monkeypatch, capsys):
    monkeypatch.setattr(build, "build_edition", lambda language: int(language == "ko"))
    assert run(monkeypatch) == 1
    assert "Not built: ko." in capsys.readouterr().err
    assert published() == "the last good site"


def test_an_interrupt_leaves_the_last_good_site(folder, monkeypatch, capsys):
    def interrupted(languages):
        raise KeyboardInterrupt

    monkeypatch.setattr(build, "build_editions", interrupted)
    assert run(monkeypatch) == 130
    assert "What was published before is still in place." in capsys.readouterr().err
    assert published() == "the last good site"


def test_a_swap_that_was_cut_in_half_is_undone_by_the_next_build(folder):
    build.SITE.rename(build.PREVIOUS)
    build.restore()
    assert published() == "the last good site"
    assert not build.PREVIOUS.exists()


def test_editions_that_all_succeed_replace_the_site_in_one_swap(folder, monkeypatch):
    def build_edition(language):
        pages = build.BUILD / language / "html"
        pages.mkdir(parents=True)
        (pages / "intro.html").write_text(language)
        return 0

    monkeypatch.setattr(build, "build_edition", build_edition)
    assert run(monkeypatch) == 0
    assert (build.SITE / "ko" / "intro.html").read_text() == "ko"
    assert 'href="ko/intro.html"' in published()
    assert not build.STAGING.exists() and not build.PREVIOUS.exists()


def test_an_edition_is_up_to_date_until_something_it_is_made_of_changes_or_it_is_deleted(tmp_path, monkeypatch):
    for module in (edition, files):
        monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.setattr(edition, "BUILD", tmp_path / "_build")
    for name in (
        "lrlib/lab.js",
        "site/build.py",
        "_config.yml",
        "_toc.yml",
        "requirements.lock",
        "book/de/intro.md",
        "book/terms.yml",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    (tmp_path / "book/references.bib").write_text("")
    stamp = edition.stamp_path("de")
    pages = tmp_path / "_build/de/html"
    pages.mkdir(parents=True)
    for changed in ("lrlib/lab.js", "site/build.py", "requirements.lock", "book/de/intro.md", "book/terms.yml"):
        stamp.write_text(json.dumps({"sources": files.digest(edition.sources("de"))}))
        assert edition.is_built("de")
        (tmp_path / changed).write_text("something else")
        assert not edition.is_built("de"), changed
    stamp.write_text(json.dumps({"sources": files.digest(edition.sources("de"))}))
    assert edition.is_built("de")
    pages.rmdir()
    assert not edition.is_built("de")


@pytest.fixture
def served(tmp_path, monkeypatch):
    """The server on a small site; gives its address."""
    (tmp_path / "index.html").write_text("hello")
    (tmp_path / "404.html").write_text("our own page")
    monkeypatch.setattr(serve, "SITE", tmp_path)
    with serve.open_server() as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_the_server_takes_the_next_free_port(served):
    with serve.open_server() as second:
        assert second.server_port > int(served.rsplit(":", 1)[1]) >= serve.FIRST_PORT


def test_no_free_port_is_said_plainly(monkeypatch):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        monkeypatch.setattr(serve, "FIRST_PORT", taken.getsockname()[1])
        monkeypatch.setattr(serve, "PORTS_TRIED", 1)
        with pytest.raises(SystemExit, match="No free port from"):
            serve.open_server()


def test_a_missing_page_gets_the_sites_own_404(served):
    with pytest.raises(urllib.error.HTTPError) as error:
        urllib.request.urlopen(f"{served}/nowhere.html")
    with error.value as answer:
        assert answer.code == 404 and answer.read() == b"our own page"


def test_serving_before_building_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setattr(serve, "SITE", tmp_path / "nothing")
    with pytest.raises(SystemExit, match="Run python site/build.py first"):
        serve.main()
