"""Networks: their gradients against finite differences and PyTorch, what a training records, and what is kept of it.

PyTorch's losses, gradients and products with the Hessian are stored in reference/networks.json; where it is installed
(`pip install -e ".[reference]"`) it also runs here.
"""

import importlib.util
import json
import re
import subprocess
import sys
from functools import partial
from pathlib import Path

import autograd.numpy as anp
import numpy as np
import pytest
import tqdm.auto
import tqdm.notebook
from autograd import grad, jacobian, make_hvp, make_vjp, value_and_grad
from autograd.scipy.special import logsumexp
from autograd.test_util import check_grads

from lrlib import arithmetic, curvature, descend, kept, layers, networks, optimizers, schedules, training
from lrlib import data as corpora
from lrlib.optimizers import OPTIMIZERS

sys.path.append(str(Path(__file__).parent / "reference"))

import nets
from nets import exact_numbers

NETWORK = networks.mlp((64, 6, 10))

# What PyTorch 2.13.0 gives in float64 for this network from `exact_numbers` on: the loss after 1, 10 and 30 steps, the
# sum of the last weights and their length.
STEPS_OF_PYTORCH = {
    "momentum": (
        {"lr": 0.05, "beta": 0.8},
        [2.3066626766051592, 2.2357936778634424, 2.095177204974526, 0.49574440527154284, 3.925852213417527],
    ),
    "nesterov": (
        {"lr": 0.05, "beta": 0.8},
        [2.301744458027339, 2.2300609461289307, 2.0864039349334016, 0.49750584426391453, 3.9332128150090684],
    ),
    "adagrad": (
        {"lr": 0.02},
        [2.260620159775184, 2.1270835088697755, 1.9327732701818736, 0.2488570025284807, 4.343421398824448],
    ),
    "adadelta": (
        {"lr": 1.0},
        [2.2960943481659006, 2.2098891499119335, 2.0520101062102194, 0.3134921115342042, 4.025853796380973],
    ),
    "rmsprop": (
        {"lr": 0.003, "rho": 0.95},
        [2.2641688636633512, 2.168165666223877, 2.004267549377776, 0.3494728067189731, 4.190771347559899],
    ),
    "adam": (
        {"lr": 0.01, "beta1": 0.8, "beta2": 0.99},
        [2.270543153247973, 2.1502717627933325, 1.829280107522837, 0.13533549918986398, 5.018899931714732],
    ),
    "adamw": (
        {"lr": 0.01, "weight_decay": 0.1},
        [2.270558220207386, 2.159362231554527, 1.8836174354688011, 0.43882266328375596, 4.753065797053029],
    ),
    "amsgrad": (
        {"lr": 0.01},
        [2.2705431532479725, 2.159695240145505, 1.8807766525235645, 0.4759420023498315, 4.85643146151439],
    ),
}
STORED = json.loads(nets.VALUES.read_text("utf-8"))
KINDS = {network: kind for kind, every in nets.NETWORKS.items() for network in every}
SMOOTH = [network for network in KINDS if "relu" not in network.name and "attention" not in network.name]
ENCODERS = nets.NETWORKS["attention"]


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
    done, compute = [], training._train

    def counted(*arguments):
        done.append(arguments)
        return compute(*arguments)

    monkeypatch.setattr(training, "_train", counted)
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


def test_the_sentences_stand_there_in_all_languages_and_few_features_are_in_each():
    inputs, labels = networks.languages()
    assert labels.tolist() == [0, 1, 2, 3] * (len(labels) // 4) and len(labels) > 800
    assert inputs.shape == (len(labels), 2048) and (inputs == inputs.round()).all() and inputs.min() == 0
    assert 0.02 < (inputs > 0).mean() < 0.06
    assert len(np.unique(inputs, axis=0)) == len(inputs), "no sentence occurs twice"
    held_out = np.bincount(labels[2::3])
    assert held_out.max() - held_out.min() <= 1


def test_the_features_are_how_often_one_two_or_three_letters_stand_there(monkeypatch, tmp_path):
    (tmp_path / "sentences.tsv").write_text("abab ab\tcde\tfgh\tklm\n", encoding="utf-8")
    monkeypatch.setattr(corpora, "files", lambda package: tmp_path)
    inputs, labels = networks.languages(65_536)
    assert labels.tolist() == [0, 1, 2, 3]
    assert inputs.sum(axis=1).tolist() == [7 + 6 + 5, 6, 6, 6], "of «abab ab» and of «cde»"
    assert sorted(inputs[0][inputs[0] > 0].tolist()) == [1] * 9 + [3] * 3, "a, b and ab three times"


def test_raw_digits_are_counts_of_ink_that_standardising_makes_the_usual_ones():
    raw, labels = networks.digits(60, raw=True)
    assert (raw == raw.round()).all() and (raw.min(), raw.max()) == (0, 16)
    for found, expected in zip(networks.standardised((raw, labels)), networks.digits(60), strict=True):
        assert np.array_equal(found, expected)


def test_standardising_makes_a_unit_and_a_zero_irrelevant():
    images = networks.digits(60)
    inputs, labels = networks.standardised(networks.scaled(images, 7.0, shift=-3))
    assert np.allclose(inputs, images[0], rtol=0, atol=1e-12) and labels is images[1]


def test_scaled_data_are_multiplied_and_then_moved():
    inputs, labels = networks.scaled(([[1.0, 2.0]], [4]), 3, shift=1)
    assert inputs.tolist() == [[4, 7]] and labels.tolist() == [4]


# Losses and gradients


def somewhere(network):
    """Weights that are none of the first ones: with biases, and with gains that are not 1."""
    return network.initial(3) + 0.1 * np.random.default_rng(2).standard_normal(network.size)


@pytest.mark.parametrize("network", KINDS, ids=names)
def test_the_gradient_is_that_of_finite_differences(network, data):
    weights = somewhere(network)
    gradient = grad(network.loss)(weights, *data)
    # A kink of relu between the two places would spoil the difference.
    rng, h = np.random.default_rng(0), 1e-8 if "relu" in network.name or network in ENCODERS else 1e-6
    for _ in range(5):
        v = rng.standard_normal(network.size)
        measured = (network.loss(weights + h * v, *data) - network.loss(weights - h * v, *data)) / (2 * h)
        assert measured == pytest.approx(gradient @ v, rel=1e-6, abs=1e-15 / h)


@pytest.mark.parametrize("network", SMOOTH, ids=names)
def test_hessian_products_are_those_of_finite_differences(network, data):
    weights, h = somewhere(network), 1e-5
    v = np.random.default_rng(1).standard_normal(network.size)
    slope = grad(network.loss)
    measured = (slope(weights + h * v, *data) - slope(weights - h * v, *data)) / (2 * h)
    exact = curvature.hessian_vector_product(lambda w: network.loss(w, *data), weights, v)
    assert np.linalg.norm(measured - exact) < 1e-6 * np.linalg.norm(exact)


@pytest.mark.parametrize("network", KINDS, ids=names)
def test_loss_gradient_and_hessian_product_are_pytorchs(network):
    weights, inputs, labels, v = exact_numbers(network)
    loss = partial(loss_of, network, (inputs, labels))
    product = curvature.hessian_vector_product(loss, weights, v)
    found = np.array(nets.summed_up(loss(weights), grad(loss)(weights), product))
    assert found[0] == pytest.approx(STORED[repr(network)][0], rel=1e-13)
    for part in (slice(1, 5), slice(5, 9)):  # an entry may be small against the length, which stands in the middle
        expected = np.array(STORED[repr(network)][part])
        assert np.allclose(found[part], expected, rtol=1e-11, atol=1e-11 * expected[1])


@pytest.mark.parametrize("network", KINDS, ids=names)
def test_what_a_training_follows_is_what_autograd_finds_for_the_loss_to_the_last_bit(network, data):
    weights, v = somewhere(network), np.random.default_rng(1).standard_normal(network.size)
    loss, gradient = value_and_grad(network.loss)(weights, *data)
    found = network._loss_and_gradient(weights, *data)
    assert found[0] == loss and np.array_equal(found[1], gradient)
    product, _ = make_vjp(lambda w: network._loss_and_gradient(w, *data)[1])(weights)
    expected = make_hvp(lambda w: network.loss(w, *data))(weights)[0](v)
    assert np.array_equal(product(v), expected)


def test_a_loss_of_ones_own_is_the_one_that_is_trained(data):
    class Decayed(networks.Network):
        def loss(self, weights, inputs, labels):
            return super().loss(weights, inputs, labels) + anp.sum(weights**2)

    own = Decayed("own", NETWORK.shapes, NETWORK.forward)
    first, run = own.initial(), networks.train(own, data, 0.1, 1)
    assert run.losses[0] == NETWORK.loss(first, *data) + first @ first
    assert np.allclose(run.weights, first - 0.1 * grad(own.loss)(first, *data), rtol=1e-12)


def test_weights_that_a_network_does_not_use_have_the_slope_0(data):
    own = networks.Network("own", ((64, 10), (3,)), lambda arrays, inputs: inputs @ arrays[0])
    value, gradient = own._loss_and_gradient(own.initial(), *data)
    assert value == own.loss(own.initial(), *data) and np.array_equal(gradient, grad(own.loss)(own.initial(), *data))
    assert gradient[:640].any() and not gradient[640:].any()
    idle = networks.Network("idle", ((64, 10),), lambda arrays, inputs: np.zeros((len(inputs), 10)))
    assert not idle._loss_and_gradient(idle.initial(), *data)[1].any()


def test_the_logarithm_of_a_sum_is_scipys():
    rng = np.random.default_rng(0)
    z = np.concatenate([rng.standard_normal((200, 10)) * 10.0**k for k in range(-3, 300, 30)])
    z[0] = z[1, 3] = np.inf
    z[2, 4], z[3, 5], z[4] = np.nan, -np.inf, z[4, 0]
    z[5, 2], z[6, :2] = z[5].max(), z[6].max()
    with np.errstate(all="ignore"):
        found, expected = layers.log_sum_exp(z), logsumexp(z, axis=1)
    assert np.allclose(found, expected, rtol=1e-15, atol=0, equal_nan=True)


def test_each_step_of_a_network_has_the_derivatives_of_finite_differences():
    rng = np.random.default_rng(0)
    x, w, b, g = (rng.standard_normal(shape) for shape in ((5, 3), (3, 4), (4,), (5, 4)))
    wanted = np.eye(4)[[0, 1, 2, 3, 3]]
    twice = partial(check_grads, modes=["rev"], order=2)
    for affine in (layers.affine, layers.connected):
        twice(affine)(x, w, b)
    for product in (layers.transposed_by, layers.across):
        twice(product)(x, g)
    twice(layers.by_transposed)(g, w)
    for one in (layers.dotted, layers.summed, layers.tanh, layers.log_sum_exp):
        twice(one)(g)
    twice(lambda g: layers.masked(g, wanted > 0))(g)
    twice(layers.tanh_slope)(g, x @ w)
    twice(layers.softmax_slope)(b[[0, 1, 2, 3, 0]], g, layers.log_sum_exp(g))
    twice(lambda z, total: layers.cross_entropy(z, total, wanted))(g, layers.log_sum_exp(g))
    twice(lambda z: layers.squared_error(z, wanted))(g)
    twice(lambda w, b: layers.together(16, (4, 0), w, b))(w, b)


@pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="PyTorch is not installed")
def test_what_is_stored_of_pytorch_is_what_it_computes():
    for network, kind in KINDS.items():
        assert nets.by_torch(kind, network) == pytest.approx(STORED[repr(network)], rel=1e-9, abs=1e-12)


def test_every_network_and_option_is_compared():
    assert STORED.keys() - {"made"} == {repr(network) for network in KINDS}
    told = " ".join(STORED)
    options = [*networks.ACTIVATIONS, *networks.LOSSES, *networks.NORMALISATIONS, *networks.NORMS, "mup", "residual"]
    assert all(option in told for option in options)


def encoder(arrays, inputs, norm):
    """`attention` with 8 tokens as one reads its equations, in autograd's NumPy alone."""
    embedding, positions, *layers, last, bias = arrays
    layers, ending = (layers[:-2], layers[-2:]) if norm == "pre" else (layers, [])
    x = inputs.reshape(-1, 8, 8) @ embedding + positions

    def normal(x, gain, shift):
        centred = x - anp.mean(x, axis=-1, keepdims=True)
        return centred / anp.sqrt(anp.mean(centred**2, axis=-1, keepdims=True) + 1e-5) * (1 + gain) + shift

    def attended(x, into, into_bias, out, out_bias):
        q, k, v = anp.split(x @ into + into_bias, 3, axis=-1)
        product = q @ anp.swapaxes(k, 1, 2) / q.shape[-1] ** 0.5
        weight = anp.exp(product - logsumexp(product, axis=-1, keepdims=True))
        return weight @ v @ out + out_bias

    def transformed(x, up, up_bias, down, down_bias):
        return anp.maximum(x @ up + up_bias, 0) @ down + down_bias

    for at in range(0, len(layers), 12):
        one = layers[at : at + 12]
        for part, weights, norms in ((attended, one[:4], one[4:6]), (transformed, one[6:10], one[10:])):
            x = normal(x + part(x, *weights), *norms) if norm == "post" else x + part(normal(x, *norms), *weights)
    x = normal(x, *ending) if ending else x
    return anp.mean(x, axis=1) @ last + bias


def loss_of(network, data, weights):
    return network.loss(weights, *data)


def gradient_along(function, weights, _):
    return grad(function)(weights)


@pytest.mark.parametrize("network", ENCODERS, ids=names)
def test_an_encoder_and_its_derivatives_are_those_of_its_equations(network, data):
    plain = networks.Network("plain", network.shapes, partial(encoder, **network.forward.keywords))
    weights, inputs = network.initial(1), data[0]
    weights = weights + 0.1 * np.random.default_rng(2).standard_normal(network.size)  # with gains and biases
    v = np.random.default_rng(1).standard_normal(network.size)
    assert np.allclose(network.scores(weights, inputs), plain.scores(weights, inputs), rtol=0, atol=1e-12)
    for derivative in (gradient_along, curvature.hessian_vector_product):
        found, expected = (derivative(partial(loss_of, one, data), weights, v) for one in (network, plain))
        assert np.linalg.norm(found - expected) < 1e-10 * np.linalg.norm(expected)


def test_an_encoder_starts_with_gains_of_1_and_learns(data):
    network = networks.attention(2, 8)
    scores = network.scores(network.initial(0), data[0])
    assert 0.1 < scores.std() < 2
    run = networks.train(network, networks.digits(300), 0.01, 150, optimizer="adam", batch=32, loss="batch")
    assert run.losses[:10].mean() > 2 and run.losses[-10:].mean() < 0.5


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


@pytest.mark.parametrize("network", KINDS, ids=names)
def test_a_network_is_called_by_the_call_that_makes_it(network):
    again = eval(repr(network), vars(networks))
    assert (again.name, again.shapes, again.criterion, again.gain) == (
        *(network.name, network.shapes, network.criterion, network.gain),
    )
    assert again.forward.keywords == network.forward.keywords


def deviations(network):
    """Of the first weights, for each array of them times the root of its inputs."""
    found, at, weights = [], 0, network.initial(0)
    for shape in network.shapes:
        part, at = weights[at : at + np.prod(shape)], at + np.prod(shape)
        found += [part.std() * np.prod(shape[:-1]) ** 0.5] if len(shape) > 1 else []
        assert len(shape) > 1 or not part.any()
    return np.array(found)


@pytest.mark.parametrize(
    ("network", "expected"),
    [
        (networks.mlp((300, 300, 100)), [1, 1]),
        (networks.mlp((300, 300, 100), "relu"), [2**0.5, 2**0.5]),
        (networks.mlp((300, 300, 100), "relu", init="lecun", scale=3), [3, 3]),
        (networks.mlp((300, 300, 100), init="xavier"), [1, 1.5**0.5]),
        (networks.mlp((100, 300, 300, 10), norm="batch", residual=True, init="he"), [2**0.5] * 3),
        (networks.mlp((100, 400, 400, 100), param="mup", base_width=100), [0.5, 1, 1]),
        (networks.cnn((40, 50), "tanh"), [1, 1, 1]),
        (networks.cnn((40, 50), init="xavier"), [(2 / 41) ** 0.5, (80 / 90) ** 0.5, (400 / 210) ** 0.5]),
        (networks.rnn(300, 2, scale=0.5), [0.5, 0.5, 0.5]),
    ],
    ids=repr,
)
def test_the_first_weights_have_the_variance_asked_for(network, expected):
    assert np.allclose(deviations(network), expected, rtol=0.08)


def test_batch_norm_takes_out_the_size_of_the_weights_before_it_and_layer_norm_that_of_the_inputs():
    inputs, _ = networks.digits(200)
    batch, layer = (networks.mlp((64, 8, 8, 10), norm=norm) for norm in networks.NORMALISATIONS[::-1])
    weights = batch.initial(0)
    larger = weights.copy()
    larger[: 64 * 8] *= 1000
    assert np.allclose(batch.scores(larger, inputs), batch.scores(weights, inputs), atol=1e-4)
    few, all_of_them = batch.scores(weights, inputs[:20]), batch.scores(weights, inputs)[:20]
    assert np.abs(few - all_of_them).max() > 0.05, "the statistics are those of the examples given"
    assert np.allclose(layer.scores(weights, inputs[:20]), layer.scores(weights, inputs)[:20], atol=1e-12)
    assert np.allclose(layer.scores(weights, 1000 * inputs), layer.scores(weights, 100 * inputs), atol=1e-4)


def test_a_residual_layer_whose_weights_are_0_passes_on_what_it_gets(data):
    deep, flat = networks.mlp((64, 6, 6, 6, 10), residual=True), networks.mlp((64, 6, 10))
    start = flat.initial(0)
    weights = np.concatenate([start[: 65 * 6], np.zeros(2 * 7 * 6), start[65 * 6 :]])
    assert np.allclose(deep.scores(weights, data[0]), flat.scores(start, data[0]), rtol=1e-12)


def test_with_mup_a_step_is_that_of_the_standard_with_a_rate_for_each_layer(data):
    width, base = 12, 3
    standard, mup = networks.mlp((64, 12, 12, 10)), networks.mlp((64, 12, 12, 10), param="mup", base_width=base)
    factors = np.concatenate(
        [np.full(size, factor) for size, factor in ((65 * 12, 2), (144, 1), (12, 2), (120, 0.5), (10, 1))]
    )
    rates = np.concatenate(  # Tensor Programs V, table 3, against those of the base
        [np.full(size, rate) for size, rate in ((65 * 12, 4), (144, 1), (12, 4), (120, 0.25), (10, 1))]
    )
    assert (width / base) ** 0.5 == 2
    weights = mup.initial(0)
    weights = weights + 0.1 * np.random.default_rng(0).standard_normal(weights.size)
    assert np.allclose(mup.scores(weights, data[0]), standard.scores(factors * weights, data[0]), rtol=1e-12)
    stepped = factors * (weights - 0.3 * grad(mup.loss)(weights, *data))
    expected = factors * weights - 0.3 * rates * grad(standard.loss)(factors * weights, *data)
    assert np.allclose(stepped, expected, rtol=1e-10, atol=1e-14)


def test_at_its_base_width_mup_is_the_standard(data):
    standard, mup = networks.mlp((64, 8, 8, 10)), networks.mlp((64, 8, 8, 10), param="mup", base_width=8)
    assert np.array_equal(standard.initial(1), mup.initial(1))
    assert standard.loss(standard.initial(1), *data) == pytest.approx(mup.loss(mup.initial(1), *data), rel=1e-14)
    flat = networks.mlp((64, 10), param="mup")
    assert np.array_equal(flat.scores(flat.initial(), data[0]), networks.mlp((64, 10)).scores(flat.initial(), data[0]))


def test_a_recurrent_network_that_reads_once_is_a_hidden_layer(data):
    once, flat = networks.rnn(6, 1), networks.mlp((64, 6, 10))
    into, between, rest = np.split(once.initial(0), [64 * 6, 64 * 6 + 36])
    assert between.any() and np.allclose(
        once.scores(once.initial(0), data[0]), flat.scores(np.concatenate([into, rest]), data[0]), rtol=1e-12
    )


@pytest.mark.parametrize("steps", [2, 8, 64])
def test_a_recurrent_network_reads_the_pixels_in_their_order(steps, data):
    network = networks.rnn(5, steps)
    weights = somewhere(network)
    sizes = np.cumsum([np.prod(shape) for shape in network.shapes])[:-1]
    w, v, b, last, bias = (p.reshape(s) for p, s in zip(np.split(weights, sizes), network.shapes, strict=True))
    h = np.zeros((60, 5))
    for t in range(steps):
        h = np.tanh(data[0][:, 64 // steps * t : 64 // steps * (t + 1)] @ w + h @ v + b)
    assert np.allclose(network.scores(weights, data[0]), h @ last + bias, rtol=1e-12)


def test_a_convolutional_network_sees_the_same_shape_anywhere():
    image = np.zeros((8, 8))
    image[1:3, 2:5] = 1
    network = networks.cnn((3,))
    weights = somewhere(network)
    weights[30:] = np.repeat([1, -2, 3], 160).tolist() + [0] * 10  # only sums over the pixels are left
    moved = np.stack([np.roll(image, (2 * i, j), axis=(0, 1)) for i in range(3) for j in range(3)])
    scores = network.scores(weights, moved.reshape(9, 64))
    assert np.allclose(scores, scores[0], rtol=1e-12) and np.ptp(scores[:, 0]) < 1e-9
    other = network.scores(weights, image.T.reshape(1, 64))
    assert abs(other - scores[:1]).max() > 0.01


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


@pytest.mark.parametrize("rule", STEPS_OF_PYTORCH)
def test_rules_train_a_network_as_pytorch_does(rule, monkeypatch):
    weights, *data, _ = exact_numbers(NETWORK)
    monkeypatch.setattr(networks.Network, "initial", lambda network, seed: weights)
    settings, expected = STEPS_OF_PYTORCH[rule]
    run = networks.train(NETWORK, data, steps=30, optimizer=rule, **settings)
    found = [*run.losses[[1, 10, 30]], run.weights.sum(), np.linalg.norm(run.weights)]
    assert found == pytest.approx(expected, rel=1e-10)


# The surface `quadratic` as a network: two weights, and as data one example of label 0, a matrix that turns them by 30°.
BOWL = networks.Network(
    "bowl", ((1, 2),), lambda arrays, inputs: anp.dot(inputs, arrays[0][0]) + np.array([1, 0]), "squared_error"
)
BOWL_DATA = (np.array([[[3**0.5 / 2, 0.5], [-(10**0.5) / 2, 7.5**0.5]]]), np.array([0]))


@pytest.mark.parametrize("rule", OPTIMIZERS)
def test_on_a_quadratic_every_rule_has_the_path_and_the_gauge_of_descend(rule):
    usual = {"lr": schedules.linear(0.05, steps=60), "steps": 40, "optimizer": rule}
    settings = {name: setting.default * 0.9 for name, setting in OPTIMIZERS[rule].settings.items()}
    path = descend("quadratic", start=BOWL.initial(3), condition=10, rotation=30, **usual, **settings)
    run = networks.train(BOWL, BOWL_DATA, seed=3, sharpness_every=1, **usual, **settings)
    assert np.allclose(run.losses, path.losses, rtol=1e-9, atol=0)
    assert np.allclose(run.norms, path.norms, rtol=1e-9, atol=0)
    assert np.allclose(run.weights, path.points[-1], rtol=1e-9, atol=1e-15)
    assert np.allclose(run.sharpness[:-1], path.preconditioned_sharpness, rtol=1e-9, equal_nan=True)
    assert np.allclose(run.curvature, 10, rtol=1e-12)
    if rule != "lion":
        recording = networks.record(
            BOWL, BOWL_DATA, [0.05], 40, optimizer=rule, seeds=[3], sharpness_every=1, schedule=falling, **settings
        )
        stop = recording.at(0.05)
        assert np.allclose(stop.gauge, path.gauge, rtol=1e-6) and np.allclose(stop.threshold, path.threshold, rtol=1e-6)
        assert recording.rescaled == (OPTIMIZERS[rule].scale is not None)


def falling(lr):
    return schedules.linear(lr, steps=60)


def test_the_sharpness_of_an_adaptive_rule_is_that_of_the_rescaled_hessian():
    inputs = np.random.default_rng(0).standard_normal((30, 5))
    network, data = networks.mlp((5, 4, 3)), (inputs, np.arange(30) % 3)
    weights, *state = network.initial(0), np.zeros(network.size), np.zeros(network.size)
    slope = grad(network.loss)
    run = networks.train(network, data, 0.02, 8, optimizer="adam", batch=10, sharpness_every=4)
    batches = training._batches(30, 10, 0)
    for t in range(9):
        gradient = slope(weights, *(part[next_batch] for next_batch in [next(batches)] for part in data))
        if t % 4 == 0:
            hessian = jacobian(slope)(weights, *data)
            v = (0.999 * state[1] + 0.001 * gradient**2) / (1 - 0.999 ** (t + 1))
            root = np.sqrt(1 / (np.sqrt(v) + 1e-8))
            largest = np.linalg.eigvalsh(root[:, None] * hessian * root)[-1]
            assert network.size > 20 and run.sharpness[t] == pytest.approx(largest, rel=1e-9)
            assert run.curvature[t] == pytest.approx(np.linalg.eigvalsh(hessian)[-1], rel=1e-9)
        weights, *state = OPTIMIZERS["adam"].rule(weights, gradient, *state, t, 0.02)
    assert np.isfinite(run.sharpness).tolist() == [True, False, False, False] * 2 + [True]


def test_sharpness_can_be_that_of_the_first_data_alone(data):
    usual = {"lr": 0.01, "steps": 4, "optimizer": "adam", "sharpness_every": 2}
    run, full = (networks.train(NETWORK, data, sharpness_of=few, **usual) for few in (20, None))
    assert np.array_equal(run.losses, full.losses)
    of_few = curvature.largest_eigenvalues(lambda w: NETWORK.loss(w, data[0][:20], data[1][:20]), NETWORK.initial(0))
    assert run.curvature[0] == pytest.approx(of_few[0], rel=1e-9)
    assert (run.curvature[::2] != full.curvature[::2]).all() and (run.sharpness[::2] != full.sharpness[::2]).all()


BENDING = {
    "mlp": (networks.mlp((64, 12, 10)), 1.0),
    "relu": (networks.mlp((64, 12, 12, 10), "relu"), 0.3),
    "batch": (networks.mlp((64, 8, 8, 10), norm="batch"), 1.0),
    "cnn": (networks.cnn((2, 4), "tanh"), 0.5),
    "rnn": (networks.rnn(8, 16), 0.5),
}


@pytest.mark.parametrize(("network", "lr"), BENDING.values(), ids=BENDING)
def test_a_sharpness_with_an_error_is_as_near_as_that(network, lr, monkeypatch):
    images, products = networks.digits(150), [0]
    exact = networks.train(network, images, lr, 60, sharpness_every=4)
    largest = training._largest

    def counted(product, *arguments):
        def multiplied(v):
            products[0] += 1
            return product(v)

        return largest(multiplied, *arguments)

    monkeypatch.setattr(training, "_largest", counted)
    run = networks.train(network, images, lr, 60, sharpness_every=4, sharpness_error=0.02)
    assert np.array_equal(run.losses, exact.losses) and np.array_equal(run.sharpness, run.curvature, equal_nan=True)
    quotients = (run.sharpness / exact.sharpness)[::4]
    assert quotients.max() < 1 + 1e-9 and quotients.min() > 0.95 and np.sort(quotients)[1] > 0.98
    assert np.median(quotients) > 0.998
    assert 5 <= (products[0] - 20) / 15 < 8


def test_the_sharpness_of_an_adaptive_rule_can_have_an_error_too(data):
    usual = {"lr": 0.01, "steps": 20, "optimizer": "adam", "sharpness_every": 4}
    exact, run = (networks.train(NETWORK, data, sharpness_error=error, **usual) for error in (None, 0.01))
    for name in ("sharpness", "curvature"):
        found, expected = getattr(run, name)[::4], getattr(exact, name)[::4]
        assert np.allclose(found, expected, rtol=0.01) and not np.array_equal(found, expected)


def test_the_largest_eigenvalue_of_a_matrix_is_found_from_a_hint_of_it():
    rng = np.random.default_rng(0)
    turn, _ = np.linalg.qr(rng.standard_normal((80, 80)))
    values = np.concatenate([[-9, 4, 3.8], rng.uniform(-1, 2, 77)])
    matrix = turn * values @ turn.T
    found, hint = training._largest(matrix.__matmul__, 80, 0.01, None)
    assert found == pytest.approx(4, rel=0.01), "a negative one of larger size does not count"
    turned = matrix + 0.3 * np.outer(turn[:, 5], turn[:, 5])
    assert training._largest(turned.__matmul__, 80, 0.01, hint)[0] == pytest.approx(4, rel=0.01)
    assert training._largest(matrix.__matmul__, 80, 1e-4, None)[0] == pytest.approx(4, rel=1e-6)
    small = np.diag([3.0, -1, 2])
    assert training._largest(small.__matmul__, 3, 0.5, None)[0] == pytest.approx(3, rel=1e-12), "all products"
    assert training._largest(lambda v: 0 * v, 50, 0.1, None)[0] == 0


def test_a_sharpness_with_an_error_that_is_not_found_is_not_measured(data, monkeypatch):
    monkeypatch.setattr(training, "_MOST_PRODUCTS", 3)
    run = networks.train(NETWORK, data, 0.1, 4, sharpness_every=2, sharpness_error=0.01)
    assert np.isnan(run.sharpness).all() and np.isfinite(run.losses).all()


def test_divergence_ends_the_search_for_the_sharpness_without_a_warning(data):
    network = networks.mlp((64, 6, 10), loss="squared_error")
    run = networks.train(network, data, lr=50.0, steps=300, sharpness_every=1, sharpness_error=0.05)
    assert not np.isfinite(run.losses[-1]) and run.sharpness[0] > 0


def test_a_sharpness_that_lanczos_does_not_find_is_not_measured(data, monkeypatch):
    def lost(function, x):
        raise RuntimeError("Lanczos did not converge")

    monkeypatch.setattr(curvature, "largest_eigenvalues", lost)
    run = networks.train(NETWORK, data, 0.1, 4, sharpness_every=2)
    assert np.isnan(run.sharpness).all() and np.isfinite(run.losses).all()


def test_the_loss_of_the_minibatch_is_that_before_the_step(data):
    usual = {"lr": 0.3, "steps": 6, "batch": 20, "seed": 2}
    run, full = (networks.train(NETWORK, data, loss=loss, **usual) for loss in ("batch", "full"))
    assert np.array_equal(run.weights, full.weights), "what is measured changes no step"
    weights, batches = NETWORK.initial(2), training._batches(60, 20, 2)
    for t in range(7):
        part = [values[chosen] for chosen in [next(batches)] for values in data]
        assert run.losses[t] == pytest.approx(NETWORK.loss(weights, *part), rel=1e-12)
        gradient = grad(NETWORK.loss)(weights, *part)
        assert run.norms[t] == run.batch_norms[t] == full.batch_norms[t]
        assert run.norms[t] == pytest.approx(np.linalg.norm(gradient), rel=1e-9)
        weights = weights - 0.3 * gradient


def test_an_epoch_of_minibatches_takes_each_example_once(data):
    batches = training._batches(60, 20, seed=1)
    epochs = [np.concatenate([next(batches) for _ in range(3)]) for _ in range(2)]
    assert [sorted(epoch) for epoch in epochs] == [list(range(60))] * 2
    assert epochs[0].tolist() != epochs[1].tolist()
    assert [len(next(batches)) for batches in [training._batches(60, 25, 0)] for _ in range(5)] == [25] * 5


def test_minibatches_of_all_data_are_gradient_descent(data):
    whole, batches = (networks.train(NETWORK, data, 0.3, 20, batch=batch) for batch in (None, 60))
    assert np.allclose(whole.losses, batches.losses, rtol=1e-9)
    assert np.allclose(whole.norms, batches.batch_norms, rtol=1e-7)


def test_the_gradients_of_the_minibatches_of_an_epoch_have_the_full_gradient_as_their_mean(data):
    weights, slope = NETWORK.initial(0), grad(NETWORK.loss)
    batches = training._batches(60, 10, seed=2)
    parts = [slope(weights, data[0][chosen], data[1][chosen]) for chosen in (next(batches) for _ in range(6))]
    assert np.allclose(np.mean(parts, axis=0), slope(weights, *data), atol=1e-14)


def test_a_schedule_gives_the_rate_of_each_step(data):
    run = networks.train(NETWORK, data, schedules.linear(0.3, steps=10), 10)
    assert run.rates.tolist() == schedules.rates(schedules.linear(0.3, steps=10), 10).tolist()
    halted = networks.train(NETWORK, data, lambda t: 0.3 if t < 5 else 0.0, 10)
    assert len(set(halted.losses[5:])) == 1 and len(set(halted.losses[:6])) == 6


def test_a_run_goes_on_from_the_weights_of_another(data):
    whole = networks.train(NETWORK, data, 0.3, 20)
    begun = networks.train(NETWORK, data, 0.3, 12)
    gone_on = networks.train(NETWORK, data, 0.3, 8, start=begun.weights)
    assert [*begun.losses[:-1], *gone_on.losses] == whole.losses.tolist()
    forgetful = networks.train(NETWORK, data, 0.3, 8, optimizer="momentum", start=begun.weights)
    assert forgetful.losses[1] == gone_on.losses[1] and forgetful.losses[2] != gone_on.losses[2]


def test_divergence_is_a_result_without_a_warning(data):
    network = networks.mlp((64, 6, 10), loss="squared_error")
    run = networks.train(network, data, lr=50.0, steps=300, sharpness_every=10)
    ended = np.flatnonzero(~np.isfinite(run.losses))[0]
    assert 1 < ended < 300 and np.isnan(run.losses[ended + 1 :]).all() and np.isnan(run.norms[ended + 1 :]).all()
    recording = networks.record(network, data, [0.01, 50.0], 300, seeds=[0], sharpness_every=10)
    assert recording.facts(50.0)["infinite"] == ended or recording.facts(50.0)["nan"] == ended


def made(losses, gauge, limit=2.0):
    """A run at the rate 0.5 with these losses and this gauge."""
    losses, sharpness = np.array(losses, float), 2 * np.array([*gauge, np.nan], float)
    others = {name: losses for name in ("norms", "batch_norms", "weights")}
    limits = np.full(len(gauge), limit)
    return networks.Run(
        np.full(len(gauge), 0.5), losses, sharpness=sharpness, curvature=sharpness, threshold=limits, **others
    )


def test_a_run_knows_where_it_crosses_its_threshold_and_where_its_loss_rises():
    nan, inf = np.nan, np.inf
    run = made([4, 3, 2, 3, 1], [1, nan, 2.1, 3])
    assert (run.crossing, run.rise) == (2, 3) and run.gauge.tolist()[2:] == [2.1, 3]
    assert (made([4, 3, 2, 1, 1], [1, 1, 2, 1]).crossing, made([4, 3, 2, 1, 1], [1, 1, 2, 1]).rise) == (None, None)
    assert (
        made([4, 3, 2, 1, 1], [3, 1, 2, 1]).crossing == 0 and made([4, 3, 2, 1, 1], [3, 1, 2, 1], 38).crossing is None
    )
    assert made([4, 3, inf, nan, nan], [1] * 4).rise == 2 and made([4, 3, nan, nan, nan], [1] * 4).rise == 2
    assert made([4, 3, 3 * (1 + 1e-12), 1, 1], [1] * 4).rise is None, "rounding"
    assert made([4, 3, 3, 2, 2], [nan] * 4).crossing is None


def test_whether_a_run_trains_is_what_is_asked_for():
    run = made([4, 9, 1, 2, 1], [1] * 4)
    assert run.trains() and run.trains(share=0.25) and not run.trains(share=0.2)
    assert run.trains(last=3) and not run.trains(share=0.25, last=2) and not run.trains(last=4)
    assert not made([4, np.inf, 1, 1, 1], [1] * 4).trains() and not made([4, 3, 2, 1, np.nan], [1] * 4).trains()
    with pytest.raises(ValueError, match="share must be a finite number above 0, got 0"):
        run.trains(0)
    with pytest.raises(ValueError, match="last must be a whole number from 1 to 4, got 5"):
        run.trains(last=5)


def test_a_run_has_the_threshold_of_its_rule(data):
    def limits(lr=0.01, **settings):
        return networks.train(NETWORK, data, lr, 3, **settings).threshold

    assert limits().tolist() == [2] * 3 and np.allclose(limits(optimizer="momentum", beta=0.5), 3)
    assert np.allclose(limits(optimizer="adam"), 38) and np.isnan(limits(optimizer="lion")).all()
    decayed = limits(schedules.linear(0.1, steps=3), optimizer="adamw", weight_decay=1)
    assert len(set(decayed)) == 3


def test_above_its_threshold_a_run_crosses_before_it_rises():
    images = networks.digits(100)
    calm, wild = (
        networks.train(networks.mlp((64, 12, 10), "relu"), images, lr, 60, sharpness_every=1, sharpness_error=0.02)
        for lr in (0.2, 4.0)
    )
    assert calm.crossing is None and calm.rise is None and calm.trains()
    assert wild.crossing is not None and wild.crossing < wild.rise


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


def test_a_recording_can_have_the_gauge_of_several_seeds(data):
    usual = {"sharpness_every": 4, "sharpness_error": 0.05}
    recording = networks.record(NETWORK, data, [0.1, 0.4], 12, seeds=[5, 6, 7], sharpness_seeds=2, **usual)
    runs = [networks.train(NETWORK, data, 0.4, 12, seed=seed, **usual) for seed in (5, 6)]
    stop, gauges = recording.at(0.4), [run.gauge for run in runs]
    assert np.allclose(stop.gauge, np.mean(gauges, axis=0), rtol=1e-6, equal_nan=True)
    assert np.allclose(stop.bands["gauge"], [np.min(gauges, axis=0), np.max(gauges, axis=0)], rtol=1e-6, equal_nan=True)
    assert stop.gauge[0] != stop.bands["gauge"][0][0]


def test_a_recording_knows_the_threshold_of_its_rule(data):
    def recorded(rule, **settings):
        usual = {"seeds": [0], "sharpness_every": 2, "optimizer": rule}
        return networks.record(NETWORK, data, [0.001, 0.5], 2, **usual, **settings)

    adam, decayed, lion = recorded("adam", beta1=0.8), recorded("adamw", weight_decay=1), recorded("lion")
    assert adam.rescaled and np.allclose(adam.at(0.5).threshold, 18)
    assert [decayed.at(lr).threshold[0] for lr in decayed.rates] == pytest.approx([38 * 0.9995, 38 * 0.75])
    assert lion.panels == ["loss", "norm", "schedule"]


def test_a_recording_knows_its_schedule(data):
    recording = networks.record(
        NETWORK, data, [0.1, 0.4], 10, seeds=[0], schedule=lambda lr: schedules.cosine(lr, steps=10)
    )
    assert np.allclose(recording.at(0.4).rates, schedules.rates(schedules.cosine(0.4, steps=10), 10), rtol=1e-6)


# What is kept


def test_the_second_call_reads_what_the_first_has_kept(data, folder, trainings):
    first, second = (networks.train(NETWORK, data, 0.1, 8, sharpness_every=4) for _ in range(2))
    assert len(trainings) == 1 and len(list(folder.glob("*"))) == 1
    for name in ("rates", "losses", "norms", "batch_norms", "sharpness", "curvature", "weights"):
        assert np.array_equal(getattr(first, name), getattr(second, name), equal_nan=True)


CHANGES = {
    "rate": {"lr": 0.2},
    "steps": {"steps": 9},
    "batch": {"batch": 20},
    "seed": {"seed": 1},
    "sharpness": {"sharpness_every": 4},
    "measured": {"loss": "batch"},
    "rule": {"optimizer": "momentum"},
    "network": {"network": networks.mlp((64, 6, 10), "relu")},
    "error": {"sharpness_every": 4, "sharpness_error": 0.01},
    "layer norm": {"network": networks.mlp((64, 6, 10), norm="layer")},
    "batch norm": {"network": networks.mlp((64, 6, 10), norm="batch")},
    "init": {"network": networks.mlp((64, 6, 10), init="xavier")},
    "scale": {"network": networks.mlp((64, 6, 10), scale=2)},
    "parametrisation": {"network": networks.mlp((64, 6, 10), param="mup")},
    "base": {"network": networks.mlp((64, 6, 10), param="mup", base_width=3)},
    "convolution": {"network": networks.cnn((2,))},
    "recurrence": {"network": networks.rnn(6, 8)},
    "length": {"network": networks.rnn(6, 16)},
    "kind": {"network": networks.attention(2, 8)},
    "norm": {"network": networks.attention(2, 8, "pre")},
    "loss": {"network": networks.mlp((64, 6, 10), loss="squared_error")},
    "start": {"start": NETWORK.initial(5)},
    "gain": {"network": networks.Network(NETWORK.name, NETWORK.shapes, NETWORK.forward, gain=2.0)},
}


@pytest.mark.parametrize("changed", CHANGES.values(), ids=CHANGES)
def test_what_is_set_otherwise_is_trained_anew(changed, data, trainings):
    usual = {"network": NETWORK, "data": data, "lr": 0.1, "steps": 8}
    networks.train(**usual)
    networks.train(**usual | changed)
    assert len(trainings) == 2


def test_a_setting_that_is_set_otherwise_is_trained_anew_and_its_default_is_not(data, trainings):
    for settings in ({}, {"beta": 0.9}, {"beta": 0.8}):
        networks.train(NETWORK, data, 0.1, 8, optimizer="momentum", **settings)
    networks.train(NETWORK, data, 0.1, 8, optimizer=OPTIMIZERS["momentum"].rule)
    assert len(trainings) == 2


def test_other_data_or_other_code_is_trained_anew(data, trainings, monkeypatch):
    networks.train(NETWORK, data, 0.1, 8)
    inputs = data[0].copy()
    inputs[3, 20] += 1e-9
    networks.train(NETWORK, (inputs, data[1]), 0.1, 8)
    assert len(trainings) == 2
    monkeypatch.setattr(training, "_code", lambda forward: "other code")
    networks.train(NETWORK, data, 0.1, 8)
    assert len(trainings) == 3


def test_the_code_of_a_training_is_all_that_it_runs_through():
    modules = (training, networks, layers, arithmetic, curvature, optimizers)
    sources = [Path(module.__file__).read_text("utf-8") for module in modules]
    used = " ".join(kept.used(sources, ["_train", "OPTIMIZERS", "_fully_connected"]))
    assert "id='part'" in used and "id='placed'" in used  # how they are differentiated
    defined = set(re.findall(r"FunctionDef\(name='(\w+)'", used))
    needed = {"_sharpness", "largest_eigenvalues", "_lanczos", "_batches", "loss", "adam", "radam_scale", "power", "sq"}
    assert needed <= defined and not defined & {"record", "digits", "taylor", "mlp"}


PARTS = {
    "_fully_connected": {"normal", "batch_normal", "standard", "positive"},
    "_convolutional": {"convolved", "correlated", "turned", "patches", "pooled", "unpooled"},
    "_recurrent": {"recurrent", "unrolled", "coupled", "between", "affine_back"},
    "_transformed": {"attended", "attention_of"},
}


@pytest.mark.parametrize("forward", PARTS)
def test_the_code_of_a_network_is_that_of_its_own_layers(forward):
    modules = (training, networks, layers, arithmetic, curvature, optimizers)
    sources = [Path(module.__file__).read_text("utf-8") for module in modules]
    used = " ".join(kept.used(sources, ["_train", "OPTIMIZERS", forward]))
    defined = set(re.findall(r"FunctionDef\(name='(\w+)'", used))
    assert defined >= PARTS[forward] | {"_largest", "_drawn"}
    assert not defined & {"convolved", "recurrent", "attended"} - PARTS[forward]


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


def test_a_network_of_ones_own_is_trained_each_time(data, folder, trainings):
    own = networks.Network("own", NETWORK.shapes, partial(doubled))
    networks.train(own, data, 0.1, 3)
    networks.train(own, data, 0.1, 3)
    assert len(trainings) == 2 and not folder.exists()


def doubled(arrays, inputs):
    return 2 * anp.tanh(inputs @ arrays[0] + arrays[1]) @ arrays[2] + arrays[3]


def test_a_bar_is_shown_where_it_takes_long_and_is_gone_at_the_end(data, capfd, monkeypatch):
    networks.record(NETWORK, data, [0.1, 0.2], 3, seeds=[0])
    assert capfd.readouterr() == ("", "")
    monkeypatch.setattr(training, "_SOON", 1e-9)
    monkeypatch.setattr(tqdm.auto, "tqdm", partial(tqdm.auto.tqdm, mininterval=0))  # every step is drawn
    monkeypatch.delenv("TQDM_DISABLE", raising=False)
    networks.record(NETWORK, data, [0.1, 0.2], 3, seeds=[1], progress=False)
    assert capfd.readouterr() == ("", "")
    networks.record(NETWORK, data, [0.1, 0.2], 3, seeds=[2])
    told = capfd.readouterr()
    assert "1/2" in told.out and told.out.endswith("\r") and not told.err


def test_the_environment_does_without_a_bar_in_notebooks_too(data, monkeypatch):
    shown = []
    monkeypatch.setattr(training, "_SOON", 0)
    monkeypatch.setattr(tqdm.auto, "tqdm", tqdm.notebook.tqdm)
    monkeypatch.setattr(tqdm.notebook, "display", shown.append)
    monkeypatch.setenv("TQDM_DISABLE", "1")
    networks.record(NETWORK, data, [0.1, 0.2], 3, seeds=[0])
    assert not shown
    monkeypatch.delenv("TQDM_DISABLE")
    networks.record(NETWORK, data, [0.1, 0.2], 3, seeds=[1])
    assert shown


def test_importing_it_loads_neither_scikit_learn_nor_autograd():
    heavy = ["sklearn", "autograd", "scipy", "tqdm", "platformdirs", "threadpoolctl", "filelock"]
    code = f"import lrlib.networks, sys; print([name for name in {heavy} if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout == "[]\n"


# Bad calls

WRONG = {
    "few digits": (lambda _: networks.digits(5), "count must be a whole number from 10 to 1797, got 5"),
    "many digits": (lambda _: networks.digits(2000), "count must be a whole number from 10 to 1797"),
    "no widths": (lambda _: networks.mlp(()), "widths must name at least the inputs and the scores"),
    "text": (lambda _: networks.mlp("64"), "widths must be a list of whole numbers, got '64'"),
    "width": (lambda _: networks.mlp((64, 0, 10)), "widths must be a whole number from 1"),
    "raw": (lambda _: networks.digits(60, raw=1), "raw must be True or False, got 1"),
    "factor": (lambda d: networks.scaled(d, 0), "factor must be a number other than 0, got 0"),
    "text for data": (lambda _: networks.standardised("data"), "data must be a tuple (inputs, labels), got 'data'"),
    "normalisation": (lambda _: networks.mlp(norm="batc"), "norm 'batc' is unknown: did you mean 'batch'"),
    "residual": (lambda _: networks.mlp((64, 8, 8, 10), residual="yes"), "residual must be True or False, got 'yes'"),
    "no room": (lambda _: networks.mlp((64, 8, 10), residual=True), "residual needs two or more hidden layers of the"),
    "widths differ": (lambda _: networks.mlp((64, 8, 9, 10), residual=True), "same width, got widths (64, 8, 9, 10)"),
    "init": (lambda _: networks.mlp(init="glorot"), "init 'glorot' is unknown: known: lecun, he, xavier"),
    "scale": (lambda _: networks.rnn(scale=0), "scale must be a finite number above 0, got 0"),
    "param": (lambda _: networks.mlp(param="muP"), "param 'muP' is unknown: did you mean 'mup'"),
    "base": (lambda _: networks.mlp(param="mup", base_width=0), "base_width must be a whole number from 1"),
    "text for channels": (lambda _: networks.cnn("4"), "channels must be a list of whole numbers, got '4'"),
    "channels": (lambda _: networks.cnn((4, 0)), "channels must be a whole number from 1 to 1000, got 0"),
    "many channels": (lambda _: networks.cnn((4, 4, 4, 4)), "channels must be one to three numbers"),
    "state": (lambda _: networks.rnn(0), "width must be a whole number from 1 to 1000, got 0"),
    "pieces": (lambda _: networks.rnn(8, 12), "steps must divide 64, the number of pixels, got 12"),
    "no image": (lambda d: networks.train(networks.cnn(), (d[0][:, :60], d[1]), 0.1, 5), "inputs of shape (60, 60)"),
    "no pieces": (lambda d: networks.train(networks.rnn(8, 8), (d[0][:, :60], d[1]), 0.1, 5), "inputs of shape"),
    "error": (
        lambda d: networks.train(NETWORK, d, 0.1, 5, sharpness_error=0),
        "sharpness_error must be a number from 0.0001 to 0.5, got 0",
    ),
    "measured seeds": (
        lambda d: networks.record(NETWORK, d, [0.1], 5, sharpness_seeds=4),
        "sharpness_seeds must be a whole number from 1 to 3, got 4",
    ),
    "activation": (lambda _: networks.mlp(activation="tan"), "activation 'tan' is unknown: did you mean 'tanh'"),
    "loss": (lambda _: networks.mlp(loss="mse"), "loss 'mse' is unknown"),
    "layers": (lambda _: networks.attention(0), "layers must be a whole number from 1 to 24, got 0"),
    "tokens": (lambda _: networks.attention(2, 0), "width must be a whole number from 1 to 1000, got 0"),
    "norm": (lambda _: networks.attention(norm="past"), "norm 'past' is unknown: did you mean 'post'"),
    "features": (lambda _: networks.languages(3), "features must be a whole number from 16 to 65536, got 3"),
    "pixels": (lambda d: networks.train(networks.attention(2, 8), (d[0][:, :60], d[1]), 0.1, 5), "inputs of shape"),
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
    "start": (lambda d: networks.train(NETWORK, d, 0.1, 5, start=[0.0]), "start must be 460 weights, got an array of"),
    "every": (lambda d: networks.train(NETWORK, d, 0.1, 5, sharpness_every=0), "sharpness_every must be a whole"),
    "optimizer": (lambda d: train_by(d, "adm"), "optimizer 'adm' is unknown: did you mean 'adam'"),
    "setting": (
        lambda d: train_by(d, "adam", beta=0.9),
        "training with 'adam' has no setting 'beta': did you mean 'beta",
    ),
    "argument": (
        lambda d: train_by(d, "gd", sharpnes_every=1),
        "no setting 'sharpnes_every': did you mean 'sharpness_every'",
    ),
    "range": (lambda d: train_by(d, "momentum", beta=1.5), "beta must be a number from 0 to 0.999, got 1.5"),
    "sweep": (lambda d: train_by(d, "momentum", beta=[0.5, 0.9]), "beta must be one number"),
    "measured": (lambda d: train_by(d, "gd", loss="all"), "loss 'all' is unknown"),
    "recorded": (lambda d: networks.record(NETWORK, d, [0.1], 5, beta=0.9), "training with 'gd' has no setting 'beta'"),
    "few": (lambda d: train_by(d, "gd", sharpness_of=61), "sharpness_of must be a whole number from 1 to 60, got 61"),
    "gradient": (lambda d: networks.record(NETWORK, d, [0.1], 5, gradient="mean"), "gradient 'mean' is unknown"),
    "seeds": (lambda d: networks.record(NETWORK, d, [0.1], 5, seeds=[]), "seeds must be"),
    "stops": (lambda d: networks.record(NETWORK, d, [0.2, 0.1], 5, seeds=[0]), "rates must"),
}


def train_by(data, optimizer, **settings):
    networks.train(NETWORK, data, 0.1, 5, optimizer=optimizer, **settings)


@pytest.mark.parametrize(("call", "message"), WRONG.values(), ids=WRONG)
def test_a_bad_call_is_told_what_is_allowed(call, message, data, trainings):
    with pytest.raises((TypeError, ValueError), match=re.escape(message)):
        call(data)
    assert not trainings, "before anything is computed"
