"""A probe's report in sentences, in four languages: the strings are those of `locale/probe`."""

import json
import math
from functools import cache, partial
from importlib.resources import files
from typing import Any

from lrlib import words
from lrlib.settings import choice

#: Findings that are about numbers that are not finite.
BROKEN = ("nan_weight", "nan_data", "nan_layer", "nan_loss", "nan_gradient")


@cache
def strings(language: str) -> dict[str, str]:
    """The strings of one language, from `lrlib/locale/probe`; the figures' own are not among them.

    They stand by themselves because every page would carry them, and none shows them.

    >>> strings("en")["schedule_over"]
    'The scheduler has come to its end.'
    """
    choice("language", language, words.LANGUAGES)
    return json.loads(files("lrlib").joinpath(f"locale/probe/{language}.json").read_text(encoding="utf-8"))


def sentences(report: Any, language: str) -> list[str]:
    """The verdict, then the evidence, then what limits it."""
    told, own = words.strings(choice("language", language, words.LANGUAGES)), strings(language)
    write = partial(words.format_number, decimal=told["decimal"])
    numbers = _numbers(report, write, own)

    def say(key: str, **more: Any) -> str:
        return own[key].format(**(numbers | {name: _shown(value, write) for name, value in more.items()}))

    said = [say(_verdict_key(report), **report.told)]
    if report.stopped and report.finding != "stopped":
        said.append(own["say_stopped"])
    if report.finding not in BROKEN:
        said += _evidence(report, say, write, told)
    said += [say(key, **values) for key, values in report.notes]
    said.append(say("say_cost", evaluations=str(report.cost.evaluations), seconds=_seconds(report, write)))
    if report.eigenvalues.size:
        said.append(own["say_local"])
    return said


def line(report: Any) -> str:
    """A report in one line, as `repr` gives it.

    >>> from lrlib.probe import Report
    >>> line(Report("nan_loss", told={"batch": 0, "value": float("nan")}))
    'Report(nan_loss, 0 gradient evaluations)'
    """
    parts = [report.finding]
    if math.isfinite(report.loss):
        parts.append(f"loss {report.loss:.4g}")
    if report.eigenvalues.size:
        parts.append(f"λ₁ {report.eigenvalues[0]:.4g} ± {report.residuals[0]:.1g}")
    if report.lr is not None:
        parts.append(f"lr {report.lr:.4g}")
    if math.isfinite(report.gauge):
        parts.append(f"{report.rule} gauge {report.gauge:.4g} of {report.threshold:.4g}")
    if not math.isnan(report.critical_rate):
        parts.append(f"critical rate {report.critical_rate:.4g}")
    parts.append(f"{report.cost.evaluations} gradient evaluations")
    return f"Report({', '.join(parts)})"


def _numbers(report: Any, write: Any, own: dict[str, str]) -> dict[str, str]:
    """What every sentence may name."""
    figures = words.figures_apart(report.gauge, report.threshold) if math.isfinite(report.gauge) else 3
    told = report.told
    return {
        "lr": write(math.nan if report.lr is None else report.lr, figures=figures),
        "critical": write(report.critical_rate, figures=figures),
        "times": write(_times(report)),
        "product": "ηλ" if report.rule in (None, "gd", "momentum", "nesterov") else "ηλ̃",
        "gauge": write(report.gauge, figures=figures),
        "threshold": write(report.threshold, figures=figures),
        "sharpness": write(report.sharpness),
        "eigenvalue": write(float(report.eigenvalues[0]) if report.eigenvalues.size else math.nan),
        "rule": told.get("rule") or words.strings("en").get(f"rule_{report.rule}", ""),
        "place": own["layer" if told.get("layer") else "layer_all"].format(
            name=told.get("layer", ""), kind=told.get("kind", "")
        ),
    }


def _verdict_key(report: Any) -> str:
    if report.finding == "nan_gradient" and not report.told.get("kind"):
        return "nan_gradient_inside"
    if report.finding == "nan_layer" and report.told.get("masked"):
        return "nan_layer_masked"
    if report.finding == "no_threshold" and report.lr is None:
        return "no_lr"
    if report.finding == "open" and not report.lr:
        return "open_sharpness"
    zero = {"below": "below_zero", "flat": "below_zero", "young": "young_zero"}
    return zero.get(report.finding, report.finding) if report.lr == 0 else report.finding


def _times(report: Any) -> float:
    """How many times the larger of the two rates is the smaller one."""
    if not report.lr or not math.isfinite(report.critical_rate) or report.critical_rate <= 0:
        return math.inf
    quotient = report.lr / report.critical_rate
    return quotient if report.finding == "above" else 1 / quotient


def _evidence(report: Any, say: Any, write: Any, told: dict[str, str]) -> list[str]:
    said = []
    if math.isfinite(report.loss):
        said.append(say("say_loss", loss=report.loss, norm=report.gradient_norm))
    if report.eigenvalues.size:
        # In a language with a decimal comma, a list needs another sign between its numbers.
        between = "; " if told["decimal"] == "," else told["comma"]
        listed = between.join(write(float(value)) for value in report.eigenvalues)
        said.append(say("say_eigenvalues", list=listed, residual=float(report.residuals.max())))
    if report.rule not in (None, "gd", "momentum", "nesterov") and math.isfinite(report.sharpness):
        said.append(say("say_preconditioned"))
    return said


def _shown(value: Any, write: Any) -> Any:
    return write(value) if isinstance(value, float) else "" if value is None else value


def _seconds(report: Any, write: Any) -> str:
    return write(report.cost.seconds, figures=2)
