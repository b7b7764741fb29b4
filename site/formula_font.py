"""Makes the font of the formulas from TeX Gyre Pagella Math (Debian's fonts-texgyre-math).

    python site/formula_font.py /usr/share/texmf/fonts/opentype/public/tex-gyre-math/texgyrepagella-math.otf

Pagella, because its roots are of almost one width in every height: browsers keep the room of the widest beside a root.
"""

import sys
from pathlib import Path

from fontTools import subset
from fontTools.pens.boundsPen import BoundsPen
from fontTools.pens.cu2quPen import Cu2QuPen
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib import TTFont, newTable

TARGET = Path(__file__).resolve().parent / "vendor" / "formulas" / "formulas.woff2"
NAME = "LR Formulas"  # its licence asks for another name than that of the whole font

#: First and last of each row of characters.
ROWS = (
    (0x20, 0x7E), (0xA0, 0xFF), (0x2C6, 0x2DD), (0x300, 0x30F), (0x391, 0x3D6), (0x3F0, 0x3F5), (0x2010, 0x2037),
    (0x2061, 0x2064), (0x210E, 0x2115), (0x2190, 0x2199), (0x21D0, 0x21D5), (0x2200, 0x22FF), (0x2308, 0x230B),
    (0x23DE, 0x23DF), (0x27E8, 0x27E9), (0x27F5, 0x27FA), (0x1D400, 0x1D467), (0x1D49C, 0x1D4CF), (0x1D6A4, 0x1D71B),
)  # fmt: skip


def make(source: str) -> None:
    """Write the font."""
    options = subset.Options(flavor="woff2", layout_features=["*"], hinting=False, desubroutinize=True)
    font = subset.load_font(source, options)
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=[code for first, last in ROWS for code in range(first, last + 1)])
    subsetter.subset(font)
    for table in font["cmap"].tables:
        # Of primes the glyph for scripts, where alone they stand: browsers do not ask for it.
        table.cmap |= {code: f"{table.cmap[code]}.st" for code in range(0x2032, 0x2035)}
        table.cmap[0x203E] = table.cmap[0xAF]  # the bar over a letter
    for record, name in ((1, NAME), (4, NAME), (6, NAME.replace(" ", "")), (16, NAME)):
        font["name"].setName(name, record, 3, 1, 0x409)
    place_scripts(font)
    make_quadratic(font)
    subset.save_font(font, TARGET, options)


def place_scripts(font: TTFont) -> None:
    """As TeX places them at single letters and brackets, which browsers treat as they treat fractions.

    Under a letter with a tail, as η, a subscript is as high as under others, and does not drop below the tail. Beside a hat
    or a bracket a superscript keeps as far below the top as in Computer Modern.
    """
    cmap, drawn, tail = font.getBestCmap(), font.getGlyphSet(), 0
    for first, last in ((0x1D434, 0x1D467), (0x1D6FC, 0x1D71B)):
        for name in filter(None, map(cmap.get, range(first, last + 1))):
            drawn[name].draw(pen := BoundsPen(drawn))
            tail = max(tail, -round(pen.bounds[1]))
    constants = font["MATH"].table.MathConstants
    constants.SubscriptBaselineDropMin.Value = constants.SubscriptShiftDown.Value - tail
    constants.SuperscriptBaselineDropMax.Value = 386


def make_quadratic(font: TTFont) -> None:
    """Outlines as TrueType has them, no further from the given ones than the unit: Chromium prints others as drawings."""
    order, drawn = font.getGlyphOrder(), font.getGlyphSet()
    outlines = font["glyf"] = newTable("glyf")
    outlines.glyphOrder, outlines.glyphs = order, {}
    for name in order:
        pen = TTGlyphPen(drawn)
        drawn[name].draw(Cu2QuPen(pen, 1, reverse_direction=True))
        outlines.glyphs[name] = pen.glyph()
    font.recalcBBoxes = True
    del font["CFF "]
    font["loca"] = newTable("loca")
    font.sfntVersion, font["post"].formatType = "\0\1\0\0", 3
    font["maxp"].tableVersion = 0x00010000
    for limit in (
        "TwilightPoints",
        "Storage",
        "FunctionDefs",
        "InstructionDefs",
        "StackElements",
        "SizeOfInstructions",
    ):
        setattr(font["maxp"], f"max{limit}", 0)
    font["maxp"].maxZones, font["maxp"].maxComponentElements = 1, 0


if __name__ == "__main__":
    make(sys.argv[1])
