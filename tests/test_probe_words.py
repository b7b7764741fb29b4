"""What a probe says, and what happens without PyTorch: none of this needs it."""

import math
import re
import subprocess
import sys
from importlib.resources import files
from string import Formatter

import numpy as np
import pytest
from fontTools.ttLib import TTFont
from matplotlib import font_manager

from lrlib.figures import _FONTS
from lrlib.probe import Cost, Report, probe
from lrlib.probe_words import BROKEN, line, strings
from lrlib.search import Table
from lrlib.words import LANGUAGES, use

TOLD = {
    "open": {"least": 1.5}, "young": {"steps": 12}, "no_threshold": {"rule": "Muon"}, "self_scaled": {"rule": "Adadelta"},
    "maximize": {"rule": "SGD"}, "bad_rate": {"rule": "SGD"},
    "nan_weight": {"name": "2.bias", "count": 3}, "nan_data": {"batch": 1},
    "nan_layer": {"batch": 0, "layer": "1.1", "kind": "Log", "count": 5, "largest": 0.5, "masked": 0},
    "nan_loss": {"batch": 0, "value": math.nan}, "nan_gradient": {"batch": 0, "layer": "", "kind": "MLP"},
}  # fmt: skip
FINDINGS = ["above", "edge", "below", "plain", "flat", "stopped", *TOLD]


def a_report(finding: str, **more) -> Report:
    found = {
        "loss": 0.25, "gradient_norm": 1.5, "eigenvalues": np.array([40.0, 2.5]), "residuals": np.array([0.1, 0.02]),
        "rule": "adam", "lr": 0.125, "sharpness": 40.0, "gauge": 5.0, "threshold": 38.0, "critical_rate": 0.95,
        "cost": Cost(3, 40, 20, 1.5), "told": TOLD.get(finding, {}),
    }  # fmt: skip
    return Report(finding, **(found | more))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("finding", FINDINGS)
def test_every_finding_has_a_verdict_in_every_language(finding, language):
    said = a_report(finding).say(language)
    assert all(said) and not any(re.search(r"[{}]|None", sentence) for sentence in said)


def test_all_strings_are_in_every_language_with_the_same_numbers():
    english = strings("en")
    fields = {key: {name for _, name, _, _ in Formatter().parse(text) if name} for key, text in english.items()}
    for language in LANGUAGES[1:]:
        assert list(strings(language)) == list(english)
        for key, text in strings(language).items():
            assert {name for _, name, _, _ in Formatter().parse(text) if name} == fields[key], (language, key)
            assert text and (text != english[key] or not re.search("[a-z]{4}", re.sub(r"\{\w+\}", "", text))), key


@pytest.mark.parametrize("language", _FONTS)
def test_the_bundled_font_has_every_character_of_the_picture(language):
    fallback = font_manager.findfont("DejaVu Sans")
    with TTFont(str(files("lrlib") / "fonts" / _FONTS[language])) as known, TTFont(fallback) as signs:
        drawable = {*known.getBestCmap(), *signs.getBestCmap()}
    written = "".join(text for key, text in strings(language).items() if key.startswith("picture"))
    assert {chr(c) for c in set(map(ord, written)) - drawable} == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_verdict_heeds_a_rate_of_zero_or_none_and_a_mask(language):
    masked = TOLD["nan_layer"] | {"masked": 6}
    for finding, key, more in (
        ("below", "below_zero", {"lr": 0.0}), ("young", "young_zero", {"lr": 0.0}),
        ("open", "open_sharpness", {"lr": 0.0}), ("open", "open_sharpness", {"lr": None}),
        ("no_threshold", "no_lr", {"lr": None}), ("nan_layer", "nan_layer_masked", {"told": masked}),
    ):  # fmt: skip
        verdict = a_report(finding, **more).say(language)[0]
        literal = [re.escape(text) for text, *_ in Formatter().parse(strings(language)[key])]
        assert re.fullmatch(".*".join([*literal, ""]), verdict) and "None" not in verdict, key


def test_no_string_puts_a_plural_after_a_number_that_may_be_one():
    ones = dict.fromkeys(("count", "call", "calls", "steps", "most", "evaluations", "seconds", "masked"), 1)
    plurals = {"en": r"\b1 (more )?[a-z]{3,}s\b", "de": r"\b1 (\w+en )?\w+([bt]e|es|en)\b"}
    for language, plural in plurals.items():
        for key, text in strings(language).items():
            if key != "groups":  # at least 2
                said = text.format(**{name: ones.get(name, "x") for _, name, _, _ in Formatter().parse(text) if name})
                assert not re.search(plural, said), (language, key)


def test_the_verdict_names_the_numbers():
    assert a_report("above", lr=2.0, gauge=80.0).verdict.startswith(
        "The learning rate in use, 2, is 2.11 times the largest stable one, 0.95: ηλ̃ = 80, threshold 38."
    )
    assert "7.6 times as much" in a_report("below").verdict
    assert "layer 1.1 (Log)" in a_report("nan_layer").verdict and "the model (MLP)" in a_report("nan_gradient").verdict


def test_numbers_have_the_decimal_mark_and_a_list_another_sign():
    said = "\n".join(a_report("below").say("de"))
    assert "0,125" in said and "40; 2,5" in said


def test_the_language_is_the_one_in_use():
    use("de")
    try:
        assert a_report("below").verdict.startswith("Die verwendete Lernrate 0,125 ist")
        assert '<div lang="de">' in a_report("below")._repr_html_()
    finally:
        use("en")
    with pytest.raises(ValueError, match="language"):
        a_report("below").say("fr")


def test_a_report_is_one_line():
    assert line(a_report("below")) == (
        "Report(below, loss 0.25, λ₁ 40 ± 0.1, lr 0.125, adam gauge 5 of 38, critical rate 0.95, 66 gradient evaluations)"
    )


def test_an_interrupted_report_says_so_and_tells_what_it_has():
    said = a_report("below", stopped=True).say()
    assert said[1] == "Interrupted: this is what was known by then." and "Largest eigenvalues" in "".join(said)
    assert a_report("stopped", stopped=True).say()[0] == "Interrupted before the curvature was known."


def test_what_is_not_finite_has_no_evidence_but_its_place():
    assert len(a_report(BROKEN[0], eigenvalues=np.zeros(0)).say()) == 2


def test_pictures_of_all_that_can_be_known():
    rows = Table(
        {"step": t, "lr": 10.0**t, "loss": loss, "change": loss - 1} for t, loss in enumerate([1.0, 0.5, math.inf])
    )
    report = a_report("above", lr=2.0, gauge=80.0, range_test=rows, planned=np.linspace(0, 2, 9))
    assert [len(axes.get_title(loc="left")) > 0 for axes in report.figure().axes] == [True] * 3
    plain = a_report("plain", lr=None, gauge=math.nan, critical_rate=math.inf)
    assert len(plain.figure().axes) == 1
    nothing = Report("nan_data", told={"batch": 0})
    assert not nothing.figure().axes and "<img" not in nothing._repr_html_()


def test_importing_lrlib_or_the_module_leaves_pytorch_alone():
    code = "import sys, lrlib, lrlib.probe, lrlib.probe_words; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_without_pytorch_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.delitem(sys.modules, "lrlib.probing", raising=False)
    monkeypatch.delattr("lrlib.probing", raising=False)
    with pytest.raises(ImportError, match=r'needs PyTorch: pip install "lrlib\[torch\]"'):
        probe(None, None, None)
