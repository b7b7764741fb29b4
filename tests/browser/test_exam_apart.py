"""No file of the built site holds the exam, its solutions least of all."""

import json
import re

import pytest

from chapter import OBJECT, read
from pages import LANGUAGES, NAMES, ROOT

pytestmark = pytest.mark.usefixtures("built")

#: What students get and can read.
TEXTS = (".html", ".js", ".json", ".ipynb", ".txt", ".xml")


def pieces(language: str) -> list[str]:
    """Of each problem and each solution the two longest stretches of words, as they would stand on a page too."""
    chapter = read(ROOT / "book" / language / "exam.md", ROOT)
    boxes = [mark.line for mark in chapter.of("directive")]
    found = []
    for first, end in zip(boxes, [*boxes[1:], len(chapter.text.splitlines()) + 1]):
        inside = [prose.text for prose in chapter.prose if first < prose.line < end]
        stretches = re.split(rf"[{OBJECT}\n“”„\"'’<>&.:;()。：；（）]", "\n".join(inside))
        found += sorted((one.strip() for one in stretches if "=" not in one), key=len)[-2:]
    return found


def test_the_exam_is_no_page():
    assert "exam" not in NAMES


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_file_of_an_edition_holds_a_problem_or_a_solution(built, language):
    wanted = pieces(language)
    assert len(wanted) >= 32 and min(map(len, wanted)) >= 6
    for path in built.rglob("*"):
        assert path.stem != "exam"
        if path.suffix in TEXTS and path.relative_to(built).parts[0] in (language, path.name):
            text = path.read_text(encoding="utf-8")
            told = [piece for piece in wanted if piece in text or json.dumps(piece)[1:-1] in text]
            assert not told and "exam-parabola" not in text, f"{path}: {told}"
