"""Searching: what is tried, what is recorded, and that nothing is lost, wherever it is computed."""

import dataclasses
import multiprocessing
import os
import pickle
import signal
import subprocess
import sys
import threading
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from itertools import product

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from lrlib import descend, search
from lrlib.search import Descent, Table, grid, random, range_test, sensitivity
from searching import KILL, Deadly, Gated, bowl, fails, fussy

DESCENT = Descent("quadratic", "momentum", (4.0, 2.0), 40, condition=5)


class Backwards(Executor):
    """An executor that computes nothing until it has all tasks, and then the last one first."""

    def __init__(self, count):
        self.count, self.tasks = count, []

    def submit(self, function, *arguments):
        self.tasks.append((Future(), function, arguments))
        if len(self.tasks) == self.count:
            for future, function_, arguments_ in reversed(self.tasks):
                future.set_result(function_(*arguments_))
        return self.tasks[-1][0]


class Watched(Executor):
    """Another executor, of which one can await that so many tasks are submitted, or done."""

    def __init__(self, executor):
        self.executor, self.submitted, self.done = executor, threading.Semaphore(0), threading.Semaphore(0)

    def submit(self, function, *arguments):
        future = self.executor.submit(function, *arguments)
        future.add_done_callback(lambda _: self.done.release())
        self.submitted.release()
        return future

    @staticmethod
    def await_all(events, count):
        assert all(events.acquire(timeout=60) for _ in range(count))


@pytest.fixture(scope="module")
def processes():
    # A spawned process starts from nothing; a forked one may deadlock beside threads, and Python warns of it.
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        yield pool


@pytest.fixture
def threads():
    with ThreadPoolExecutor(2) as pool:
        yield pool


@pytest.fixture(scope="module")
def cluster():
    import distributed  # here, because it takes a second that only these tests need

    with distributed.LocalCluster(
        n_workers=3, threads_per_worker=1, processes=True, dashboard_address=None, memory_limit=0
    ) as running:
        yield running


@pytest.fixture
def dask(cluster):
    from distributed import Client

    with Client(cluster) as client:
        yield client.get_executor()


@pytest.fixture(params=["threads", "processes", "dask", "backwards"])
def executor(request):
    return Backwards(12) if request.param == "backwards" else request.getfixturevalue(request.param)


def everything(table):
    """All there is in a table, as text, in which nan equals nan."""
    return repr((list(table), table.failures, table.missing, table.stopped))


# What is tried


def test_a_grid_is_the_same_as_nested_loops():
    table = grid(bowl, {"x": [1, 2.5], "y": (3, 4, 5)})
    assert list(table) == [{"x": x, "y": y, **bowl(x, y)} for x in [1, 2.5] for y in (3, 4, 5)]
    assert table.stopped is None and table.failures == [] and table.missing == []


@pytest.mark.parametrize("values", [range(3), (0, 1, 2), np.arange(3), pd.Series([0, 1, 2]), [np.int32(0), 1, 2]])
def test_choices_are_any_sequence_and_whole_numbers_stay_whole(values):
    table = grid(bowl, {"x": values})
    assert [record["x"] for record in table] == [0, 1, 2]
    assert all(type(record["x"]) is int and type(record["loss"]) is float for record in table)


def test_random_candidates_depend_on_the_seed_alone():
    ranges = {"x": (1e-4, 10), "y": (1, 2)}
    table = random(bowl, ranges, 20, seed=3)
    assert list(table) == list(random(bowl, ranges, 20, seed=3))
    assert list(random(bowl, ranges, 50, seed=3))[:20] == list(table)
    assert not {record["x"] for record in random(bowl, ranges, 20, seed=4)} & {record["x"] for record in table}


@pytest.mark.parametrize(("low", "high"), [(1e-5, 10.0), (1, 2), (1e-300, 1e300)])
def test_random_candidates_are_uniform_on_a_log_scale_and_in_their_range(low, high):
    drawn = random(DESCENT, {"lr": (low, high), "beta": (1e-3, 0.9)}, 3000)
    lr = drawn.column("lr")
    assert lr.min() >= low and lr.max() <= high
    assert stats.kstest(np.log(lr), "uniform", (np.log(low), np.log(high) - np.log(low))).pvalue > 0.05
    assert abs(stats.spearmanr(lr, drawn.column("beta")).statistic) < 0.05


@pytest.mark.parametrize("low", [0.001, 3e-5, 0.3])
def test_the_bounds_of_a_range_survive_rounding(low):
    high = float(np.nextafter(low, 1))
    assert set(random(DESCENT, {"lr": (low, high)}, 100).column("lr").tolist()) <= {low, high}


# Descents


@pytest.mark.parametrize("optimizer", ["gd", "momentum", "adam"])
def test_sensitivity_agrees_with_single_runs_bit_for_bit(optimizer):
    rates = np.geomspace(1e-3, 5, 60)
    table = sensitivity("double_well", optimizer, 1.7, rates, 150)
    runs = [descend("double_well", optimizer, 1.7, float(rate), 150) for rate in rates]
    assert table.column("lr").tobytes() == rates.tobytes()
    assert table.column("loss").tobytes() == np.array([run.losses[-1] for run in runs]).tobytes()
    assert table.column("diverged_at").tolist() == [-1 if r.diverged_at is None else r.diverged_at for r in runs]
    assert optimizer == "adam" or not np.isfinite(table.column("loss")).all()


def test_a_block_of_candidates_agrees_with_calls_one_by_one():
    lr, beta = [0.01, 0.2, 50], [0.0, 0.5, 0.9]
    table = grid(DESCENT, {"lr": lr, "beta": beta})
    assert list(table) == [{"lr": a, "beta": b, **DESCENT(lr=a, beta=b)} for a, b in product(lr, beta)]
    assert all(type(record["loss"]) is float and type(record["diverged_at"]) is int for record in table)


def test_ten_thousand_candidates_are_a_few_sweeps(monkeypatch):
    steps = []

    def counted(*given, **more):
        steps.append(more["steps"])
        return descend(*given, **more)

    monkeypatch.setattr(search, "descend", counted)
    assert len(random(DESCENT, {"lr": (1e-4, 1)}, 10_000)) == 10_000 and steps.count(40) == 5
    assert len(sensitivity("parabola", "gd", 1.0, np.geomspace(1e-4, 1, 10_000), 7)) == 10_000 and steps.count(7) == 5
    assert set(steps) == {1, 7, 40}  # with one step, the settings are checked


def test_long_descents_share_a_task_with_fewer_others(monkeypatch):
    sizes = []

    def attempt(objective, block):
        sizes.append(len(block))
        return [{"loss": 0.0}] * len(block)

    monkeypatch.setattr(search, "_attempt", attempt)
    grid(Descent("parabola", "gd", 1.0, 1_000_000), {"lr": np.geomspace(0.1, 1, 10)})
    assert sizes == [4, 4, 2]


def test_a_descent_is_frozen_and_survives_pickling():
    start = [4.0, 2.0]
    descent = Descent("quadratic", "momentum", start, 40, condition=5)
    start[0] = 1.0
    assert descent == DESCENT == pickle.loads(pickle.dumps(DESCENT))
    with pytest.raises(dataclasses.FrozenInstanceError):
        descent.steps = 2


def test_the_range_test_is_one_run_with_a_growing_rate():
    table = range_test("parabola", "gd", 4.0, 0.01, 50, 12)
    assert [list(record) for record in table] == [["step", "lr", "loss"]] * 12
    assert table[0]["lr"] == 0.01 and table[-1]["lr"] == 50 and table.column("step").tolist() == list(range(12))
    assert np.allclose(np.diff(np.log(table.column("lr"))), np.log(5000) / 11, rtol=1e-12)
    x = 4.0
    for record in table:
        x -= record["lr"] * x
        assert record["loss"] == pytest.approx(x**2 / 2, rel=1e-12)


def test_the_range_test_keeps_what_is_not_finite():
    loss = range_test("double_well", "momentum", 1.5, 0.1, 1e6, 60).column("loss")
    assert np.isfinite(loss[:5]).all() and not np.isfinite(loss[-1])


# Where it is computed


@pytest.mark.parametrize("objective", [bowl, fussy])
def test_the_table_is_the_same_wherever_it_is_computed(executor, objective):
    choices = {"x": range(12)}
    table = grid(objective, choices, executor=executor)
    assert everything(table) == everything(grid(objective, choices))


@pytest.mark.parametrize("place", ["threads", "processes", "dask"])
def test_descents_give_the_same_table_wherever_they_are_computed(request, place):
    ranges = {"lr": (1e-3, 10), "beta": (0.1, 0.99)}
    table = random(DESCENT, ranges, 5000, executor=request.getfixturevalue(place))
    assert everything(table) == everything(random(DESCENT, ranges, 5000)) and len(table) == 5000


# What goes wrong


def test_whatever_is_wrong_with_a_candidate_costs_only_that_candidate():
    table = grid(fussy, {"x": range(10)})
    errors = {failure["x"]: failure["error"] for failure in table.failures}
    assert errors == {
        2: "ValueError: no 2 today",
        3: "NeedsTwo: 3 and 1",
        4: "SystemExit: no GPU",
        5: "TypeError: objective must return a number or a dict of numbers, got None",
        8: "objective must always return the same names, got ['loss', 'extra'] after ['loss']",
        9: "TypeError: objective must return a number or a dict of numbers, got 1j",
    }
    assert table.column("x").tolist() == [0, 1, 6, 7]
    assert np.isnan(table[2]["loss"]) and table[3]["loss"] == np.inf and table.stopped is None


@pytest.mark.parametrize("given", [True, "0.5", [0.5], {}, {"loss": None}, {1: 0.5}, {"x": 0.5}, np.zeros(2), b"1"])
def test_what_is_no_number_is_a_failure(given):
    failure = grid(lambda x: given if x else 0.5, {"x": [0, 1]}).failures[0]
    assert failure["x"] == 1 and failure["error"].startswith(("TypeError: objective", "ValueError: "))


@pytest.mark.parametrize("given", [0.5, np.float32(0.5), np.array(0.5), {"loss": np.array([0.5])}])
def test_numbers_of_other_libraries_become_plain_ones(given):
    record = grid(lambda x: given, {"x": [1]})[0]
    assert record == {"x": 1, "loss": 0.5} and type(record["loss"]) is float


@pytest.mark.parametrize("place", [None, "threads", "processes", "dask"])
def test_an_objective_that_always_fails_raises_its_first_error(request, place):
    executor = request.getfixturevalue(place) if place else None
    with pytest.raises(ZeroDivisionError, match="not with 7") as error:
        grid(fails, {"x": [7, 8]}, executor=executor)
    assert "raise ZeroDivisionError(f" in error.value.__notes__[0]


def test_settings_that_a_descent_does_not_take_are_refused_before_anything_is_computed(monkeypatch):
    monkeypatch.setattr(search, "BLOCK", 1)
    monkeypatch.setattr(search, "_attempt", lambda *given: pytest.fail("too late"))
    with pytest.raises(ValueError, match="beta must be a number from 0 to"):
        grid(DESCENT, {"lr": [0.1], "beta": [0.5, 0.6, 1.5]})


def test_an_error_that_no_check_foresees_costs_a_descent_one_block(monkeypatch):
    def forgetful(*given, lr, steps, **more):
        if steps > 1 and max(lr) == 50:
            raise MemoryError("full")
        return descend(*given, lr=lr, steps=steps, **more)

    objective = Descent("parabola", "gd", 1.0, 10)
    monkeypatch.setattr(search, "descend", forgetful)
    monkeypatch.setattr(search, "BLOCK", 2)
    table = grid(objective, {"lr": [1, 2, 3, 50, 5]})
    assert table.failures == [{"lr": 3, "error": "MemoryError: full"}, {"lr": 50, "error": "MemoryError: full"}]
    assert table.column("lr").tolist() == [1, 2, 5]


@pytest.fixture
def ctrl_c():
    """Interrupts arrive, also where tests run in the background and would ignore them."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("ctrl_c")
def test_an_interrupt_returns_what_has_been_computed():
    def interrupted(x):
        if x == 3:
            signal.raise_signal(signal.SIGINT)
        return x

    table = grid(interrupted, {"x": range(6)})
    assert table.column("x").tolist() == [0, 1, 2] and table.missing == [{"x": 3}, {"x": 4}, {"x": 5}]
    assert table.stopped == "KeyboardInterrupt"


def test_an_interrupt_before_the_first_result_returns_an_empty_table():
    def interrupted(x):
        raise KeyboardInterrupt

    table = grid(interrupted, {"x": [1, 2]})
    assert list(table) == [] and len(table.missing) == 2 and table.stopped == "KeyboardInterrupt"


def raise_it():
    raise KeyboardInterrupt


def send_it():
    signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)


@pytest.mark.usefixtures("ctrl_c")
@pytest.mark.parametrize("interrupt", [raise_it, send_it])
def test_an_interrupt_while_threads_compute_returns_what_they_have(interrupt):
    if interrupt is send_it and not hasattr(signal, "pthread_kill"):
        pytest.skip("Windows cannot send a signal to a thread")
    release, calls = threading.Event(), []

    def interrupted(x):
        calls.append(x)
        if x == 3:
            watched.await_all(watched.submitted, 50)
            interrupt()
        if x >= 3:
            release.wait(60)
        return x

    with ThreadPoolExecutor(1) as pool:
        watched = Watched(pool)
        table = grid(interrupted, {"x": range(50)}, executor=watched)
        release.set()
    assert list(table) == [{"x": x, "loss": x} for x in range(3)]
    assert table.missing == [{"x": x} for x in range(3, 50)] and table.stopped == "KeyboardInterrupt"
    assert calls in ([0, 1, 2, 3], [0, 1, 2, 3, 4])  # all others were cancelled


class Stubborn(Future):
    """A future that the user does not want to wait for while it is cancelled."""

    def cancel(self):
        raise KeyboardInterrupt


class Odd(Executor):
    """An executor that computes two tasks and has something else to say about the next ones."""

    def __init__(self, *others):
        self.answers = [None, None, *others]

    def submit(self, function, *arguments):
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        future = answer or Future()
        if answer is None:
            future.set_result(function(*arguments))
        return future


def test_a_second_interrupt_does_not_lose_the_results_either():
    interrupted = Future()
    interrupted.set_exception(KeyboardInterrupt())
    table = grid(bowl, {"x": range(5)}, executor=Odd(interrupted, Stubborn(), Stubborn()))
    assert table.column("x").tolist() == [0, 1] and table.stopped == "KeyboardInterrupt"


def test_an_executor_that_refuses_tasks_half_way_leaves_the_results_so_far():
    table = grid(bowl, {"x": range(5)}, executor=Odd(RuntimeError("full"), None, ValueError("fuller")))
    assert table.column("x").tolist() == [0, 1, 3] and table.stopped == "RuntimeError: full"
    assert table.missing == [{"x": 2}, {"x": 4}] and table.failures == []


def test_a_killed_process_of_a_pool_leaves_the_results_so_far(tmp_path):
    objective, broken = Gated(tmp_path, free=5), threading.Event()

    def kill():
        with objective.opened_at_last():
            os.kill(objective.waiting(2)[0][1], KILL)
            broken.wait(60)

    killer = threading.Thread(target=kill)
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        killer.start()
        table = grid(objective, {"x": range(12)}, executor=pool)
        broken.set()
        killer.join()
    assert list(table) == [{"x": x, **bowl(x)} for x in range(5)]
    assert table.missing == [{"x": x} for x in range(5, 12)]
    assert table.stopped.startswith("BrokenProcessPool: ")


def test_tasks_that_somebody_cancels_leave_the_results_so_far():
    started, release = threading.Event(), threading.Event()

    def slow(x):
        if x == 2:
            started.set()
            release.wait()
        return x

    def shut():
        started.wait()
        pool.shutdown(wait=False, cancel_futures=True)
        release.set()

    pool = ThreadPoolExecutor(1)
    somebody = threading.Thread(target=shut)
    somebody.start()
    table = grid(slow, {"x": range(8)}, executor=pool)
    somebody.join()
    assert table.column("x").tolist() == [0, 1, 2] and len(table.missing) == 5
    assert table.stopped == "CancelledError"


def test_a_killed_dask_worker_costs_nothing(tmp_path, dask):
    objective = Gated(tmp_path, free=6)
    killed = []

    def kill():
        with objective.opened_at_last():
            killed.extend(objective.waiting(3)[1])
            os.kill(killed[1], KILL)

    killer = threading.Thread(target=kill)
    killer.start()
    table = grid(objective, {"x": range(20)}, executor=dask)
    killer.join()
    candidate, process = killed
    assert {p for x, p in objective.waiting() if x == candidate} > {process}, "another process computed it again"
    assert everything(table) == everything(grid(objective, {"x": range(20)})) and len(table) == 20


def test_what_dask_gives_up_leaves_all_other_results(tmp_path, dask, cluster, monkeypatch):
    monkeypatch.setattr(cluster.scheduler, "allowed_failures", 0)
    table = grid(Deadly(tmp_path, 2), {"x": range(12)}, executor=dask)
    missing = [candidate["x"] for candidate in table.missing]
    assert 2 in missing and len(missing) <= 2  # Dask also blames the task that the dead worker would have had next
    assert list(table) == [{"x": x, **bowl(x)} for x in range(12) if x not in missing]
    assert table.failures == [] and table.stopped.startswith("KilledWorker: ")


def test_a_dask_client_that_is_closed_leaves_the_results_so_far(tmp_path, cluster):
    from distributed import Client

    objective, client = Gated(tmp_path, free=4), Client(cluster)
    watched = Watched(client.get_executor())

    def close():
        with objective.opened_at_last():
            objective.waiting(3)
            watched.await_all(watched.done, 4)
            client.close()

    closer = threading.Thread(target=close)
    closer.start()
    table = grid(objective, {"x": range(9)}, executor=watched)
    closer.join()
    assert list(table) == [{"x": x, **bowl(x)} for x in range(4)]
    assert table.missing == [{"x": x} for x in range(4, 9)] and table.stopped.startswith("CancelledError")


# The table


TABLE = Table([{"lr": 0.1, "loss": 2.0, "at": 3}, {"lr": 1, "loss": np.nan, "at": -1}, {"lr": 2, "loss": 0.5, "at": 4}])


def test_pandas_and_numpy_take_a_table_directly():
    frame = pd.DataFrame(TABLE)
    assert frame.columns.tolist() == ["lr", "loss", "at"] and frame["at"].tolist() == [3, -1, 4]
    array = np.asarray(TABLE)
    assert array["lr"].tolist() == [0.1, 1, 2] and array.dtype["at"] == np.int64 and array.shape == (3,)
    assert np.asarray(TABLE, dtype=[("lr", "f4"), ("loss", "f4"), ("at", "f4")])["at"].tolist() == [3, -1, 4]
    with pytest.raises(ValueError, match="a Table becomes an array only as a copy"):
        np.asarray(TABLE, copy=False)
    assert np.asarray(Table()).shape == (0,) and pd.DataFrame(Table()).empty


def test_the_best_record_has_the_lowest_finite_value():
    assert TABLE.best() is TABLE[2] and TABLE.best("at") is TABLE[1] and TABLE.best(by="lr") is TABLE[0]
    assert Table([{"loss": -np.inf}, {"loss": 1, "a": 0}, {"loss": 1, "a": 1}]).best()["a"] == 0


def test_a_table_survives_pickling():
    table = Table(TABLE, failures=[{"lr": 1, "error": "no"}], missing=[{"lr": 2}], stopped="KeyboardInterrupt")
    assert everything(pickle.loads(pickle.dumps(table))) == everything(table)


def test_a_table_shows_its_first_lines_the_best_and_what_is_lacking():
    many = Table([{"lr": x / 3, "loss": float(x)} for x in range(10, 16)])
    assert repr(many).splitlines() == [
        "     lr  loss",
        "3.33333    10",
        "3.66667    11",
        "      4    12",
        "4.33333    13",
        "4.66667    14",
        "…",
        "best: lr 3.33333, loss 10",
        "6 records, 0 failures, 0 missing",
    ]
    lacking = Table([{"score": 1}], failures=[{}], missing=[{}, {}], stopped="KeyboardInterrupt")
    assert repr(lacking) == "score\n    1\n1 records, 1 failures, 2 missing, stopped by KeyboardInterrupt"
    assert repr(Table()) == "0 records, 0 failures, 0 missing"


def test_progress_is_shown_on_demand_only(capsys, threads):
    grid(bowl, {"x": range(7)}, executor=threads)
    assert capsys.readouterr() == ("", "")
    grid(bowl, {"x": range(7)}, progress=True, executor=threads)
    grid(DESCENT, {"lr": np.geomspace(0.1, 1, 2001)}, progress=True)
    shown = capsys.readouterr().err
    assert "7/7" in shown and "2001/2001" in shown


def test_importing_the_search_loads_neither_progress_bars_nor_clusters():
    heavy = ["tqdm", "dask", "distributed", "pandas"]
    code = f"import lrlib.search, sys; print([name for name in {heavy} if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout == "[]\n"


# Bad calls


def closed():
    pool = ThreadPoolExecutor(1)
    pool.shutdown()
    return pool


def call(function, **usual):
    return lambda **changed: function(**(usual | changed))


GRID = call(grid, objective=bowl, choices={"x": [1, 2]})
RANDOM = call(random, objective=bowl, ranges={"x": (1, 2)}, count=3)
RANGE_TEST = call(range_test, surface="parabola", optimizer="gd", start=1.0, low=0.1, high=1, steps=5)
SENSITIVITY = call(sensitivity, surface="parabola", optimizer="gd", start=1.0, lr=[0.1], steps=5)
MAKE = call(Descent, surface="parabola", optimizer="momentum", start=1.0, steps=5)
ASK_PAIR = "must be (low, high) with 0 < low < high, got"
ASK_DICT = "must be a dict of lists of numbers, by name of the setting, got"
ASK_ONE_RUN = "start and settings must be those of one run, got arrays for (2,)"
ASK_EXECUTOR = "executor must be an instance of a concurrent.futures.Executor or None, got"

BAD = [
    (GRID, {"objective": 3}, TypeError, "objective must be a function of settings, got 3"),
    (GRID, {"choices": [0.1, 0.2]}, TypeError, f"choices {ASK_DICT} [0.1, 0.2]"),
    (GRID, {"choices": {}}, TypeError, f"choices {ASK_DICT} {{}}"),
    (GRID, {"choices": {1: [2]}}, TypeError, f"choices {ASK_DICT} {{1: [2]}}"),
    (GRID, {"choices": {"x": 0.1}}, TypeError, "choices['x'] must be a list of numbers, got 0.1"),
    (GRID, {"choices": {"x": "12"}}, TypeError, "choices['x'] must be a list of numbers, got '12'"),
    (GRID, {"choices": {"x": {1, 2}}}, TypeError, "choices['x'] must be a list of numbers, got {1, 2}"),
    (GRID, {"choices": {"x": [[1], [2]]}}, TypeError, "choices['x'] must be a list of numbers, got [[1], [2]]"),
    (GRID, {"choices": {"x": []}}, TypeError, "choices['x'] must be a finite number, got []"),
    (GRID, {"choices": {"x": ["a"]}}, TypeError, "choices['x'] must be a finite number, got ['a']"),
    (GRID, {"choices": {"x": [True]}}, TypeError, "choices['x'] must be a finite number, got [True]"),
    (GRID, {"choices": {"x": [1, np.nan]}}, ValueError, "choices['x'] must be a finite number, got nan"),
    (GRID, {"choices": {"x": [1, None]}}, TypeError, "choices['x'] must be a finite number, got [1, None]"),
    (GRID, {"choices": {"x": range(1001), "y": range(1000)}}, ValueError, "combinations, got 1001 · 1000"),
    (GRID, {"choices": {"z": [1, 2]}}, TypeError, "bowl() got an unexpected keyword argument 'z'"),
    (GRID, {"executor": 2}, TypeError, f"{ASK_EXECUTOR} 2"),
    (GRID, {"executor": ThreadPoolExecutor}, TypeError, f"{ASK_EXECUTOR} <class"),
    (GRID, {"executor": closed()}, RuntimeError, "computed nothing: RuntimeError: cannot schedule new futures after"),
    (GRID, {"objective": DESCENT, "choices": {"lr": [1], "betta": [1]}}, TypeError, "did you mean 'beta'?"),
    (GRID, {"objective": DESCENT, "choices": {"lr": [1], "beta": [0, 2]}}, ValueError, "beta must be a number from 0"),
    (GRID, {"objective": DESCENT, "choices": {"condition": [2]}}, TypeError, "condition is fixed in this Descent"),
    (GRID, {"objective": DESCENT, "choices": {"lr": [1, -1]}}, ValueError, "lr must be a finite number above 0, got"),
    (
        GRID,
        {"objective": DESCENT, "choices": {"beta": [0.5]}},
        TypeError,
        "lr is missing: fix it in the Descent or let it vary, got beta",
    ),
    (RANDOM, {"objective": DESCENT, "ranges": {"lr": (1, 2), "beta": (1, 2)}}, ValueError, "beta must be a number"),
    (RANDOM, {"objective": None}, TypeError, "objective must be a function of settings, got None"),
    (RANDOM, {"ranges": "x"}, TypeError, f"ranges {ASK_DICT} 'x'"),
    (RANDOM, {"ranges": {"x": 1}}, TypeError, "ranges['x'] must be a list of numbers, got 1"),
    (RANDOM, {"ranges": {"x": (0, 1)}}, ValueError, f"ranges['x'] {ASK_PAIR} [0, 1]"),
    (RANDOM, {"ranges": {"x": (-1, 1)}}, ValueError, f"ranges['x'] {ASK_PAIR} [-1, 1]"),
    (RANDOM, {"ranges": {"x": (2, 1)}}, ValueError, f"ranges['x'] {ASK_PAIR} [2, 1]"),
    (RANDOM, {"ranges": {"x": (1, 1)}}, ValueError, f"ranges['x'] {ASK_PAIR} [1, 1]"),
    (RANDOM, {"ranges": {"x": (1, 2, 3)}}, ValueError, f"ranges['x'] {ASK_PAIR} [1, 2, 3]"),
    (RANDOM, {"ranges": {"x": (1, np.inf)}}, ValueError, "ranges['x'] must be a finite number, got inf"),
    (RANDOM, {"ranges": {"x": ("1", "2")}}, TypeError, "ranges['x'] must be a finite number, got ('1', '2')"),
    (RANDOM, {"count": 0}, ValueError, "count must be a whole number from 1 to 1000000, got 0"),
    (RANDOM, {"count": 2.0}, TypeError, "count must be a whole number from 1 to 1000000, got 2.0"),
    (RANDOM, {"seed": -1}, ValueError, "seed must be a whole number from 0 to 4294967295, got -1"),
    (RANDOM, {"seed": None}, TypeError, "seed must be a whole number from 0 to 4294967295, got None"),
    (SENSITIVITY, {"lr": 0.1}, TypeError, "choices['lr'] must be a list of numbers, got 0.1"),
    (SENSITIVITY, {"lr": [0.1, 0]}, ValueError, "lr must be a finite number above 0, got 0.0"),
    (SENSITIVITY, {"lr": "fast"}, TypeError, "lr must be a finite number above 0, got 'fast'"),
    (SENSITIVITY, {"surface": "parabol"}, ValueError, "did you mean 'parabola'?"),
    (SENSITIVITY, {"beta": 0.9}, TypeError, "'parabola' with 'gd' has no setting 'beta'"),
    (SENSITIVITY, {"curvature": [1, 2]}, ValueError, ASK_ONE_RUN),
    (RANGE_TEST, {"low": 0}, ValueError, "low must be a finite number above 0, got 0.0"),
    (RANGE_TEST, {"high": 0.1}, ValueError, "high must be a finite number above 0.1, got 0.1"),
    (RANGE_TEST, {"low": [0.1, 0.2]}, TypeError, "low must be one number, got [0.1, 0.2]"),
    (RANGE_TEST, {"steps": 1}, ValueError, "steps must be a whole number from 2 to 1000000, got 1"),
    (RANGE_TEST, {"start": [[1.0], [2.0]]}, ValueError, ASK_ONE_RUN),
    (RANGE_TEST, {"optimizer": "momentun"}, ValueError, "optimizer 'momentun' is unknown: did you mean 'momentum'?"),
    (MAKE, {"surface": "bowl"}, ValueError, "surface 'bowl' is unknown"),
    (MAKE, {"start": (1, 2)}, ValueError, "start must end in an axis of 1 number for surface 'parabola'"),
    (MAKE, {"start": [[1.0], [2.0]]}, ValueError, ASK_ONE_RUN),
    (MAKE, {"steps": 0}, ValueError, "steps must be a whole number from 1 to 1000000, got 0"),
    (MAKE, {"betta": 0.9}, TypeError, "has no setting 'betta': did you mean 'beta'?"),
    (MAKE, {"beta": 2}, ValueError, "beta must be a number from 0 to"),
    (MAKE, {"lr": 0}, ValueError, "lr must be a finite number above 0, got 0.0"),
    (MAKE, {"lr": [0.1, 0.2]}, ValueError, ASK_ONE_RUN),
    (MAKE(), {"steps": 9}, TypeError, "steps is fixed in this Descent, so it cannot vary"),
    (TABLE.column, {"name": "los"}, ValueError, "column 'los' is unknown: did you mean 'loss'?"),
    (TABLE.best, {"by": "score"}, ValueError, "column 'score' is unknown: known: lr, loss, at"),
    (Table([{"loss": np.inf}]).best, {}, ValueError, "no record has a finite loss: 1 records, 0 failures"),
    (Table(stopped="KilledWorker").best, {}, ValueError, "0 missing, stopped by KilledWorker"),
]


@pytest.mark.parametrize(("function", "changed", "kind", "message"), BAD, ids=[bad[-1] for bad in BAD])
def test_bad_calls_are_refused_by_name(function, changed, kind, message):
    with pytest.raises(kind) as error:
        function(**changed)
    assert message in str(error.value)


def test_an_objective_that_cannot_travel_is_refused(processes):
    with pytest.raises(RuntimeError, match="ProcessPoolExecutor.* computed nothing: .*lambda"):
        grid(lambda x: x, {"x": [1]}, executor=processes)


def test_a_dask_client_is_not_taken_for_its_executor(dask):
    with pytest.raises(RuntimeError, match="for a Dask client, executor is client.get_executor()"):
        grid(bowl, {"x": [1]}, executor=dask._client)


def spectral_radius(rule, product, beta):
    """Of the recursion of two steps, by the roots of its polynomial."""
    factor = 1 - product
    linear = (1 + beta) * factor if rule == "nesterov" else beta + factor
    constant = beta * factor if rule == "nesterov" else beta
    return np.abs(np.roots([1, -linear, constant])).max()


@pytest.mark.parametrize("rule", ["momentum", "nesterov"])
def test_the_map_of_rate_and_memory_is_that_of_the_spectral_radius(rule):
    rates, betas = np.geomspace(0.003, 1, 21), np.linspace(0, 0.97, 17)
    factors = search.momentum_map("quadratic", rule, (-4.0, 2.5), rates, betas, 4000, condition=20, rotation=30)
    expected = np.array(
        [[max(spectral_radius(rule, lr * curve, beta) for curve in (20, 1)) for lr in rates] for beta in betas]
    )
    # The slower the decay, the more steps until rounding is all that is left, and the closer the two.
    for slowest, most in ((0.5, 0.02), (0.95, 0.005), (0.98, 0.002)):
        chosen = (expected > slowest) & (expected < 1.02)
        assert chosen.sum() > 50
        assert np.abs(factors / expected - 1)[chosen].max() < most
    assert ((factors > 1) == (expected > 1))[np.abs(expected - 1) > 1e-3].all()


def test_rows_of_the_map_are_memories_and_columns_rates():
    factors = search.momentum_map("parabola", "momentum", 1.0, [0.25, 0.5, 2.5], [0.0, 0.5], 100)
    assert factors.shape == (2, 3)
    assert factors[0] == pytest.approx([0.75, 0.5, 1.5], rel=1e-12)  # gradient descent: |1 − η|
    alone = search.momentum_map("parabola", "momentum", 1.0, [0.5], [0.5], 100)
    assert alone[0, 0] == factors[1, 1]


def test_the_map_counts_the_last_fifth_of_the_steps_as_the_formula_says():
    path = descend("double_well", "nesterov", 0.3, 0.2, 40, beta=0.8)
    t = np.arange(32, 41)
    expected = ((path.losses[32:] / path.losses[0]) ** (1 / (2 * t))).max()
    factors = search.momentum_map("double_well", "nesterov", 0.3, [0.2], [0.8], 40)
    assert factors[0, 0] == pytest.approx(expected, rel=1e-12)


def test_where_the_error_is_gone_before_the_last_step_that_had_one_counts():
    path = descend("double_well", "momentum", 0.6, 0.4, 150, beta=0.1)
    left = path.losses / path.losses[0]
    last = np.flatnonzero(left > 1e-28)[-1]
    assert 10 < last < 100
    factors = search.momentum_map("double_well", "momentum", 0.6, [0.4], [0.1], 150)
    assert factors[0, 0] == pytest.approx(left[last] ** (1 / (2 * last)), rel=1e-12)


def test_the_map_of_a_lossy_minimum_measures_from_there_and_one_step_is_enough():
    factors = search.momentum_map("regression", "momentum", (3.0, 1.0), [0.5], [0.0], 1, residual=4.0)
    assert factors == pytest.approx(0.5)
    assert search.momentum_map("parabola", "momentum", 1.0, [1.0], [0.0], 50) == 0
    assert search.momentum_map("parabola", "momentum", 1.0, [1e9], [0.0], 50) == np.inf


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"surface": "saddle", "start": (1.0, 0.5)}, "surface 'saddle' has no minimum"),
        ({"start": 0.0}, "start must lie above the minimum by a finite loss, got [0.0]"),
        ({"start": 1e200}, "start must lie above the minimum by a finite loss"),
        ({"start": [[1.0], [2.0]]}, "start must be one point, got shape (2, 1)"),
        ({"optimizer": "gd"}, "optimizer 'gd' has no memory beta"),
        ({"optimizer": "adam"}, "optimizer 'adam' has no memory beta"),
        ({"optimizer": "nestrov"}, "did you mean 'nesterov'"),
        ({"lr": 0.1}, "['lr'] must be a list of numbers"),
        ({"lr": [0.0, 1.0]}, "lr must be"),
        ({"beta": [1.0]}, "beta must be"),
        ({"beta": [[0.1], [0.2]]}, "['beta'] must be a list of numbers"),
        ({"steps": 0}, "steps must be a whole number from 1"),
        ({"noise": 0.1}, "has no setting 'noise'"),
    ],
)
def test_a_map_of_what_cannot_be_is_refused_by_name(given, message):
    usual = {"surface": "parabola", "optimizer": "momentum", "start": 1.0, "lr": [0.1], "beta": [0.5], "steps": 5}
    with pytest.raises((TypeError, ValueError)) as error:
        search.momentum_map(**usual | given)
    assert message in str(error.value)
