"""Build the book.

    python site/build.py                the site, into _build/html
    python site/build.py --notebooks    the notebooks, into _build/notebooks
    python site/build.py --slides       the site, and where in it the slides are
"""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import yaml

import contract
import edition
import landing
from edition import editions, say
from files import BUILD, ROOT
from lock import alone

SITE = BUILD / "html"
PREVIOUS = BUILD / "html-previous"
STAGING = BUILD / "html-staging"
MOST_AT_ONCE = 4

#: What Sphinx writes and no page asks for.
UNNEEDED = [".buildinfo*", "*.map", "*.ttf", "objects.inv", "fontawesome.js*", "*webpack-macros.html", "locales"]


class Failed(Exception):
    """The build cannot go on; the text is the message."""


def check() -> None:
    """The four editions must say the same, before any of them is built."""
    started = time.monotonic()
    violations = contract.check(ROOT / "book")
    if violations:
        raise Failed("\n".join([*violations, f"{len(violations)} violations of the contract between the editions."]))
    say("checked", "that the editions agree", started)


def build_edition(language: str) -> int:
    """Build one edition in a process of its own and return its exit status."""
    command = [sys.executable, str(Path(edition.__file__)), language]
    return subprocess.run(command, stdin=subprocess.DEVNULL, check=False).returncode


def run_chapters(languages: list[str]) -> None:
    """Run the cells of these editions before they are built."""
    import execution  # slow to import

    started = time.monotonic()
    names = edition.pages()  # language by language: chapters of one name would wait for the same training
    count = execution.run_all([ROOT / "book" / language / f"{name}.md" for language in languages for name in names])
    if count:
        say("ran", f"{count} chapters", started)


def build_editions(languages: list[str]) -> None:
    """Build these editions, as many at once as there are cores."""
    pool = ThreadPoolExecutor(min(MOST_AT_ONCE, os.cpu_count() or 1))
    try:
        statuses = list(pool.map(build_edition, languages))
    finally:
        pool.shutdown(cancel_futures=True)
    failed = [language for language, status in zip(languages, statuses) if status]
    if failed:
        raise Failed(f"Not built: {', '.join(failed)}. See above.")


def publish(languages: dict[str, dict[str, str]]) -> None:
    """Swap the finished site in; until that moment the old one stands untouched."""
    started = time.monotonic()
    shutil.rmtree(STAGING, ignore_errors=True)
    unneeded = shutil.ignore_patterns(*UNNEEDED)
    for language in languages:
        shutil.copytree(BUILD / language / "html", STAGING / language, ignore=unneeded)
    first = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))["root"]
    landing.write(STAGING, languages, first)
    import notebooks  # slow to import

    notebooks.write_package(STAGING)
    if SITE.exists():
        SITE.rename(PREVIOUS)
    try:
        STAGING.rename(SITE)
    finally:
        restore()
    say("published", "_build/html", started)


def restore() -> None:
    """Whatever interrupted a swap, one whole site is in place."""
    if PREVIOUS.exists() and not SITE.exists():
        PREVIOUS.rename(SITE)
    shutil.rmtree(PREVIOUS, ignore_errors=True)


def build_site() -> None:
    """Everything from book/ to _build/html."""
    restore()
    languages = editions()
    stale = [language for language in languages if not edition.is_built(language)]
    if stale:
        import execution  # both slow to import
        import kernels

        if not all(execution.folder(ROOT / "book" / language).exists() for language in stale):
            kernels.prepare()  # chapters will have to be run
        check()
        run_chapters(stale)
        build_editions(stale)
    if stale or not SITE.exists():
        publish(languages)
    print("The site is in _build/html: open index.html there, or run python site/serve.py")


def list_slides() -> None:
    """Say which decks there are."""
    for language, edition_ in editions().items():
        names = [deck.stem for deck in sorted((SITE / language / "slides").glob("*.html"))]
        print(f"{edition_['name']}: _build/html/{language}/slides/, {len(names)} decks: {', '.join(names)}")


def main() -> int:
    """The command line; the result is the exit status."""
    parser = argparse.ArgumentParser(description="Build the book.")
    parser.add_argument("--notebooks", action="store_true", help="write the chapters as notebooks instead")
    parser.add_argument("--slides", action="store_true", help="build the site and say where its slides are")
    # Ended from outside, it still waits for the editions it has started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        given = parser.parse_args()
        if given.notebooks:
            import notebooks  # slow to import

            notebooks.write(editions())
        else:
            with alone(BUILD / "lock"):
                build_site()
            if given.slides:
                list_slides()
    except Failed as failure:
        kept = "The last good site is still in _build/html." if SITE.exists() else "There is no site yet."
        print(f"\n{failure}\nNothing was published. {kept}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted. What was published before is still in place.", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
