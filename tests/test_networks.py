"""Networks: their gradients against finite differences and PyTorch, what a training records, and what is kept of it."""

import subprocess
import sys
import threading
from functools import partial

import autograd.numpy as anp
import numpy as np
import pytest
from autograd import grad

from lrlib import curvature, networks, schedules

NETWORK = networks.mlp((64, 6, 10))
LOSSES = [
    networks.mlp((64, 6, 10), activation, loss) for activation in networks.ACTIVATIONS for loss in networks.LOSSES
]


@pytest.fixture(scope="module")
def data():
    return networks.digits(60)


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """An empty folder for what is kept."""
    monkeypatch.setenv("LRLIB_CACHE", str(tmp_path / "kept"))
    return tmp_path / "kept"


@pytest.fixture
def trainings(monkeypatch):
    """The list of trainings, which grows by one whenever something is really computed."""
    done, compute = [], networks._train

    def counted(*arguments):
        done.append(arguments)
        return compute(*arguments)

    monkeypatch.setattr(networks, "_train", counted)
    return done


def names(network):
    return repr(network)


# Data


def test_the_digits_are_standardised_and_all_ten_are_there():
    inputs, labels = networks.digits()
    assert inputs.shape == (1797, 64) and labels.shape == (1797,)
    assert np.allclose(inputs.mean(axis=0), 0, atol=1e-12)
    assert set(inputs.std(axis=0).round(9)) == {0.0, 1.0}, "0 where a pixel is always white"
    counts = np.bincount(labels)
    assert (counts.min(), counts.max(), len(counts)) == (174, 183, 10)


def test_fewer_digits_are_the_first_ones_and_standardised_by_themselves():
    inputs, labels = networks.digits(60)
    assert (labels == networks.digits()[1][:60]).all()
    assert np.allclose(inputs.mean(axis=0), 0, atol=1e-12)


# Losses and gradients


@pytest.mark.parametrize("network", LOSSES, ids=names)
def test_the_gradient_is_that_of_finite_differences(network, data):
    weights = network.initial(3)
    gradient = grad(network.loss)(weights, *data)
    rng, h = np.random.default_rng(0), 1e-6
    for _ in range(5):
        v = rng.standard_normal(network.size)
        measured = (network.loss(weights + h * v, *data) - network.loss(weights - h * v, *data)) / (2 * h)
        assert measured == pytest.approx(gradient @ v, rel=1e-6)


@pytest.mark.parametrize("network", [one for one in LOSSES if "tanh" in one.name], ids=names)
def test_hessian_products_are_those_of_finite_differences(network, data):
    weights, h = network.initial(3), 1e-5
    v = np.random.default_rng(1).standard_normal(network.size)
    slope = grad(network.loss)
    measured = (slope(weights + h * v, *data) - slope(weights - h * v, *data)) / (2 * h)
    exact = curvature.hessian_vector_product(lambda w: network.loss(w, *data), weights, v)
    assert np.linalg.norm(measured - exact) < 1e-6 * np.linalg.norm(exact)


@pytest.mark.parametrize("network", LOSSES, ids=names)
def test_loss_and_gradient_are_pytorchs(network):
    weights, inputs, labels = exact_numbers(network)
    loss, checks = PYTORCH[network.name]
    assert network.loss(weights, inputs, labels) == pytest.approx(loss, rel=1e-13)
    gradient = grad(network.loss)(weights, inputs, labels)
    found = [np.sum(gradient), np.linalg.norm(gradient), gradient[7], gradient[-1]]
    assert found == pytest.approx(checks, rel=1e-11, abs=1e-14)


def exact_numbers(network):
    """Weights and data that need no generator, so that PyTorch can be given the same."""
    weights = np.sin(1.7 * np.arange(network.size) + 0.3) / 4
    inputs = np.cos(0.37 * np.arange(20 * 64)).reshape(20, 64)
    return weights, inputs, np.arange(20) * 7 % 10


def test_the_loss_stays_finite_where_a_softmax_would_be_0(data):
    network = networks.mlp((64, 10))
    weights = 1e4 * network.initial(0)
    loss, gradient = network.loss(weights, *data), grad(network.loss)(weights, *data)
    scores = network.scores(weights, data[0])
    assert np.exp(scores - scores.max()).min() == 0, "the case is not the one it is meant to be"
    assert np.isfinite(loss) and loss > 1e3 and np.isfinite(gradient).all()


def test_equal_scores_cost_the_logarithm_of_the_number_of_classes(data):
    assert NETWORK.loss(np.zeros(NETWORK.size), *data) == pytest.approx(np.log(10), rel=1e-14)
    assert networks.mlp((64, 10), loss="squared_error").loss(np.zeros(650), *data) == pytest.approx(0.5, rel=1e-14)


def test_what_passes_through_the_first_weights_keeps_its_size():
    inputs = np.random.default_rng(0).standard_normal((500, 400))
    for activation, wanted in (("tanh", (0.3, 1.0)), ("relu", (1.1, 1.9))):
        network = networks.mlp((400, 400, 400, 400, 10), activation)
        assert wanted[0] < network.scores(network.initial(0), inputs).std() < wanted[1]


def test_a_network_learns_the_digits():
    images = networks.digits()
    run = networks.train(networks.mlp((64, 16, 10)), images, lr=0.5, steps=150)
    assert networks.mlp((64, 16, 10)).accuracy(run.weights, *images) > 0.97


# Training


def test_full_gradient_descent_follows_its_equation(data):
    run = networks.train(NETWORK, data, lr=0.3, steps=5, seed=4, sharpness_every=2)
    weights, slope = NETWORK.initial(4), grad(NETWORK.loss)
    for t in range(6):
        gradient = slope(weights, *data)
        assert run.losses[t] == pytest.approx(NETWORK.loss(weights, *data), rel=1e-12)
        assert run.norms[t] == run.batch_norms[t] == pytest.approx(np.linalg.norm(gradient), rel=1e-10)
        if t < 5:
            weights = weights - 0.3 * gradient
    assert np.allclose(run.weights, weights, rtol=0, atol=1e-12)
    assert np.isnan(run.sharpness).tolist() == [False, True] * 3
    largest = curvature.largest_eigenvalues(lambda w: NETWORK.loss(w, *data), NETWORK.initial(4))[0]
    assert run.sharpness[0] == pytest.approx(largest, rel=1e-9)


def test_an_epoch_of_minibatches_takes_each_example_once(data):
    batches = networks._batches(60, 20, seed=1)
    epochs = [np.concatenate([next(batches) for _ in range(3)]) for _ in range(2)]
    assert [sorted(epoch) for epoch in epochs] == [list(range(60))] * 2
    assert epochs[0].tolist() != epochs[1].tolist()
    assert [len(next(batches)) for batches in [networks._batches(60, 25, 0)] for _ in range(5)] == [25] * 5


def test_minibatches_of_all_data_are_gradient_descent(data):
    whole, batches = (networks.train(NETWORK, data, 0.3, 20, batch=batch) for batch in (None, 60))
    assert np.allclose(whole.losses, batches.losses, rtol=1e-9)
    assert np.allclose(whole.norms, batches.batch_norms, rtol=1e-7)


def test_the_gradients_of_the_minibatches_of_an_epoch_have_the_full_gradient_as_their_mean(data):
    weights, slope = NETWORK.initial(0), grad(NETWORK.loss)
    batches = networks._batches(60, 10, seed=2)
    parts = [slope(weights, data[0][chosen], data[1][chosen]) for chosen in (next(batches) for _ in range(6))]
    assert np.allclose(np.mean(parts, axis=0), slope(weights, *data), atol=1e-14)


def test_a_schedule_gives_the_rate_of_each_step(data):
    run = networks.train(NETWORK, data, schedules.linear(0.3, steps=10), 10)
    assert run.rates.tolist() == schedules.rates(schedules.linear(0.3, steps=10), 10).tolist()
    halted = networks.train(NETWORK, data, lambda t: 0.3 if t < 5 else 0.0, 10)
    assert len(set(halted.losses[5:])) == 1 and len(set(halted.losses[:6])) == 6


def test_divergence_is_a_result_without_a_warning(data):
    network = networks.mlp((64, 6, 10), loss="squared_error")
    run = networks.train(network, data, lr=50.0, steps=300, sharpness_every=10)
    ended = np.flatnonzero(~np.isfinite(run.losses))[0]
    assert 1 < ended < 300 and np.isnan(run.losses[ended + 1 :]).all() and np.isnan(run.norms[ended + 1 :]).all()
    recording = networks.record(network, data, [0.01, 50.0], 300, seeds=[0], sharpness_every=10)
    assert recording.facts(50.0)["infinite"] == ended or recording.facts(50.0)["nan"] == ended


def test_a_recording_is_made_of_the_runs(data):
    recording = networks.record(NETWORK, data, [0.1, 0.4], 12, batch=20, seeds=[5, 6, 7], sharpness_every=5)
    runs = [networks.train(NETWORK, data, 0.4, 12, batch=20, seed=seed, sharpness_every=5) for seed in (5, 6, 7)]
    stop = recording.at(0.4)
    assert np.allclose(stop.losses, np.median([run.losses for run in runs], axis=0), rtol=1e-6)
    assert np.allclose(stop.norms, np.median([run.norms for run in runs], axis=0), rtol=1e-6)
    assert np.allclose(stop.gauge, 0.4 * runs[0].sharpness[:-1], rtol=1e-6, equal_nan=True), "of the first seed"
    of_batches = networks.record(NETWORK, data, [0.1, 0.4], 12, batch=20, seeds=[5, 6, 7], gradient="batch")
    assert np.allclose(of_batches.at(0.4).norms, np.median([run.batch_norms for run in runs], axis=0), rtol=1e-6)
    assert recording.panels == ["loss", "gauge", "norm", "schedule"] and "gauge" not in of_batches.panels


def test_a_recording_knows_its_schedule(data):
    recording = networks.record(
        NETWORK, data, [0.1, 0.4], 10, seeds=[0], schedule=lambda lr: schedules.cosine(lr, steps=10)
    )
    assert np.allclose(recording.at(0.4).rates, schedules.rates(schedules.cosine(0.4, steps=10), 10), rtol=1e-6)


# What is kept


def test_the_second_call_reads_what_the_first_has_kept(data, folder, trainings):
    first, second = (networks.train(NETWORK, data, 0.1, 8, sharpness_every=4) for _ in range(2))
    assert len(trainings) == 1 and len(list(folder.glob("*"))) == 1
    for name in ("rates", "losses", "norms", "batch_norms", "sharpness", "weights"):
        assert np.array_equal(getattr(first, name), getattr(second, name), equal_nan=True)


CHANGES = {
    "rate": {"lr": 0.2},
    "steps": {"steps": 9},
    "batch": {"batch": 20},
    "seed": {"seed": 1},
    "sharpness": {"sharpness_every": 4},
    "network": {"network": networks.mlp((64, 6, 10), "relu")},
    "loss": {"network": networks.mlp((64, 6, 10), loss="squared_error")},
    "gain": {"network": networks.Network(NETWORK.name, NETWORK.shapes, NETWORK.forward, gain=2.0)},
}


@pytest.mark.parametrize("changed", CHANGES.values(), ids=CHANGES)
def test_what_is_set_otherwise_is_trained_anew(changed, data, trainings):
    usual = {"network": NETWORK, "data": data, "lr": 0.1, "steps": 8}
    networks.train(**usual)
    networks.train(**usual | changed)
    assert len(trainings) == 2


def test_other_data_or_other_code_is_trained_anew(data, trainings, monkeypatch):
    networks.train(NETWORK, data, 0.1, 8)
    inputs = data[0].copy()
    inputs[3, 20] += 1e-9
    networks.train(NETWORK, (inputs, data[1]), 0.1, 8)
    assert len(trainings) == 2
    monkeypatch.setattr(networks, "_code", lambda: "other code")
    networks.train(NETWORK, data, 0.1, 8)
    assert len(trainings) == 3


@pytest.mark.parametrize("broken", [b"", b"PK\x03\x04 half", b"nonsense" * 100, None], ids=str)
def test_a_broken_file_is_replaced(broken, data, folder, trainings, capfd):
    first = networks.train(NETWORK, data, 0.1, 8)
    (file,) = folder.glob("*")
    file.write_bytes(file.read_bytes()[:-200] if broken is None else broken)
    assert np.array_equal(networks.train(NETWORK, data, 0.1, 8).losses, first.losses)
    assert len(trainings) == 2
    networks.train(NETWORK, data, 0.1, 8)
    assert len(trainings) == 2 and capfd.readouterr() == ("", "")


def test_a_folder_that_cannot_be_written_only_means_to_train_again(data, tmp_path, monkeypatch, trainings):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("LRLIB_CACHE", str(tmp_path / "file"))
    networks.train(NETWORK, data, 0.1, 8)
    networks.train(NETWORK, data, 0.1, 8)
    assert len(trainings) == 2


def test_an_interrupted_write_leaves_nothing_behind(data, folder, monkeypatch, trainings):
    def full(handle, **numbers):
        handle.write(b"half of it")
        raise OSError("no space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(np, "savez", full)
        networks.train(NETWORK, data, 0.1, 8)
    assert not list(folder.glob("*"))
    networks.train(NETWORK, data, 0.1, 8)
    networks.train(NETWORK, data, 0.1, 8)
    assert len(trainings) == 2


def test_many_at_once_read_whole_files_only(folder):
    wrong = []

    def read_or_write():
        for i in range(40):
            numbers = networks._kept("same", lambda: {"values": np.full(20_000, 7.0)})
            if numbers["values"].shape != (20_000,) or (numbers["values"] != 7).any():
                wrong.append(i)
            if i % 5 == 0:
                (folder / "same.npz").unlink(missing_ok=True)

    threads = [threading.Thread(target=read_or_write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong and not list(folder.glob("*.part"))


def test_a_network_of_ones_own_is_trained_each_time(data, folder, trainings):
    own = networks.Network("own", NETWORK.shapes, partial(doubled))
    networks.train(own, data, 0.1, 3)
    networks.train(own, data, 0.1, 3)
    assert len(trainings) == 2 and not folder.exists()


def doubled(arrays, inputs):
    return 2 * anp.tanh(inputs @ arrays[0] + arrays[1]) @ arrays[2] + arrays[3]


def test_it_says_nothing_unless_it_is_asked_to(data, capfd):
    networks.record(NETWORK, data, [0.1, 0.2], 3, seeds=[0])
    assert capfd.readouterr() == ("", "")
    networks.record(NETWORK, data, [0.1, 0.2], 3, seeds=[0], progress=True)
    assert "2/2" in capfd.readouterr().err


def test_importing_it_loads_neither_scikit_learn_nor_autograd():
    heavy = ["sklearn", "autograd", "scipy", "tqdm", "platformdirs", "threadpoolctl"]
    code = f"import lrlib.networks, sys; print([name for name in {heavy} if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout == "[]\n"


# Bad calls

WRONG = {
    "few digits": (lambda _: networks.digits(5), "count must be a whole number from 10 to 1797, got 5"),
    "many digits": (lambda _: networks.digits(2000), "count must be a whole number from 10 to 1797"),
    "no widths": (lambda _: networks.mlp(()), "widths must name at least the inputs and the scores"),
    "text": (lambda _: networks.mlp("64"), "widths must be a list of whole numbers, got '64'"),
    "width": (lambda _: networks.mlp((64, 0, 10)), "widths must be a whole number from 1"),
    "activation": (lambda _: networks.mlp(activation="tan"), "activation 'tan' is unknown: did you mean 'tanh'"),
    "loss": (lambda _: networks.mlp(loss="mse"), "loss 'mse' is unknown"),
    "network": (lambda d: networks.train("mlp", d, 0.1, 5), "network must be one of lrlib.networks"),
    "data": (lambda d: networks.train(NETWORK, d[0], 0.1, 5), "data must be a tuple"),
    "labels": (lambda d: networks.train(NETWORK, (d[0], d[1] / 2), 0.1, 5), "data must be inputs"),
    "lengths": (lambda d: networks.train(NETWORK, (d[0], d[1][:9]), 0.1, 5), "data must be inputs"),
    "classes": (lambda d: networks.train(networks.mlp((64, 9)), d, 0.1, 5), "labels up to 9 need 10 scores"),
    "inputs": (lambda d: networks.train(networks.mlp((9, 10)), d, 0.1, 5), "inputs of shape"),
    "rate": (lambda d: networks.train(NETWORK, d, 0, 5), "lr must be a finite number above 0"),
    "rates": (lambda d: networks.train(NETWORK, d, [0.1, 0.2], 5), "lr must be one rate or one schedule"),
    "steps": (lambda d: networks.train(NETWORK, d, 0.1, 0), "steps must be a whole number from 1 to 20000"),
    "batch": (lambda d: networks.train(NETWORK, d, 0.1, 5, batch=61), "batch must be a whole number from 1 to 60"),
    "seed": (lambda d: networks.train(NETWORK, d, 0.1, 5, seed=-1), "seed must be a whole number from 0"),
    "every": (lambda d: networks.train(NETWORK, d, 0.1, 5, sharpness_every=0), "sharpness_every must be a whole"),
    "gradient": (lambda d: networks.record(NETWORK, d, [0.1], 5, gradient="mean"), "gradient 'mean' is unknown"),
    "seeds": (lambda d: networks.record(NETWORK, d, [0.1], 5, seeds=[]), "seeds must be"),
    "stops": (lambda d: networks.record(NETWORK, d, [0.2, 0.1], 5, seeds=[0]), "rates must"),
}


@pytest.mark.parametrize(("call", "message"), WRONG.values(), ids=WRONG)
def test_a_bad_call_is_told_what_is_allowed(call, message, data, trainings):
    with pytest.raises((TypeError, ValueError), match=message.replace("(", r"\(")):
        call(data)
    assert not trainings, "before anything is computed"


# What PyTorch 2.13.0 gives for `exact_numbers`, in float64: for each network the loss, and of its gradient the sum,
# the length, and the entries 7 and −1.
PYTORCH = {
    "mlp((64, 6, 10), 'tanh', 'cross_entropy')": (
        2.3131737137886987,
        [-0.11936761690403616, 0.3662182745462708, -0.003951036976095557, 0.011232128307211334],
    ),
    "mlp((64, 6, 10), 'tanh', 'squared_error')": (
        0.5867947426692426,
        [-1.357772915297629, 1.1401262280198146, 0.05285640662192229, 0.030192832386556394],
    ),
    "mlp((64, 6, 10), 'relu', 'cross_entropy')": (
        2.312683558747767,
        [-0.0054727318479970075, 0.26274076378634564, -0.006981767480820796, 0.016447466868223588],
    ),
    "mlp((64, 6, 10), 'relu', 'squared_error')": (
        0.5850801491725003,
        [-1.3644772003582362, 0.8542114045269394, 0.025375902453861947, 0.0706101640346416],
    ),
}
