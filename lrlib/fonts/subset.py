"""Makes the two fonts beside this file from Noto Sans CJK (Debian's fonts-noto-cjk).

    pip install fonttools
    python lrlib/fonts/subset.py /usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc

Simplified Chinese: GB 2312, level 1; Korean: the syllables of KS X 1001; both with every character
that stands in `lrlib/locale`, Latin letters, and the mathematical signs of the figures.
"""

import sys
from pathlib import Path

from fontTools import subset

HERE = Path(__file__).parent
SIGNS = "−×·…–—⁰¹²³⁴⁵⁶⁷⁸⁹₀₁₂₃₄₅₆₇₈₉∞√≤≥≈≠∇∂αβγδεηθκλμνπρστφω→←↑↓▲"


def characters(encoding: str, rows: range) -> str:
    """All characters in these rows of a two-byte character set."""
    pairs = (bytes((row, cell)) for row in rows for cell in range(0xA1, 0xFF))
    return "".join(pair.decode(encoding, errors="ignore") for pair in pairs)


def make(name: str, number: int, language: str, wanted: str, source: str) -> None:
    strings = (HERE.parent / "locale" / f"{language}.json").read_text(encoding="utf-8")
    options = subset.Options(layout_features=[], hinting=False, desubroutinize=True, font_number=number)
    font = subset.load_font(source, options)
    subsetter = subset.Subsetter(options)
    subsetter.populate(text=wanted + strings + SIGNS + "".join(map(chr, range(32, 127))))
    subsetter.subset(font)
    subset.save_font(font, HERE / name, options)


if __name__ == "__main__":
    chinese = characters("gb2312", range(0xA1, 0xAA)) + characters("gb2312", range(0xB0, 0xD8))
    make("NotoSansSC-subset.otf", 2, "zh", chinese, sys.argv[1])
    make("NotoSansKR-subset.otf", 1, "ko", characters("euc_kr", range(0xB0, 0xC9)), sys.argv[1])
