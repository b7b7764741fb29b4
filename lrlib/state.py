"""What a figure is set to: a dict of its traits, what each may be, and what `descend` is called with for it.

The twin of `figure/state.js`.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from lrlib import schedules, words
from lrlib.optimizers import OPTIMIZERS, Optimizer, find_optimizer
from lrlib.recording import nearest_stop
from lrlib.recordings import SCATTERS, fixed, packed_of
from lrlib.run import LOST, start_points
from lrlib.settings import MOST_STEPS, Setting, choice, count, nearest, number, numbers, shown
from lrlib.surfaces import SURFACES, Surface

PANELS = ("landscape", "loss", "gauge", "norm", "rates", "state", "schedule", "sensitivity", "microscope")
PANELS += ("taylor", "map", "range")

#: Every hyperparameter by name, as the first rule that has it knows it.
HYPERPARAMETERS: dict[str, Setting] = {}
for _known in OPTIMIZERS.values():
    HYPERPARAMETERS |= {name: one for name, one in _known.settings.items() if name not in HYPERPARAMETERS}

_CHOICES = ("optimizer", "schedule", "noise", "dtype", "clip", "resume", "range", "steps", "race")

#: What can get a control of its own in some figure: a setting of its surface or its rules, or one of the choices.
CONTROLS = (*dict.fromkeys(name for one in SURFACES.values() for name in one.settings), *HYPERPARAMETERS, *_CHOICES)

#: What a reader can be asked to foretell, and the names among which a regime is guessed.
PREDICTIONS = ("regime", "loss", "overflow", "end")
REGIMES = ("glide", "zigzag", "swing", "border", "explode", "widen")

FORMATS = ("float64", "float32", "float16")

#: Longer runs would make the page wait.
MOST_STEPS_SHOWN = 20_000
MOST_RACERS = 5
MOST_SEED = 999_999
MOST_RAMP = 2000
MOST_SMOOTHING = 0.99

State = dict[str, Any]


def rate_of(state: State, name: str) -> float:
    return state["rates"].get(name, state["lr"])


def rate(state: State, lr: Any) -> Any:
    """The rate that `descend` takes: the number itself or a schedule of it."""
    schedule = state["schedule"]
    rate = lr if schedule["name"] == "constant" else schedules.SCHEDULES[schedule["name"]](lr, **schedule["settings"])
    return schedules.warmup(rate, schedule["warmup"], schedule["start"]) if schedule["warmup"] else rate


def settings_of(state: State, name: str) -> dict[str, float]:
    """Of all settings, those of the surface and of one rule."""
    known = SURFACES[state["surface"]].settings | OPTIMIZERS[name].settings
    return {key: state["settings"][key] for key in known if key in state["settings"]}


def arguments(state: State, name: str, **changed: Any) -> dict[str, Any]:
    """What `descend` is called with for one rule."""
    same = {key: state[key] for key in ("surface", "start", "steps", "noise", "seed", "dtype", "clip")}
    lr = rate(state, rate_of(state, name))
    given = {**same, "optimizer": name, "lr": lr, **settings_of(state, name), **changed}
    return given | ({"resume": state["resume"], "lost": state["lost"]} if is_resumed(state | given) else {})


def is_resumed(state: State) -> bool:
    """Whether the run is stopped on its way, and resumed."""
    return state["resume"] is not None and state["resume"] < state["steps"]


def changed(before: State, changes: State) -> State:
    """The state after some changes, all checked; what they leave without a sense is put in order."""
    changes = _expanded(changes)
    if before["recording"]:
        changes = _of_recording(before, changes)
    surface = SURFACES[before["surface"]]
    state = before | {name: CHECKS[name](value, surface) for name, value in changes.items()}
    _settle_model(state)
    _settle_focus(state, changes, before)
    _settle_rates(state, changes)
    _settle_cursor(state, changes)
    _settle_prediction(state, changes, surface)
    if "controls" in changes:
        hyper = [name for rule in state["optimizers"] for name in OPTIMIZERS[rule].settings]
        _names("controls", state["controls"], dict.fromkeys([*surface.settings, *hyper, *_CHOICES]))
    for name in state["optimizers"]:
        for key in state["settings"].keys() & OPTIMIZERS[name].settings.keys():
            number(key, state["settings"][key], *OPTIMIZERS[name].settings[key].allowed)
        rate(state, rate_of(state, name))  # refuses a rate that its schedule does not take
    return state


def _of_recording(before: State, changes: State) -> State:
    """Changes of a figure that shows recordings, with what another model brings: its steps, its range of rates, and of
    its rates the one nearest to the last."""
    recording, model = before["recording"], changes.get("model", before["model"])
    brought = {}
    if model != before["model"]:
        model = choice("model", model, recording.get("models", {}))
        brought = fixed(recording, model)
        rates = packed_of(recording, model)["rates"]
        brought["lr"] = rates[nearest_stop(rates, before["lr"])]
    for name in changes.keys() - {"lr", "cursor", "language", "model", "smoothing"}:
        if not equal(changes[name], brought.get(name, before[name])):
            raise ValueError(f"{name} is fixed in a figure that shows a recording, got {shown(changes[name])}")
    return brought | changes


def _settle_model(state: State) -> None:
    """A model is one of the recordings; panels of recordings have some."""
    recording = state["recording"]
    if recording and "models" in recording:
        state["model"] = choice("model", state["model"], recording["models"])
    elif state["model"] is not None:
        raise ValueError(f"model must be None where no recordings of several are shown, got {shown(state['model'])}")
    for name in () if recording else state["panels"]:
        if name in SCATTERS:
            raise ValueError(f"panels {name!r} needs recordings. {nearest('', PANELS)}")


def _expanded(changes: State) -> State:
    """A schedule given as the rate becomes the rate and the schedule."""
    lr = changes.get("lr")
    if isinstance(lr, schedules.Schedule):
        schedules.rates(lr, 1)  # says that its rate is missing
    if not callable(lr):
        return changes
    rise = {}
    if isinstance(lr, schedules.Warmup):
        rise = {"warmup": number("steps of the warm-up", lr.steps), "start": number("start of the warm-up", lr.start)}
        lr = lr.lr
        if not callable(lr):
            return changes | {"lr": lr, "schedule": CONSTANT | rise}
    if isinstance(lr, schedules.Warmup):
        raise TypeError(f"lr must have at most one warm-up in a figure, got {shown(changes['lr'])}")
    if not isinstance(lr, schedules.Rate) or schedules.SCHEDULES.get(lr.schedule.name) is not lr.schedule:
        raise TypeError(
            "lr must be a number or one of the book's schedules in a figure, such as schedules.cosine(0.1), since "
            f"the page has no function of yours; got {shown(lr)}"
        )
    return changes | {"lr": lr.lr, "schedule": CONSTANT | {"name": lr.schedule.name, "settings": lr.settings} | rise}


def _settle_focus(state: State, changes: State, before: State) -> None:
    """The focus is in the race: it follows the race, or takes its place there."""
    race, focus = state["optimizers"], state["optimizer"]
    if focus in race:
        return
    if "optimizers" not in changes:
        place = race.index(before["optimizer"])
        state["optimizers"] = [*race[:place], focus, *race[place + 1 :]]
    elif "optimizer" in changes:
        raise ValueError(f"optimizer {focus!r} does not run in this figure: {nearest(focus, race)}")
    else:
        state["optimizer"] = race[0]


def _settle_rates(state: State, changes: State) -> None:
    race = state["optimizers"]
    for name in state["rates"] if "rates" in changes else ():
        if name not in race:
            raise ValueError(f"rates[{name!r}] is the rate of a rule that does not run: {nearest(name, race)}")
    state["rates"] = {name: state["rates"][name] for name in race if name in state["rates"]}


def _settle_cursor(state: State, changes: State) -> None:
    if state["cursor"] is not None and state["cursor"] > state["steps"]:
        if "steps" not in changes:
            raise ValueError(f"cursor must be a whole number from 0 to steps, {state['steps']}, got {state['cursor']}")
        state["cursor"] = None


def _settle_prediction(state: State, changes: State, surface: Surface) -> None:
    if "guess" not in changes and "predict" in changes:
        state["guess"] = None
    kind, guess = state["predict"], state["guess"]
    if guess is None:
        return
    if kind is None:
        raise ValueError(f"guess must be None where nothing is to be foretold, got {shown(guess)}")
    if guess == "shown":  # the reader would rather look
        return
    if kind == "regime":
        choice("guess", guess, REGIMES)
    elif kind == "end":
        point = np.atleast_1d(numbers("guess", guess))
        if point.shape != (surface.dimension,):
            raise ValueError(f"guess must be a point of {surface.dimension} coordinates, got {shown(guess)}")
        state["guess"] = point.tolist()
    else:
        state["guess"] = number("guess", guess)


def rates_given(lr: Any, race: list) -> State:
    """The constructor's rate: one for all, or a dict of them."""
    if not isinstance(lr, Mapping):
        return {"lr": lr}
    rates = _rates(lr, None)
    if not rates:
        raise ValueError("lr must hold a rate for at least one rule, got {}")
    named = [find_optimizer(rule).name for rule in race]
    return {"lr": rates[next((name for name in named if name in rates), next(iter(rates)))], "rates": rates}


def settings_given(surface: Surface, race: list, settings: dict[str, Any]) -> dict[str, Any]:
    """The constructor's settings: of its surface and its rules only, or they would do nothing."""
    rules = [find_optimizer(rule) for rule in race]
    known = dict.fromkeys([*surface.settings, *(name for rule in rules for name in rule.settings)])
    for name in settings:
        if name not in known:
            hint = nearest(name, [*known, *_ARGUMENTS])
            told = ", ".join(repr(rule.name) for rule in rules)
            raise TypeError(f"{surface.name!r} with {told} has no setting {name!r}: {hint}")
    return settings


def _rule_name(argument: str, given: Any) -> str:
    if isinstance(given, Optimizer) or callable(given):
        return find_optimizer(given).name
    return choice(argument, given, OPTIMIZERS)


def _race(given: Any, surface: Any) -> list[str]:
    if not isinstance(given, (list, tuple)) or not given or len(given) > MOST_RACERS:
        raise ValueError(f"optimizers must be a list of 1 to {MOST_RACERS} rules, got {shown(given)}")
    race = [_rule_name("optimizer", rule) for rule in given]
    if len(set(race)) < len(race):
        raise ValueError(f"optimizers must be different rules, got {shown(race)}")
    return race


def _rates(given: Any, surface: Any) -> dict[str, float]:
    if not isinstance(given, Mapping):
        raise TypeError(f"rates must be a dict of rates by rule, got {shown(given)}")
    named = {_rule_name("rates", rule): lr for rule, lr in given.items()}
    return {name: number(f"rates[{name!r}]", lr, 0, open_low=True) for name, lr in named.items()}


def _start(given: Any, surface: Surface) -> list[float]:
    point = start_points(surface, given)
    if point.ndim != 1:
        raise ValueError(f"start must be one point in a figure, got shape {point.shape}")
    return point.tolist()


def _settings(given: Any, surface: Surface) -> dict[str, float]:
    if not isinstance(given, Mapping):
        raise TypeError(f"settings must be a dict of names and numbers, got {shown(given)}")
    checked = {}
    for name, value in given.items():
        if name in surface.settings:
            checked[name] = number(name, value, *surface.settings[name].allowed)
        elif name in HYPERPARAMETERS:
            rules = [rule.settings[name].allowed for rule in OPTIMIZERS.values() if name in rule.settings]
            checked[name] = number(name, value, min(low for low, _ in rules), max(high for _, high in rules))
        elif name in CHECKS:
            raise TypeError(f"{name!r} is an argument of its own, not one of the settings")
        else:
            hint = nearest(str(name), [*surface.settings, *HYPERPARAMETERS])
            raise TypeError(f"a figure of {surface.name!r} has no setting {name!r}: {hint}")
    filled = {name: checked.get(name, known.default) for name, known in surface.settings.items()}
    return filled | {name: checked[name] for name in HYPERPARAMETERS if name in checked}


def _schedule(given: Any, surface: Any) -> dict[str, Any]:
    if not isinstance(given, Mapping):
        raise TypeError(f"schedule must be a dict with {', '.join(CONSTANT)}, got {shown(given)}")
    for key in given:
        if key not in CONSTANT:
            raise ValueError(f"schedule has no part {key!r}: {nearest(str(key), CONSTANT)}")
    given = CONSTANT | dict(given)
    known = schedules.SCHEDULES[choice("schedule", given["name"], schedules.SCHEDULES)]
    if not isinstance(given["settings"], Mapping):
        raise TypeError(f"schedule's settings must be a dict of names and numbers, got {shown(given['settings'])}")
    for name, value in given["settings"].items():
        if name not in known.settings:
            raise TypeError(f"schedule {known.name!r} has no setting {name!r}: {nearest(str(name), known.settings)}")
        number(f"schedule's {name}", value, *known.settings[name].allowed)
    warmup = given["warmup"]
    whole = int(warmup) if isinstance(warmup, float) and warmup % 1 == 0 else warmup
    return {
        "name": known.name,
        "settings": {n: float(given["settings"].get(n, one.default)) for n, one in known.settings.items()},
        "warmup": count("schedule's warmup", whole, 0, MOST_STEPS),
        "start": number("schedule's start", given["start"], 0, 1),
    }


def _format(given: Any, surface: Any) -> str:
    try:
        name = np.dtype(given).name
    except TypeError:
        name = given
    return choice("dtype", name, FORMATS)


def _view(given: Any, surface: Surface) -> list[list[float]]:
    if not isinstance(given, (list, tuple)) or len(given) != surface.dimension:
        raise ValueError(
            f"view must hold a (low, high) for each of the {surface.dimension} coordinates, got {shown(given)}"
        )
    return [_interval("view", side) for side in given]


def _panels(given: Any, surface: Any) -> list[str]:
    names = _names("panels", given, (*PANELS, *SCATTERS))
    if not names:
        raise ValueError(f"panels must name at least one panel. {nearest('', PANELS)}")
    return names


def _fixed(given: Any, surface: Surface) -> str:
    name = given.name if isinstance(given, Surface) else given
    if name != surface.name:
        raise ValueError(f"surface is fixed at {surface.name!r} in this figure, got {shown(given)}; make a new lab")
    return surface.name


def _recording(given: Any, surface: Any) -> dict | None:
    if given is not None and not isinstance(given, dict):
        raise TypeError(f"recording must be None or a dict, got {shown(given)}")
    return given


def _interval(argument: str, given: Any, low: float = -np.inf) -> list[float]:
    ends = numbers(argument, given, low, open_low=low == 0)
    if np.shape(ends) != (2,) or not ends[0] < ends[1]:
        raise ValueError(f"{argument} must be (low, high) with low < high, got {shown(given)}")
    return ends.tolist()


def _names(argument: str, given: Any, known: Any) -> list[str]:
    if isinstance(given, str) or not isinstance(given, (list, tuple)):
        raise TypeError(f"{argument} must be a list of names, got {shown(given)}. {nearest('', known)}")
    return [choice(argument, name, known) for name in given]


def equal(one: Any, other: Any) -> bool:
    try:
        return bool(one == other)
    except ValueError:  # an array: it has to be checked
        return False


CONSTANT = {"name": "constant", "settings": {}, "warmup": 0, "start": 0.0}

_ARGUMENTS = ("lr", "start", "steps", "noise", "seed", "dtype", "clip", "resume", "lost", "ramp", "smoothing", "cursor")
_ARGUMENTS += ("lr_range", "view", "panels", "controls", "predict", "hidden", "language")

#: For each trait what checks it alone, given the surface; in the order in which the page gets them.
CHECKS = {
    "language": lambda given, _: choice("language", given, words.LANGUAGES),
    "surface": _fixed,
    "optimizers": _race,
    "optimizer": lambda given, _: _rule_name("optimizer", given),
    "lr": lambda given, _: number("lr", given, 0, open_low=True),
    "rates": _rates,
    "lr_range": lambda given, _: _interval("lr_range", given, 0),
    "start": _start,
    "steps": lambda given, _: count("steps", given, 1, MOST_STEPS_SHOWN),
    "settings": _settings,
    "schedule": _schedule,
    "noise": lambda given, _: number("noise", given, 0),
    "seed": lambda given, _: count("seed", given, 0, MOST_SEED),
    "dtype": _format,
    "clip": lambda given, _: None if given is None else number("clip", given, 0, open_low=True),
    "resume": lambda given, _: None if given is None else count("resume", given, 1, MOST_STEPS_SHOWN),
    "lost": lambda given, _: choice("lost", given, LOST),
    "ramp": lambda given, _: count("ramp", given, 2, MOST_RAMP),
    "smoothing": lambda given, _: number("smoothing", given, 0, MOST_SMOOTHING),
    "cursor": lambda given, _: None if given is None else count("cursor", given, 0, MOST_STEPS_SHOWN),
    "view": _view,
    "panels": _panels,
    "controls": lambda given, _: _names("controls", given, CONTROLS),
    "predict": lambda given, _: None if given is None else choice("predict", given, PREDICTIONS),
    "hidden": lambda given, _: _names("hidden", given, (*PANELS, "border")),
    "guess": lambda given, _: given,  # what it may be is a matter of `predict`
    "recording": _recording,
    "model": lambda given, _: given,  # of which there are, tells the recording
}

#: What no argument of the constructor sets.
AT_FIRST = dict.fromkeys(("optimizer", "lr_range", "cursor", "guess", "recording", "model"))
