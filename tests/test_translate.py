"""The translator: what it refuses, and that it says where."""

import gzip
import re

import pytest

from lrlib import translate
from lrlib.arithmetic import sq
from lrlib.settings import Setting
from lrlib.surfaces import Surface
from lrlib.optimizers import Optimizer


# Outside the language, each in one line; the line is looked up below, so each function stays short.
def uses_power_operator(x):
    return x**2


def calls_a_method(x):
    return x.copy()


def calls_an_unknown_name(x):
    return sinh(x)


def uses_an_unset_name(x):
    return x + y


def loops(x):
    for _ in range(3):
        x = sq(x)
    return x


def branches(x):
    return x if x > 0 else 0


def chains_comparisons(x):
    return 0 < x < 1


def assigns_two_names(x):
    a = b = x
    return a + b


def unpacks(x):
    a, b = x, x
    return a + b


def adds_in_place(x):
    x += 1
    return x


def returns_nothing(x):
    x = x + 1


def returns_early(x):
    return x
    return x + 1


def takes_any_number(*x):
    return x


def has_text(x):
    return "x"


def has_a_truth_value(x):
    return x * True


def indexes(x):
    return x[0]


def takes_a_keyword_in_a_call(x):
    return sq(x=x)


def divides_whole(x):
    return x // 2


def imports(x):
    import math

    return x


REFUSED = [
    uses_power_operator,
    calls_a_method,
    calls_an_unknown_name,
    uses_an_unset_name,
    loops,
    branches,
    chains_comparisons,
    assigns_two_names,
    unpacks,
    adds_in_place,
    returns_nothing,
    returns_early,
    takes_any_number,
    has_text,
    has_a_truth_value,
    indexes,
    takes_a_keyword_in_a_call,
    divides_whole,
    imports,
]


@pytest.mark.parametrize("function", REFUSED, ids=lambda f: f.__name__)
def test_what_is_outside_the_language_is_refused_with_file_and_line(function):
    with pytest.raises(translate.TranslationError) as error:
        translate.function(function)
    file, line = re.match(r"(.*):(\d+): \S", str(error.value)).groups()
    first = function.__code__.co_firstlineno
    assert file == __file__
    assert first <= int(line) <= first + 3


def test_an_unknown_name_comes_with_the_nearest_known_one():
    with pytest.raises(translate.TranslationError, match="'sinh' cannot be called: did you mean 'sin'"):
        translate.function(calls_an_unknown_name)


def test_every_parenthesis_is_kept():
    def mixed(a, b):
        c = a - (b - a) * (b / (a * b))
        return -c, c < b

    assert translate.function(mixed) == (
        "function mixed(a, b) { let c; c = (a - ((b - a) * (b / (a * b)))); return [(-c), (c < b)]; }"
    )


def test_a_rule_with_the_wrong_signature_is_refused():
    def strange(x, g, lr, t):
        return (x,)

    with pytest.raises((translate.TranslationError, ValueError)):
        translate.optimizer(Optimizer(strange, {}, one, one))


def test_a_surface_whose_functions_take_other_settings_is_refused():
    surface = Surface("odd", one_of, one_of, one_of, one_of, view=((0, 1),), settings={"k": Setting(1, (0, 2), (0, 2))})
    with pytest.raises(translate.TranslationError, match="odd.value must take its coordinates, then k"):
        translate.surface(surface)


def one():
    return 1.0


def one_of(x):
    return x


def test_in_the_format_of_a_run_every_operation_is_rounded_and_every_literal_it_meets():
    def mixed(x, t, lr):
        half = 0.5 * x
        turn = 6.28
        y = where(x > 0.1, sqrt(half + 1), 0.3) - turn * x
        return -y, y / (t + 1), power(lr, t + 1) * floor(x), maximum(y, 0.7)

    assert translate.function(mixed, rounded=True) == (
        "function mixed(x, t, lr) { let half, turn, y; half = R(0.5 * x); turn = 6.28; "
        "y = R(((x > R(0.1)) ? R(sqrt(R(half + 1.0))) : R(0.3)) - R(R(turn) * x)); "
        "return [(-y), R(y / R(t + 1.0)), R(power(lr, t + 1.0) * floor(x)), maximum(y, R(0.7))]; }"
    )


def test_what_would_leave_the_format_of_a_run_is_refused():
    def calls_a_function_of_a_literal(x):
        return x * sqrt(2.0)

    def chooses_between_literals(x):
        return x * where(x > 0, 1.0, 2.0)

    for function in (calls_a_function_of_a_literal, chooses_between_literals):
        translate.function(function)
        with pytest.raises(translate.TranslationError, match="leaves the run's format"):
            translate.function(function, rounded=True)


def test_the_whole_mathematics_weighs_less_than_nine_and_a_half_kilobytes_on_the_wire():
    assert len(gzip.compress(translate.mathematics().encode())) < 9_500
