"""The book keeps the contract between its editions. tests/test_contract.py shows what each rule catches."""

from collections.abc import Callable
from pathlib import Path

import contract
import pytest
from manuscript import Book, open_book

BOOK = Path(__file__).parent.parent / "book"


@pytest.fixture(scope="module")
def book() -> Book:
    return open_book(BOOK)


@pytest.mark.parametrize("rule", contract.RULES, ids=lambda rule: rule.__name__)
def test_in_the_book(book: Book, rule: Callable) -> None:
    """One test a rule: it fails with the list of places to mend."""
    violations = sorted(set(rule(book)))
    if violations:
        pytest.fail(f"{rule.__doc__}\n" + "\n".join(map(str, violations)), pytrace=False)


def test_the_book_has_chapters_and_terms(book: Book) -> None:
    """Otherwise all the rules hold for nothing."""
    assert len(book.chapters) >= 8 and all(chapter.prose for chapter in book.chapters.values())
    assert len(book.terms) >= 40
