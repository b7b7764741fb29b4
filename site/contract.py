"""The contract between the four editions of the book.

    python site/contract.py                             print what breaks it
    python site/contract.py affirm book/de/intro.md     this translation is in step with the English

The rules are functions that yield violations: `structure` holds those about what editions share,
`wording` those about how they are written.
"""

import sys
from pathlib import Path

import structure
import wording
from chapter import LANGUAGES, Unreadable
from manuscript import open_book

RULES = structure.RULES + wording.RULES
BOOK = Path(__file__).resolve().parent.parent / "book"


def check(book: Path) -> list[str]:
    """Every violation in the book of that folder, as `path:line: what is wrong — what to do`."""
    try:
        opened = open_book(book)
    except Unreadable as error:
        return [str(error)]
    return [str(violation) for violation in sorted({found for rule in RULES for found in rule(opened)})]


def affirm(path: Path) -> None:
    """Record in a translation's front matter that it is in step with the English chapter."""
    english = path.parent.parent / "en" / path.name
    if path.parent.name not in LANGUAGES[1:] or not path.is_file() or not english.is_file():
        raise Unreadable(f"{path} is not the translation of a chapter — name one, such as book/de/intro.md")
    front, body = _split_front_matter(path.read_text(encoding="utf-8"))
    kept = [line for line in front if not line.startswith("english:")]
    recorded = f"english: {structure.fingerprint(english.read_text(encoding='utf-8'))}"
    path.write_text("\n".join(["---", *kept, recorded, "---", *body]), encoding="utf-8", newline="\n")


def _split_front_matter(text: str) -> tuple[list[str], list[str]]:
    """The lines of the front matter, which may be missing, and those after it."""
    opening, *lines = text.split("\n")
    if opening == "---" and "---" in lines:
        end = lines.index("---")
        return lines[:end], lines[end + 1 :]
    return [], ["", *text.split("\n")]


def main(arguments: list[str]) -> int:
    """The command line; the result is the exit status."""
    match arguments:
        case []:
            problems = check(BOOK)
            print("\n".join(problems) or "The four editions keep the contract.")
        case ["affirm", _, *_]:
            problems = [problem for path in arguments[1:] for problem in _affirmed(Path(path))]
        case _:
            problems = [__doc__]
            print(__doc__)
    return 1 if problems else 0


def _affirmed(path: Path) -> list[str]:
    try:
        affirm(path)
    except Unreadable as error:
        print(error)
        return [str(error)]
    print(f"{path} is in step with the English chapter.")
    return []


if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8")  # a pipe on Windows is not
    sys.exit(main(sys.argv[1:]))
