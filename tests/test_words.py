"""The figure's strings: the same in four languages, and drawable with the bundled fonts."""

import re

import numpy as np
import pytest
from fontTools.ttLib import TTFont
from matplotlib import font_manager
from importlib.resources import files

from lrlib import descend, words
from lrlib.words import LANGUAGES, facts, format_number, sentence, strings

PLACEHOLDER = re.compile(r"\{\w+\}")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_the_same_strings_with_the_same_placeholders(language):
    english, translated = strings("en"), strings(language)
    assert list(translated) == list(english), (
        f"lrlib/locale/{language}.json must have the keys of en.json, in its order"
    )
    for key, text in english.items():
        assert sorted(PLACEHOLDER.findall(translated[key])) == sorted(PLACEHOLDER.findall(text)), key
        assert translated[key] or key == "join", f"{key} is empty in lrlib/locale/{language}.json"


#: Names, and what German writes like English.
ALIKE = re.compile("rule_.*|schedule_(transformer|linear)")


@pytest.mark.parametrize("language", ["de", "zh", "ko"])
def test_nothing_is_left_in_english(language):
    same = [
        key
        for key, text in strings(language).items()
        if text == strings("en")[key] and re.search("[a-z]{4}", PLACEHOLDER.sub("", text)) and not ALIKE.fullmatch(key)
    ]
    assert not same, f"translate these strings in lrlib/locale/{language}.json: {same}"


@pytest.mark.parametrize(("language", "font"), [("zh", "NotoSansSC-subset.otf"), ("ko", "NotoSansKR-subset.otf")])
def test_the_bundled_font_has_every_character_of_the_strings(language, font):
    fallback = font_manager.findfont("DejaVu Sans")  # matplotlib's own: it has the signs of the formulas
    with TTFont(str(files("lrlib") / "fonts" / font)) as known, TTFont(fallback) as signs:
        characters = {ord(c) for text in strings(language).values() for c in PLACEHOLDER.sub("", text)}
        missing = {chr(c) for c in characters - set(known.getBestCmap()) - set(signs.getBestCmap())}
    assert not missing, f"{font} lacks {missing}: see lrlib/fonts/README.md"


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (0.1, "0.1"), (-0.00051, "−0.00051"), (2.125, "2.13"), (0.9999, "1"), (99999.0, "1×10⁵"), (12345.6, "12300"),
        (1.797e308, "1.8×10³⁰⁸"), (5e-324, "4.94×10⁻³²⁴"), (-np.inf, "−∞"), (np.nan, "nan"), (0.0, "0"), (-0.0, "0"),
        (100.0, "100"), (1e-5, "1×10⁻⁵"),
    ],
)  # fmt: skip
def test_numbers_have_three_digits_and_are_rounded_half_up(value, written):
    assert format_number(value) == written


def test_numbers_follow_the_decimal_mark_of_the_language():
    assert format_number(0.125, strings("de")["decimal"]) == "0,125"


def tell(
    lr, language="en", surface="parabola", optimizer="gd", steps=30, view=((-5, 5),), panels=("landscape",), **settings
):
    path = descend(surface, optimizer, -4.0, lr, steps, **settings)
    return sentence(facts(path, view, panels, lr), language)


@pytest.mark.parametrize(
    ("lr", "part"),
    [
        (0.5, "glides toward the minimum"),
        (1.5, "lands on the other side"),
        (2.0, "Exactly on the threshold"),
        (2.5, "farther away"),
    ],
)
def test_the_sentence_names_the_regime(lr, part):
    assert part in tell(lr)


def regimes_in(said, language="en"):
    told = strings(language)
    regimes = re.compile("says_(glide|zigzag|swing|border|border_memory|explode|widen)(_steep)?")
    keys = [key for key in told if regimes.fullmatch(key)]
    return [key.removeprefix("says_") for key in keys if told[key] in said]


@pytest.mark.parametrize(
    ("rule", "start", "lr", "condition", "regime"),
    [
        ("gd", (-4, 1), 0.005, 100, ["glide"]),
        ("gd", (-4, 1), 0.015, 100, ["zigzag_steep"]),
        ("gd", (-4, 1), 0.02, 100, ["border_steep"]),
        ("gd", (-4, 1e-6), 0.022, 100, ["explode_steep"]),  # while the loss falls
        ("momentum", (-4, 1), 0.015, 100, ["swing_steep"]),
        ("momentum", (-4, 1), 0.05, 100, ["widen_steep"]),
        ("gd", (-4, 1), 1.5, 1, ["zigzag"]),  # all directions are alike
        ("gd", (-4, 1), 2.5, 1, ["explode"]),
        ("gd", (-4, 0), 0.005, 100, ["glide"]),
        ("gd", (-4, 0), 0.015, 100, []),  # the path never moves along the steepest direction
        ("gd", (-4, 0), 0.022, 100, []),
    ],
)
@pytest.mark.parametrize("rotation", [0, 30])
def test_the_regime_is_that_of_the_steepest_direction(rule, start, lr, condition, regime, rotation):
    turned = np.array([[np.cos(np.pi / 6), -np.sin(np.pi / 6)], [np.sin(np.pi / 6), np.cos(np.pi / 6)]])
    if rotation:
        if 0 in start:
            return  # no start lies exactly on a turned axis
        start = tuple(turned @ start)
    path = descend("quadratic", rule, start, lr, 58, condition=condition, rotation=rotation)
    assert regimes_in(sentence(facts(path, ((-50, 50), (-50, 50)), ("loss",), lr), "en")) == regime


def test_of_a_run_that_is_infinite_before_two_steps_no_regime_is_told():
    raw = {"mean_x": 165.1, "mean_y": 62019.0, "variance_x": 120.4, "slope": 616.1, "residual": 414700.0}
    for dtype, regime in (("float32", "zigzag_steep"), ("float16", None)):
        path = descend("regression", "gd", (0, 0), 5e-5, 60, dtype=dtype, **raw)
        said = sentence(facts(path, ((-5, 5), (-5, 5)), ("loss",), 5e-5), "en")
        assert regimes_in(said) == [regime] * bool(regime), said
        assert ("∞" in said) == (dtype == "float16")
    # Later the regime has been seen.
    said = tell(2.5, dtype="float16", steps=60)
    assert regimes_in(said) == ["explode"] and "∞" in said


def test_a_run_whose_loss_comes_back_from_infinity_is_not_told_as_lost():
    path = descend("parabola", "gd", -400.0, 0.5, 20, dtype="float16")
    told = facts(path, ((-500, 500),), ("loss",), 0.5)
    assert (told["overflows"], told["infinite"], told["before"]) == (0, None, None)
    said = sentence(told, "en")
    assert strings("en")["says_overflows"].format(step=0) in said and "falls from ∞ to" in said


@pytest.mark.parametrize(("rule", "threshold"), [("momentum", 3.0), ("nesterov", 1.5)])
@pytest.mark.parametrize("off", [-2, 0, 2])
def test_on_the_threshold_of_a_memory_it_is_said_whatever_rounding_does(rule, threshold, off):
    lr = threshold * (1 + off * np.finfo(float).eps)
    path = descend("parabola", rule, -4.0, lr, 60, beta=0.5)
    said = sentence(facts(path, ((-50, 50),), ("landscape",), lr), "en")
    assert strings("en")["says_border_memory"] in said
    assert np.abs(path.points[-4:, 0]) == pytest.approx(np.abs(path.points[-1, 0]))


def test_one_step_shows_no_regime():
    for lr in (0.5, 1.5, 2.0, 2.5):
        said = tell(lr, steps=1)
        assert "in 1 step" in said or "After 1 step" in said
        assert not any(strings("en")[f"says_{key}"] in said for key in ("glide", "zigzag", "border", "explode"))


@pytest.mark.parametrize(
    ("lr", "begins"),
    [
        (1.998001998, "η = 1.998, ηλ = 1.998, threshold 2."),
        (2.00001, "η = 2.00001, ηλ = 2.00001, threshold 2."),
        (1.5, "η = 1.5, ηλ = 1.5, threshold 2."),
        (2.0, "η = 2, ηλ = 2, threshold 2."),
        (2 + 1e-9, "η = 2, ηλ = 2, threshold 2."),
    ],
)
def test_a_product_near_the_threshold_is_told_apart_from_it(lr, begins):
    assert tell(lr).startswith(begins)


def test_the_sentence_counts_the_steps_to_the_end_of_the_numbers():
    said = tell(3.0, steps=1200)
    # |x| = 4·2ᵗ leaves ±5 at step 1; x² = 16·4ᵗ reaches 2¹⁰²⁴ at step 510, x itself at 1022.
    assert "leaves the picture at step 1, at x = 8." in said
    assert (
        "From step 510 on the loss is too large for the computer's numbers: ∞. One step before it was 2.25×10³⁰⁷."
        in said
    )
    assert "From step 1023 on the point is nan" in said


def test_a_path_that_comes_back_has_not_left_the_picture():
    assert "leaves" not in tell(1.9, view=((-3, 3),))


def test_leaving_the_picture_is_only_told_where_there_is_one():
    assert "leaves" not in tell(3.0, panels=("loss",))


def test_the_regime_is_left_out_where_the_curvature_changes():
    said = tell(0.01, surface="double_well", steps=5, view=((-5, 5),))
    assert said.startswith("η = 0.01") and "glides" not in said and "falls" in said


def test_an_unknown_language_is_refused_with_the_known_ones():
    with pytest.raises(ValueError, match="language 'fr' is unknown: known: en, de, zh, ko"):
        words.use("fr")


def test_on_a_saddle_nothing_is_said_about_a_minimum():
    path = descend("saddle", "momentum", (1.0, 0.1), 0.1, 20)
    said = sentence(facts(path, ((-3, 3), (-2, 2)), ("landscape",), 0.1), "en")
    assert "minimum" not in said and "ηλ = 0.1" in said
