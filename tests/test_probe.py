"""`lrlib.probe`: against models whose answer is known, against dense Hessians, and that it changes nothing."""

import copy
import math
import random
import re
import time
from collections.abc import Callable
from functools import partial

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason='PyTorch is not installed: pip install -e ".[torch]"')

from torch import nn
from torch.func import functional_call
from torch.utils.data import DataLoader, TensorDataset

from lrlib import curvature, networks, optimizers, probe_figure, probe_words, probing
from lrlib.probe import PASS, Report, probe
from lrlib.words import LANGUAGES

MSE, CE = nn.MSELoss(), nn.CrossEntropyLoss()
quiet = partial(probe, progress=False)
curved = partial(quiet, steps=0, tolerance=1e-5, most=500)


@pytest.fixture(autouse=True)
def one_thread():
    """Small models are fastest so, and the sums come out the same."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    yield
    torch.set_num_threads(before)


def regression(features: int = 4, rows: int = 24) -> tuple[nn.Module, tuple]:
    """Linear regression without bias, in float64: a quadratic."""
    x = torch.randn(rows, features, dtype=torch.float64) * torch.linspace(1, 2, features, dtype=torch.float64)
    y = x @ torch.randn(features, 1, dtype=torch.float64)
    return nn.Linear(features, 1, bias=False, dtype=torch.float64), (x, y)


def digits(rows: int = 200) -> tuple:
    inputs, labels = networks.digits(rows)
    return torch.as_tensor(inputs, dtype=torch.float32), torch.as_tensor(labels)


def mlp() -> nn.Module:
    return mlp_of(64)


def mlp_of(inputs: int) -> nn.Module:
    return nn.Sequential(nn.Linear(inputs, 6), nn.Tanh(), nn.Linear(6, 10))


def cnn() -> nn.Module:
    return nn.Sequential(
        nn.Unflatten(1, (1, 8, 8)), nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
        nn.Dropout(0.25), nn.Linear(36, 10),
    )  # fmt: skip


def trained(model: nn.Module, optimizer, batch: tuple, loss_fn: Callable, steps: int) -> None:
    for _ in range(steps):
        optimizer.zero_grad()
        loss_fn(model(batch[0]), batch[1]).backward()
        optimizer.step()


def dense(model: nn.Module, loss_fn: Callable, batch: tuple) -> np.ndarray:
    """The whole Hessian, of all weights that are trained."""
    weights = {name: it.detach() for name, it in model.named_parameters() if it.requires_grad}
    sizes = [it.numel() for it in weights.values()]
    buffers = dict(model.named_buffers())

    def loss(flat):
        pieces = {name: part.view_as(it) for (name, it), part in zip(weights.items(), flat.split(sizes))}
        return loss_fn(functional_call(model, pieces | buffers, (batch[0],)), batch[1])

    flat = torch.cat([it.reshape(-1) for it in weights.values()])
    return torch.autograd.functional.hessian(loss, flat, vectorize=True).detach().double().numpy()


def largest(matrix: np.ndarray, count: int) -> np.ndarray:
    return np.linalg.eigvalsh(matrix)[::-1][:count]


def keys(report: Report) -> set[str]:
    return {key for key, _ in report.notes}


# ---------------------------------------------------------------- eigenvalues


def test_of_linear_regression_they_are_those_of_the_inputs():
    model, (x, y) = regression()
    report = curved(model, MSE, (x, y), count=4)
    assert report.eigenvalues == pytest.approx(largest((2 * x.T @ x / len(x)).numpy(), 4))
    assert report.critical_rate == pytest.approx(2 / report.eigenvalues[0])
    assert report.finding == "plain" and report.lr is None and math.isnan(report.gauge)
    assert report.loss == pytest.approx(MSE(model(x), y).item())
    assert report.gradient_norm == pytest.approx(float(torch.autograd.grad(MSE(model(x), y), model.weight)[0].norm()))


@pytest.mark.parametrize("depth", [2, 3])
def test_of_a_deep_linear_network_they_are_those_of_the_dense_hessian(depth):
    model = nn.Sequential(*(nn.Linear(3, 3, bias=False, dtype=torch.float64) for _ in range(depth)))
    batch = torch.randn(10, 3, dtype=torch.float64), torch.randn(10, 3, dtype=torch.float64)
    report = curved(model, MSE, batch, count=5)
    assert report.eigenvalues == pytest.approx(largest(dense(model, MSE, batch), 5), rel=1e-6)


def test_of_a_deep_linear_network_with_one_unit_a_layer_it_is_known_by_heart():
    """f = ½(abx − y)²: at ab = y/x the Hessian is x²(b, a)(b, a)ᵀ."""
    model = nn.Sequential(*(nn.Linear(1, 1, bias=False, dtype=torch.float64) for _ in range(2)))
    with torch.no_grad():
        model[0].weight[:], model[1].weight[:] = 3.0, 0.5
    data = torch.full((1, 1), 2.0, dtype=torch.float64), torch.full((1, 1), 3.0, dtype=torch.float64)
    report = curved(model, lambda z, y: ((z - y) ** 2).mean() / 2, data, count=2)
    assert report.eigenvalues == pytest.approx([4 * (3.0**2 + 0.5**2), 0.0], abs=1e-9)


@pytest.mark.parametrize("make", [mlp, cnn])
def test_of_networks_on_digits_they_are_those_of_the_dense_hessian(make):
    model, batch = make().eval(), digits()
    for steps in (0, 60):
        trained(model, torch.optim.SGD(model.parameters(), 0.1), batch, CE, steps)
        report = curved(model, CE, batch, count=3)
        assert report.eigenvalues == pytest.approx(largest(dense(model, CE, batch), 3), rel=2e-3)
        assert report.residuals.max() <= 1e-4 * report.eigenvalues[0]


def test_the_default_tolerance_finds_the_sharpness_to_a_thousandth():
    model, batch = mlp(), digits()
    report = quiet(model, CE, batch, steps=0)
    assert report.eigenvalues[0] == pytest.approx(largest(dense(model, CE, batch), 1)[0], rel=1e-3)
    assert report.residuals[0] <= 0.01 * report.eigenvalues[0] and report.cost.products < 30


def test_more_batches_are_their_mean_loss():
    model, (x, y) = regression(rows=24)
    parts = [(x[i : i + 8], y[i : i + 8]) for i in (0, 8, 16)]
    whole, split = curved(model, MSE, (x, y)), curved(model, MSE, parts)
    assert split.eigenvalues == pytest.approx(whole.eigenvalues) and split.loss == pytest.approx(whole.loss)
    assert split.gradient_norm == pytest.approx(whole.gradient_norm)
    assert "batches" not in keys(split)
    first = curved(model, MSE, parts, batches=1)
    assert first.eigenvalues == pytest.approx(curved(model, MSE, parts[0]).eigenvalues)
    assert ("batches", {"count": 1, "total": 3}) in first.notes


class Form(nn.Module):
    """½ Σ cᵢwᵢ² by itself, whatever the data."""

    def __init__(self, *curves: float):
        super().__init__()
        self.curves = torch.tensor(curves, dtype=torch.float64)
        self.weight = nn.Parameter(torch.ones_like(self.curves))

    def forward(self, x):
        return (self.curves * self.weight**2).sum() / 2


def test_negative_curvature_larger_in_size_does_not_count():
    report = curved(Form(2.0, 1.0, -9.0), lambda z, _: z, X, count=2)
    assert report.eigenvalues == pytest.approx([2.0, 1.0])


def test_where_nothing_curves_upwards_there_is_no_limit():
    linear = nn.Linear(3, 1, bias=False)
    for model, loss_fn in ((linear, lambda z, _: z.sum()), (Form(-1.0, -3.0), lambda z, _: z)):
        report = quiet(model, loss_fn, X, torch.optim.SGD(model.parameters(), 0.1), steps=3, count=1)
        assert report.finding == "flat" and report.critical_rate == math.inf
        assert "no limit" in report.verdict
    quiet(linear, lambda z, _: z.sum(), X, steps=3).figure()  # without a rate there is nothing to name, nor to warn of


def test_a_spectrum_that_has_not_settled_says_so():
    report = quiet(mlp(), CE, digits(), most=2, steps=0)
    assert report.cost.products == 2 and "unsettled" in keys(report)
    assert report.residuals[0] > 0.01 * report.eigenvalues[0] and report.eigenvalues.shape == (2,)


@pytest.mark.parametrize(("size", "count"), [(1, 1), (2, 2), (30, 3), (200, 5)])
def test_lanczos_restarts_and_finds_any_spectrum(size, count):
    generator = np.random.default_rng(size)
    turned = np.linalg.qr(generator.standard_normal((size, size)))[0]
    values = np.concatenate([np.linspace(-3, 1, size)[: size - count], 1 + np.arange(1, count + 1) / 10])
    matrix = torch.as_tensor(turned @ np.diag(values) @ turned.T)
    *_, last = probing.lanczos(
        lambda v: matrix @ v, probing.start_vector(size, matrix, 0), count, 2000, 1e-9, lambda _: None
    )
    assert last.converged and last.values == pytest.approx(np.sort(values)[::-1][:count], abs=1e-7)
    assert last.asymmetry < 1e-8


def test_lanczos_goes_on_where_the_basis_closes():
    """Two eigenvalues only: after two products there is nothing new, but three are asked for."""
    matrix = torch.diag(torch.tensor([5.0] * 10 + [1.0] * 30, dtype=torch.float64))
    *_, last = probing.lanczos(lambda v: matrix @ v, probing.start_vector(40, matrix, 0), 3, 100, 1e-6, lambda _: None)
    assert last.converged and last.values == pytest.approx([5.0, 5.0, 1.0])


# ---------------------------------------------------------------- optimizers: their real steps


def grows(model: nn.Module, batch: tuple, optimizer, factor: float, report: Report) -> bool:
    """Whether the loss grows when every rate is set to so many times the critical one, by the optimizer's own steps."""
    model, optimizer = copy.deepcopy((model, optimizer))
    for group, rate in zip(optimizer.param_groups, report.critical_rates):
        group["lr"] = factor * rate
    losses = []
    for _ in range(1500):
        optimizer.zero_grad()
        loss = MSE(model(batch[0]), batch[1])
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        if losses[-1] > 1e6 * losses[0]:  # farther out, even the slowest scale would follow
            return True
    return losses[-1] > losses[0]


RULES = {
    "sgd": lambda p: torch.optim.SGD(p, 0.01),
    "momentum": lambda p: torch.optim.SGD(p, 0.01, momentum=0.9),
    "dampened": lambda p: torch.optim.SGD(p, 0.01, momentum=0.8, dampening=0.5),
    "nesterov": lambda p: torch.optim.SGD(p, 0.01, momentum=0.9, nesterov=True),
    "decay": lambda p: torch.optim.SGD(p, 0.01, momentum=0.5, weight_decay=3.0),
    "adam": lambda p: torch.optim.Adam(p, 0.01, betas=(0.9, 1 - 1e-13)),
    "adam decay": lambda p: torch.optim.Adam(p, 0.01, betas=(0.9, 1 - 1e-13), weight_decay=3.0),
    "adamw": lambda p: torch.optim.AdamW(p, 0.01, betas=(0.5, 1 - 1e-13), weight_decay=1.0),
    "amsgrad": lambda p: torch.optim.Adam(p, 0.01, betas=(0.9, 1 - 1e-13), amsgrad=True),
    "rmsprop": lambda p: torch.optim.RMSprop(p, 0.01, alpha=1 - 1e-13),
    "rmsprop momentum": lambda p: torch.optim.RMSprop(p, 0.01, alpha=1 - 1e-13, momentum=0.9),
    "adagrad": lambda p: torch.optim.Adagrad(p, 0.01, initial_accumulator_value=1e12),
    "nadam": lambda p: torch.optim.NAdam(p, 0.01, betas=(0.9, 1 - 1e-13)),
    # μ stays at β₁/2, and at β₁(1 − 0.96⁵/2)
    "nadam at first": lambda p: torch.optim.NAdam(p, 0.01, betas=(0.9, 1 - 1e-13), momentum_decay=0.0),
    "nadam on its way": lambda p: torch.optim.NAdam(p, 0.01, betas=(0.8, 1 - 1e-13), momentum_decay=1e-14),
    "nadam decay": lambda p: torch.optim.NAdam(p, 0.01, betas=(0.9, 1 - 1e-13), weight_decay=3.0),
    "nadam w": lambda p: torch.optim.NAdam(
        p, 0.01, betas=(0.5, 1 - 1e-13), weight_decay=1.0, decoupled_weight_decay=True
    ),
    "radam": lambda p: torch.optim.RAdam(p, 0.01, betas=(0.9, 1 - 1e-13)),
    "radam on its way": lambda p: torch.optim.RAdam(p, 0.01, betas=(0.9, 1 - 1e-15)),
    "radam without scale": lambda p: torch.optim.RAdam(p, 0.01, betas=(0.9, 0.5)),
    "radam w": lambda p: torch.optim.RAdam(
        p, 0.01, betas=(0.5, 1 - 1e-13), weight_decay=1.0, decoupled_weight_decay=True
    ),
}


def settled(optimizer, model: nn.Module) -> None:
    """An adaptive rule whose scale no longer changes: it remembers very much, and its squares differ by weight."""
    if isinstance(optimizer, torch.optim.SGD):
        return
    optimizer.zero_grad()
    sum((weight**2).sum() for weight in model.parameters()).backward()
    group = optimizer.param_groups[0]
    rate, group["lr"] = group["lr"], 0.0
    optimizer.step()
    group["lr"] = rate
    for weight in model.parameters():
        state = optimizer.state[weight]
        squares = torch.linspace(1.0, 9.0, weight.numel(), dtype=weight.dtype).reshape(weight.shape)
        for key in ("exp_avg_sq", "square_avg", "max_exp_avg_sq", "sum"):
            if key in state:
                state[key] = squares * (1e12 if key == "sum" else 1.0)
        for key in ("exp_avg", "momentum_buffer", "mu_product"):
            if key in state:
                state[key] = torch.zeros_like(state[key])
        if "step" in state:
            # β₂ = 1 − 10⁻¹³ and so many steps: the correction is 1 − e⁻⁵⁰. (RAdam on its way: 0.43, and r = 0.5.)
            state["step"] = torch.tensor(5e14, dtype=torch.float64)


@pytest.mark.parametrize("name", RULES)
def test_the_optimizer_itself_diverges_above_the_critical_rate_and_not_below(name):
    model, (x, _) = regression()
    batch = x, torch.zeros(len(x), 1, dtype=torch.float64)  # with the minimum at 0, decay moves it nowhere
    optimizer = RULES[name](model.parameters())
    settled(optimizer, model)
    report = curved(model, MSE, batch, optimizer)
    assert report.finding in ("below", "edge", "above")
    assert not grows(model, batch, optimizer, 0.99, report)
    assert grows(model, batch, optimizer, 1.01, report)
    optimizer.param_groups[0]["lr"] = report.critical_rate
    there = curved(model, MSE, batch, optimizer)
    assert there.gauge == pytest.approx(there.threshold) and there.finding == "edge"


def test_groups_with_rates_of_their_own_have_one_limit_together():
    model = nn.Sequential(*(nn.Linear(3, 1, bias=False, dtype=torch.float64) for _ in range(2)))

    class Sum(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b = model

        def forward(self, x):
            return self.a(x[:, :3]) + self.b(x[:, 3:])

    both = Sum()
    _, (x, _) = regression(6)
    batch = x, torch.zeros(len(x), 1, dtype=torch.float64)
    groups = [
        {"params": both.a.parameters(), "lr": 0.05, "momentum": 0.9},
        {"params": both.b.parameters(), "lr": 0.01, "weight_decay": 0.5, "momentum": 0.2},
    ]
    optimizer = torch.optim.SGD(groups, lr=0.1)
    report = curved(both, MSE, batch, optimizer)
    assert "groups" in keys(report) and report.lr == 0.05
    assert report.critical_rates == pytest.approx((report.critical_rate, report.critical_rate / 5))
    assert not grows(both, batch, optimizer, 0.99, report)
    assert grows(both, batch, optimizer, 1.01, report)


@pytest.mark.parametrize("kind", [torch.optim.Adam, torch.optim.AdamW])
def test_adam_feels_the_dense_hessian_as_it_scales_it(kind):
    model, batch = mlp(), digits()
    optimizer = kind(model.parameters(), 2e-3, betas=(0.8, 0.99), eps=1e-6, weight_decay=0.1)
    trained(model, optimizer, batch, CE, 40)
    report = curved(model, CE, batch, optimizer)
    coupled = 0.1 if kind is torch.optim.Adam else 0.0
    hessian = dense(model, CE, batch)
    hessian += coupled * np.eye(len(hessian))
    weights = list(model.parameters())
    slopes = torch.autograd.grad(CE(model(batch[0]), batch[1]), weights)
    scale = np.concatenate(
        [
            optimizers.adam_scale(
                (slope + coupled * weight).detach().numpy().astype(float).ravel(),
                0.0,
                optimizer.state[weight]["exp_avg_sq"].numpy().astype(float).ravel(),
                40,
                0.8,
                0.99,
                1e-6,
            )
            for weight, slope in zip(weights, slopes)
        ]
    )
    root = np.sqrt(scale)
    sharpness = largest(root[:, None] * hessian * root, 1)[0]
    assert report.sharpness == pytest.approx(sharpness, rel=1e-3)
    name, more = ("adamw", {"weight_decay": 0.1}) if kind is torch.optim.AdamW else ("adam", {})
    assert report.rule == name
    settings = {"beta1": 0.8, "beta2": 0.99, "eps": 1e-6} | more
    assert report.threshold == pytest.approx(curvature.threshold(name, lr=2e-3, **settings))
    assert report.critical_rate == pytest.approx(curvature.critical_rate(name, sharpness, **settings), rel=1e-3)
    assert report.gauge == pytest.approx(2e-3 * sharpness, rel=1e-3)


@pytest.mark.parametrize(
    ("settings", "name", "more"),
    [({}, "gd", {}), ({"momentum": 0.9}, "momentum", {"beta": 0.9}),
     ({"momentum": 0.8, "nesterov": True}, "nesterov", {"beta": 0.8})],
)  # fmt: skip
def test_thresholds_are_those_of_the_book(settings, name, more):
    model, batch = regression()
    report = curved(model, MSE, batch, torch.optim.SGD(model.parameters(), 0.01, **settings))
    assert report.rule == name and report.threshold == pytest.approx(curvature.threshold(name, **more))
    assert report.critical_rate == pytest.approx(curvature.critical_rate(name, report.sharpness, **more))


def test_findings_follow_the_rate():
    model, batch = regression()
    optimizer = torch.optim.SGD(model.parameters(), 1.0)
    critical = curved(model, MSE, batch, optimizer).critical_rate
    for part, finding in ((0.01, "below"), (0.7, "below"), (0.9, "edge"), (1.0, "edge"), (1.001, "above")):
        optimizer.param_groups[0]["lr"] = part * critical
        assert curved(model, MSE, batch, optimizer).finding == finding, part


def test_a_rate_of_zero_has_a_limit_all_the_same():
    model, batch = regression()
    report = curved(model, MSE, batch, torch.optim.SGD(model.parameters(), 0.0, momentum=0.5))
    assert report.critical_rate == pytest.approx(3 / report.eigenvalues[0]) and report.gauge == 0
    assert "zero" in keys(report) and "nothing moves" in report.verdict


def test_a_rate_that_is_a_tensor_is_a_number():
    model, batch = regression()
    optimizer = torch.optim.Adam(model.parameters(), torch.tensor(0.01), betas=(0.9, 0.99), capturable=False)
    trained(model, optimizer, batch, MSE, 20)
    assert curved(model, MSE, batch, optimizer).lr == pytest.approx(0.01)


def test_the_threshold_of_nadam_ends_at_the_books():
    model, batch = mlp(), digits()
    optimizer = torch.optim.NAdam(model.parameters(), betas=(0.9, 0.99))
    trained(model, optimizer, batch, CE, 20)
    early = curved(model, CE, batch, optimizer)
    mu = 0.9 * (1 - 0.96 ** (21 * 4e-3) / 2)  # the next step's
    assert early.rule == "nadam" and early.threshold == pytest.approx(3.8 / (1.9 - 1.8 * mu)) and early.threshold < 3.5
    for weight in model.parameters():
        optimizer.state[weight]["step"] += 100_000
    assert curved(model, CE, batch, optimizer).threshold == pytest.approx(curvature.threshold("nadam", beta1=0.9))


def test_radam_feels_the_dense_hessian_as_it_scales_it():
    model, batch = mlp(), digits()
    optimizer = torch.optim.RAdam(model.parameters(), 2e-3, betas=(0.8, 0.99))
    trained(model, optimizer, batch, CE, 40)
    weights = list(model.parameters())
    slopes = torch.autograd.grad(CE(model(batch[0]), batch[1]), weights)
    scale = np.concatenate(
        [
            optimizers.radam_scale(slope.numpy().ravel(), 0.0, squares.numpy().ravel(), 40, 0.8, 0.99)
            for slope, squares in ((slope, optimizer.state[it]["exp_avg_sq"]) for slope, it in zip(slopes, weights))
        ]
    )
    root = np.sqrt(scale.astype(float))
    sharpness = largest(root[:, None] * dense(model, CE, batch) * root, 1)[0]
    report = curved(model, CE, batch, optimizer)
    assert report.rule == "radam" and report.sharpness == pytest.approx(sharpness, rel=1e-3)
    assert report.critical_rate == pytest.approx(curvature.critical_rate("radam", sharpness, beta1=0.8), rel=1e-3)


@pytest.mark.parametrize("rate", [10.0, 1e3, 1e6])
def test_adadelta_brings_the_gauge_back_to_its_threshold_at_any_rate(rate):
    """So it has no critical rate, and the report says so. The swing is ½η√(εt), as the book measures it."""
    model = Form(3.0)
    optimizer = torch.optim.Adadelta(model.parameters(), rate)
    trained(model, optimizer, (X, X), lambda z, _: z, 3000)
    v, u = (float(optimizer.state[model.weight][key]) for key in ("square_avg", "acc_delta"))
    felt = 3.0 * optimizers.adadelta_scale(3.0 * model.weight.item(), v, u, 3000)
    assert rate * felt == pytest.approx(2, rel=1e-3)
    assert abs(model.weight.item()) == pytest.approx(rate * math.sqrt(1e-6 * 3000) / 2, rel=0.05)
    report = quiet(model, lambda z, _: z, X, optimizer, steps=5, count=1)
    assert report.finding == "self_scaled" and math.isnan(report.critical_rate) and report.range_test
    assert report.verdict.startswith("Adadelta has no largest stable rate")


def test_adam_at_its_first_steps_is_not_judged():
    model, batch = mlp(), digits()
    optimizer = torch.optim.Adam(model.parameters())
    report = quiet(model, CE, batch, optimizer, steps=5)
    assert report.finding == "young" and report.told["steps"] == 0 and "has made: 0." in report.verdict
    assert report.range_test.column("lr")[0] == pytest.approx(1e-6)
    trained(model, optimizer, batch, CE, 100)
    assert quiet(model, CE, batch, optimizer, steps=0).finding == "below"


class Own(torch.optim.SGD):
    """A rule that somebody has written: it may do anything."""


@pytest.mark.parametrize("make", [torch.optim.Adamax, torch.optim.ASGD, partial(Own, lr=0.1)])
def test_other_optimizers_have_eigenvalues_and_a_range_test_of_their_own(make):
    model, batch = mlp(), digits()
    optimizer = make(model.parameters())
    report = quiet(model, CE, batch, optimizer, steps=5)
    assert report.finding == "no_threshold" and type(optimizer).__name__ in report.verdict
    assert report.eigenvalues.shape == (3,) and math.isnan(report.critical_rate) and len(report.range_test) == 5


def test_what_cannot_be_judged_is_said():
    model, batch = regression()
    report = quiet(model, MSE, batch, torch.optim.SGD(model.parameters(), 0.1, maximize=True), steps=0)
    assert report.finding == "maximize"
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    optimizer.param_groups[0]["lr"] = math.nan
    assert quiet(model, MSE, batch, optimizer, steps=0).finding == "bad_rate"
    report = quiet(model, MSE, batch, torch.optim.LBFGS(model.parameters()), steps=5)
    assert report.finding == "no_threshold" and "range_failed" in keys(report) and not report.range_test


# ---------------------------------------------------------------- nothing is changed


def everything(model: nn.Module, optimizer, scheduler, loader, batch) -> list:
    """All that a probe might have touched, as bytes."""

    def plain(held):
        if isinstance(held, torch.Tensor):
            return str(held.dtype), held.shape, held.detach().numpy().tobytes(), held.requires_grad
        if isinstance(held, dict):
            return [(key, plain(it)) for key, it in held.items()]
        if isinstance(held, (list, tuple)):
            return [plain(it) for it in held]
        return held

    weights = list(model.named_parameters())
    generator = loader.generator
    return [
        [(name, id(weight), plain(weight), plain(weight.grad)) for name, weight in weights],
        [(name, id(it), plain(it), it._version) for name, it in model.named_buffers()],
        [weight._version for _, weight in weights],
        [(name, it.training, len(it._forward_hooks), len(it._forward_pre_hooks), len(it._backward_hooks))
         for name, it in model.named_modules()],
        [id(weight.grad) for _, weight in weights],
        plain(optimizer.state_dict()), plain(scheduler.state_dict()), optimizer.step, scheduler._step_count,
        torch.get_rng_state().numpy().tobytes(), str(np.random.get_state()), random.getstate(),
        generator.get_state().numpy().tobytes(), plain(batch), torch.is_grad_enabled(),
        torch.get_default_dtype(), torch.backends.cudnn.enabled,
    ]  # fmt: skip


def at_work(make: Callable = cnn):
    """A model amid its training: gradients, momentum, statistics, a schedule, a shuffled loader."""
    model, batch = make(), digits(96)
    kinds = {"lr": 0.01, "momentum": 0.9, "weight_decay": 1e-3}
    optimizer = torch.optim.SGD(model.parameters(), **kinds)
    scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.1, total_steps=50)
    loader = DataLoader(TensorDataset(*batch), 32, shuffle=True, generator=torch.Generator().manual_seed(3))
    trained(model, optimizer, batch, CE, 3)
    scheduler.step()
    CE(model(batch[0]), batch[1]).backward()
    return model, optimizer, scheduler, loader, batch


@pytest.mark.parametrize("given", ["batch", "loader"])
def test_nothing_is_changed_bit_by_bit(given):
    held = at_work()
    model, optimizer, scheduler, loader, batch = held
    before = everything(*held)
    report = quiet(
        model, CE, batch if given == "batch" else loader, optimizer, scheduler=scheduler, steps=8, rates=(1e-5, 1e-3)
    )
    assert everything(*held) == before
    assert report.planned.size and len(report.range_test) == 8


def test_an_adaptive_optimizer_keeps_its_state_and_empty_gradients_stay_empty():
    model, batch = cnn(), digits(64)
    optimizer = torch.optim.AdamW(model.parameters(), 1e-3, amsgrad=True)
    trained(model, optimizer, batch, CE, 3)
    optimizer.zero_grad()
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 0.9**step)
    loader = DataLoader(TensorDataset(*batch), 32, shuffle=True, generator=torch.Generator())
    before = everything(model, optimizer, scheduler, loader, batch)
    quiet(model, CE, loader, optimizer, scheduler=scheduler, steps=8)
    assert everything(model, optimizer, scheduler, loader, batch) == before
    assert all(weight.grad is None for weight in model.parameters())


@pytest.mark.parametrize("at", [1, 2, 4, 6, 9, 30, 45])
@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError("mine")])
def test_nothing_is_changed_when_it_is_interrupted_or_fails(at, error):
    held = at_work()
    model, optimizer, scheduler, loader, _batch = held
    before, calls = everything(*held), [0]

    def loss_fn(output, target):
        calls[0] += 1
        if calls[0] == at:
            raise error
        return CE(output, target)

    if error is KeyboardInterrupt:
        report = quiet(model, loss_fn, loader, optimizer, scheduler=scheduler, most=3, steps=60)
        assert report.stopped and ("interrupted" in str(report).lower())
        assert report._repr_html_()
    elif at > 16:  # in the range test, after its first step
        report = quiet(model, loss_fn, loader, optimizer, scheduler=scheduler, most=3, steps=60)
        assert "range_ended" in keys(report) and report.range_test
    else:
        with pytest.raises(ValueError, match="mine") as raised:
            quiet(model, loss_fn, loader, optimizer, scheduler=scheduler, most=3, steps=60)
        assert "lrlib.probe: model and loss were evaluated on batch" in raised.value.__notes__[0]
    assert everything(*held) == before


def test_an_interrupt_in_the_middle_of_the_forward_pass_leaves_the_weights_in_their_places():
    held = at_work()
    model, optimizer, _scheduler, _loader, batch = held
    before, calls = everything(*held), [0]

    def stop(*_):
        calls[0] += 1
        if calls[0] == 7:
            raise KeyboardInterrupt

    hook = model[3].register_forward_hook(stop)
    report = quiet(model, CE, batch, optimizer)
    hook.remove()
    assert report.stopped and everything(*held) == before


def test_a_run_goes_on_as_if_nobody_had_looked():
    """Dropout, shuffling and momentum give the same weights, to the bit."""

    def run(look: bool) -> bytes:
        torch.manual_seed(5)
        model, optimizer, scheduler, loader, _ = at_work()
        for inputs, labels in loader:
            if look:
                quiet(model, CE, loader, optimizer, scheduler=scheduler, steps=4, most=5)
            optimizer.zero_grad()
            CE(model(inputs), labels).backward()
            optimizer.step()
            scheduler.step()
        return b"".join(weight.detach().numpy().tobytes() for weight in model.state_dict().values())

    assert run(True) == run(False)


def test_what_the_model_does_to_its_input_does_not_reach_the_data():
    class Centred(nn.Module):
        def __init__(self):
            super().__init__()
            self.linear = nn.Linear(64, 10)

        def forward(self, x):
            return self.linear(x.sub_(5.0))

    batch = digits(32)
    before = batch[0].clone()
    quiet(Centred(), CE, batch, steps=3)
    assert torch.equal(batch[0], before)


def test_the_same_call_gives_the_same_numbers():
    model, optimizer, _scheduler, loader, _batch = at_work()
    one, other = (quiet(model, CE, loader, optimizer, steps=5) for _ in range(2))
    assert one.eigenvalues.tolist() == other.eigenvalues.tolist() and list(one.range_test) == list(other.range_test)


# ---------------------------------------------------------------- modes, formats, data


def test_dropout_keeps_one_mask_and_the_report_says_so():
    model, batch = nn.Sequential(nn.Linear(64, 20), nn.Dropout(0.5), nn.Linear(20, 10)), digits()
    report = curved(model, CE, batch)
    assert "random" in keys(report) and "eval" not in keys(report)
    assert report.residuals[0] <= 1e-5 * abs(report.eigenvalues).max() * 1.01
    still = curved(model.eval(), CE, batch)
    assert "random" not in keys(still) and "eval" in keys(still) and still.eigenvalues[0] != report.eigenvalues[0]


def test_batch_norm_in_train_mode_uses_the_batch():
    model, batch = nn.Sequential(nn.Linear(64, 5), nn.BatchNorm1d(5), nn.Tanh(), nn.Linear(5, 10)), digits(60)
    train = curved(model, CE, batch)
    own = copy.deepcopy(model)
    own[1].track_running_stats, own[1].running_mean, own[1].running_var = False, None, None
    assert train.eigenvalues == pytest.approx(largest(dense(own, CE, batch), 3), rel=2e-3)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_weights_of_16_bits_are_taken_as_float32(dtype):
    model, (x, y) = mlp().to(dtype), digits()
    optimizer = torch.optim.SGD(model.parameters(), 0.01, momentum=0.9)
    report = curved(model, CE, (x.to(dtype), y), optimizer)
    wide = copy.deepcopy(model).float()
    same = curved(wide, CE, (x.to(dtype).float(), y))
    assert report.eigenvalues == pytest.approx(same.eigenvalues, rel=1e-4)
    assert str(dtype)[6:] in str(report) and "float32" in str(report)
    adam = torch.optim.Adam(model.parameters(), 1e-3, eps=1e-3)
    x = x.to(dtype)
    trained(model, adam, (x, y), lambda z, t: CE(z.float(), t), 3)
    assert len(quiet(model, CE, (x, y), adam, steps=4).range_test) == 4


def test_mixed_precision_makes_no_difference():
    model, batch = mlp(), digits()
    optimizer = torch.optim.SGD(model.parameters(), 0.01)
    plain = curved(model, CE, batch, optimizer)
    scaler = torch.amp.GradScaler("cpu")
    with torch.autocast("cpu", torch.bfloat16):
        scaler.scale(CE(model(batch[0]), batch[1])).backward()
        report = curved(model, CE, batch, optimizer)
        assert torch.is_autocast_enabled("cpu")
    assert report.eigenvalues.tolist() == plain.eigenvalues.tolist() and "autocast" in keys(report)


class Mixed(nn.Module):
    """A network with an autocast of its own."""

    def __init__(self):
        super().__init__()
        self.inner = mlp()

    def forward(self, x):
        with torch.autocast("cpu", torch.bfloat16):
            return self.inner(x).float()


def test_autocast_inside_the_model_is_told():
    report = quiet(Mixed(), CE, digits(), steps=0)
    assert ("short_inside", {"format": "bfloat16"}) in report.notes


@pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode])
def test_where_gradients_are_off_they_are_on_inside(mode):
    model, batch = mlp(), digits()
    with mode():
        report = curved(model, CE, batch)
    assert report.eigenvalues.tolist() == curved(model, CE, batch).eigenvalues.tolist()


def test_batches_of_every_form():
    model, (x, y) = mlp(), digits(64)
    expected = curved(model, CE, (x, y)).eigenvalues

    class Named(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = model

        def forward(self, pixels, labels=None):
            return {"loss": CE(self.inner(pixels), labels)}

    for data in ([x, y], [(x, y)], DataLoader(TensorDataset(x, y), 64), [[x, y]]):
        assert curved(model, CE, data).eigenvalues == pytest.approx(expected)
    mapped = curved(Named(), lambda output, _: output["loss"], {"pixels": x, "labels": y})
    assert mapped.eigenvalues == pytest.approx(expected)
    auto = curved(nn.Linear(64, 64), MSE, x, count=1)
    assert auto.eigenvalues[0] == pytest.approx(
        curved(nn.Linear(64, 64), MSE, (x, x), count=1).eigenvalues[0], rel=1e-3
    )
    labels = ["even" if int(label) % 2 == 0 else "odd" for label in y]

    def by_name(output, names):
        return CE(output, torch.tensor([name == "odd" for name in names]).long())

    assert curved(model, by_name, (x, labels)).eigenvalues.size == 3
    soft = nn.functional.one_hot(y, 10).float()
    assert curved(model, CE, (x, soft)).eigenvalues == pytest.approx(expected, rel=1e-4)


def test_frozen_weights_and_those_the_optimizer_does_not_hold_stay_fixed():
    model, batch = mlp(), digits()
    for weight in model[0].parameters():
        weight.requires_grad = False
    frozen = curved(model, CE, batch)
    assert frozen.eigenvalues == pytest.approx(largest(dense(model, CE, batch), 3), rel=2e-3)
    for weight in model.parameters():
        weight.requires_grad = True
    part = curved(model, CE, batch, torch.optim.SGD(model[2].parameters(), 0.1))
    assert part.eigenvalues == pytest.approx(frozen.eigenvalues, rel=1e-4)
    assert ("outside", {"count": 2}) in part.notes
    more = torch.optim.SGD([*model.parameters(), nn.Parameter(torch.zeros(2))], 0.1)
    assert ("foreign", {"count": 1}) in quiet(model, CE, batch, more, steps=3).notes


def test_shared_weights_are_one():
    class Tied(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b = nn.Linear(3, 3, bias=False), nn.Linear(3, 3, bias=False)
            self.b.weight = self.a.weight

        def forward(self, x):
            return self.b(self.a(x))

    model, batch = Tied().double(), (torch.randn(8, 3).double(), torch.randn(8, 3).double())
    report = curved(model, MSE, batch, torch.optim.SGD(model.parameters(), 0.1))
    weight = model.a.weight.detach()
    hessian = torch.autograd.functional.hessian(
        lambda w: MSE(batch[0] @ w.view(3, 3).T @ w.view(3, 3).T, batch[1]), weight.reshape(-1)
    )
    assert report.eigenvalues == pytest.approx(largest(hessian.numpy(), 3))


# ---------------------------------------------------------------- operations that are hard to differentiate twice


class Cube(torch.autograd.Function):
    """x³; what follows differ in their gradients."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x**3


class Once(Cube):
    """x³, whose author said that it can be differentiated once: `torch.autograd.grad` passes over that in silence."""

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, slope):
        return 3 * ctx.saved_tensors[0] ** 2 * slope


class Wrong(Cube):
    """x³ with a gradient that hides from PyTorch that it depends on x."""

    @staticmethod
    def backward(ctx, slope):
        return 3 * ctx.saved_tensors[0].detach() ** 2 * slope


class Cubed(nn.Module):
    def __init__(self, cube: Callable):
        super().__init__()
        self.a, self.b, self.cube = nn.Linear(5, 4), nn.Linear(4, 1), cube

    def forward(self, x):
        return self.b(self.cube(self.a(x)))


@pytest.mark.parametrize("cube", [Once.apply, Wrong.apply])
def test_a_wrong_second_derivative_is_found_and_met_by_differences(cube):
    model, batch = Cubed(lambda z: z**3), (torch.randn(30, 5), torch.randn(30, 1))
    exact = curved(model, MSE, batch)
    model.cube = cube
    report = quiet(model, MSE, batch, steps=0, tolerance=1e-4, most=200)
    assert report.eigenvalues == pytest.approx(exact.eigenvalues, rel=1e-4)
    assert keys(report) == {"wrong"} and report.cost.gradients > report.cost.products


class Lopsided(Cube):
    """x³ with a gradient that hides that it depends on what comes after."""

    @staticmethod
    def backward(ctx, slope):
        return 3 * ctx.saved_tensors[0] ** 2 * slope.detach()


def test_products_that_are_not_symmetric_are_met_by_differences(monkeypatch):
    monkeypatch.setattr(probing, "_has_own_functions", lambda _loss: False)  # as if it were written in C++
    model, batch = Cubed(lambda z: z**3), (torch.randn(30, 5), torch.randn(30, 1))
    exact = curved(model, MSE, batch)
    model.cube = Lopsided.apply
    optimizer = torch.optim.Adam(model.parameters(), 0.01)
    for given in (None, optimizer):
        report = quiet(model, MSE, batch, given, steps=0, tolerance=1e-4, most=200)
        assert report.eigenvalues == pytest.approx(exact.eigenvalues, rel=1e-4) and keys(report) == {"wrong"}


class Attention(nn.Module):
    def __init__(self, flash: bool):
        super().__init__()
        self.flash, self.inner, self.out = flash, nn.Linear(8, 24), nn.Linear(64, 10)

    def forward(self, x):
        q, k, v = self.inner(x.view(-1, 1, 8, 8)).split(8, dim=-1)
        if self.flash:
            mixed = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu(q, k, v)[0]
        else:
            mixed = ((q @ k.transpose(-1, -2)) / 8**0.5).softmax(-1) @ v
        return self.out(mixed.flatten(1))


def test_an_operation_without_a_second_derivative_is_met_by_differences():
    model, batch = Attention(flash=False), digits(40)
    exact = curved(model, CE, batch)
    model.flash = True
    report = quiet(model, CE, batch, steps=0, tolerance=1e-4, most=200)
    assert report.eigenvalues == pytest.approx(exact.eigenvalues, rel=1e-4)
    assert keys(report) == {"differences"} and "differences of gradients" in str(report)


class Right(Cube):
    """x³ as it should be."""

    @staticmethod
    def backward(ctx, slope):
        return 3 * ctx.saved_tensors[0] ** 2 * slope


def test_an_operation_of_ones_own_with_a_right_second_derivative_is_trusted():
    model, batch = Cubed(lambda z: z**3), (torch.randn(30, 5), torch.randn(30, 1))
    exact = curved(model, MSE, batch)
    model.cube = Right.apply
    report = curved(model, MSE, batch)
    assert report.eigenvalues == pytest.approx(exact.eigenvalues) and not report.notes


def test_reentrant_checkpoints_are_refused_and_the_others_are_not():
    from torch.utils.checkpoint import checkpoint

    class Checkpointed(nn.Module):
        def __init__(self, reentrant: bool):
            super().__init__()
            self.first, self.inner, self.reentrant = nn.Linear(64, 8), mlp_of(8), reentrant

        def forward(self, x):
            return checkpoint(self.inner, self.first(x), use_reentrant=self.reentrant)

    with pytest.raises(ValueError, match="use_reentrant=False"):
        quiet(Checkpointed(True), CE, digits(20))
    model = Checkpointed(False)
    report = curved(model, CE, digits(20))
    plain = curved(nn.Sequential(model.first, model.inner), CE, digits(20))
    assert report.eigenvalues == pytest.approx(plain.eigenvalues, rel=1e-5)


def test_differences_in_the_format_of_the_model_are_good_enough_where_it_knows_no_other():
    class Single(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = Cubed(Once.apply)

        def forward(self, x):
            if x.dtype != torch.float32:
                raise RuntimeError("float32 only")
            return self.inner(x)

    model, batch = Single(), (torch.randn(30, 5), torch.randn(30, 1))
    report = quiet(model, MSE, batch, steps=0)
    model.inner.cube = lambda z: z**3
    assert report.eigenvalues[0] == pytest.approx(curved(model, MSE, batch).eigenvalues[0], rel=0.02)


@pytest.mark.parametrize("training", [True, False])
def test_attention_is_differentiated_twice(training):
    layer = nn.TransformerEncoderLayer(8, 2, 16, dropout=0.0, batch_first=True).train(training)
    model = nn.Sequential(nn.Unflatten(1, (8, 8)), layer, nn.Flatten(), nn.Linear(64, 10))
    report = curved(model, CE, digits(40), count=1)
    assert "differences" not in keys(report) and report.eigenvalues[0] > 0


@pytest.mark.parametrize("kind", [nn.RNN, nn.LSTM, nn.GRU])
def test_recurrent_layers_are_differentiated_twice(kind):
    class Last(nn.Module):
        def __init__(self):
            super().__init__()
            self.rnn, self.out = kind(8, 4, batch_first=True), nn.Linear(4, 10)

        def forward(self, x):
            return self.out(self.rnn(x.view(-1, 8, 8))[0][:, -1])

    report = curved(Last(), CE, digits(40), count=1)
    assert "differences" not in keys(report) and report.eigenvalues[0] > 0


# ---------------------------------------------------------------- inf and nan


def test_a_weight_that_is_nan_is_found_at_once():
    model = mlp()
    with torch.no_grad():
        model[2].bias[3] = math.nan
    report = quiet(model, CE, digits())
    assert (report.finding, report.told) == ("nan_weight", {"name": "2.bias", "count": 1})
    assert "2.bias" in report.verdict and report.cost.gradients == 1


def test_data_with_inf_are_found():
    x, y = digits(64)
    x[40, 2] = math.inf
    report = quiet(mlp(), CE, [(x[:32], y[:32]), (x[32:], y[32:])])
    assert (report.finding, report.told) == ("nan_data", {"batch": 1})


class Log(nn.Module):
    def forward(self, x):
        return torch.log(x)


def test_the_layer_in_which_nan_begins_is_named():
    model = nn.Sequential(nn.Linear(64, 8), nn.Sequential(nn.Tanh(), Log()), nn.Linear(8, 10))
    report = quiet(model, CE, digits())
    assert report.finding == "nan_layer" and report.told["layer"] == "1.1" and report.told["kind"] == "Log"
    assert 0 < report.told["largest"] <= 1 and "layer 1.1 (Log)" in report.verdict
    assert math.isnan(report.loss) and not report.eigenvalues.size and report._repr_html_()


def test_a_forward_pass_that_overflows_is_named_with_the_size_of_what_went_in():
    model = nn.Sequential(nn.Linear(64, 8), nn.ReLU(), nn.Linear(8, 10))
    with torch.no_grad():
        model[0].weight *= 1e30
        model[2].weight *= 1e30
    report = quiet(model, CE, digits())
    assert report.finding == "nan_layer" and report.told["layer"] == "2" and report.told["largest"] > 1e29


def test_a_loss_function_at_fault_is_named():
    report = quiet(mlp(), lambda z, _y: (z.sum() * 0 - 1).log(), digits())
    assert report.finding == "nan_loss" and math.isnan(report.told["value"])


def test_a_gradient_that_is_nan_behind_a_finite_loss_is_traced():
    class Root(nn.Module):
        def forward(self, x):
            return (x * 0).abs().sqrt() + x

    model = nn.Sequential(nn.Linear(64, 8), Root(), nn.Linear(8, 10))
    report = quiet(model, CE, digits())
    assert report.finding == "nan_gradient" and report.told["layer"] == "0" and "layer 0 (Linear)" in report.verdict


def test_hooks_are_gone_after_nan():
    model = nn.Sequential(nn.Linear(64, 8), Log(), nn.Linear(8, 10))
    quiet(model, CE, digits())
    assert not any(module._forward_hooks for module in model.modules())


# ---------------------------------------------------------------- rates


def test_the_range_test_makes_the_optimizers_own_steps():
    model, batch = mlp(), digits()
    optimizer = torch.optim.Adam(model.parameters(), 1e-3)
    trained(model, optimizer, batch, CE, 5)
    report = quiet(model, CE, batch, optimizer, rates=(1e-4, 1e-1), steps=10)
    own, mine = copy.deepcopy((model, optimizer))
    for row, rate in zip(report.range_test, np.geomspace(1e-4, 1e-1, 10)):
        mine.param_groups[0]["lr"] = rate
        trained(own, mine, batch, CE, 1)
        assert row["lr"] == pytest.approx(rate)
        assert row["loss"] == pytest.approx(CE(own(batch[0]), batch[1]).item(), rel=1e-5)


def test_on_a_quadratic_the_range_test_blows_up_beyond_the_critical_rate():
    model, batch = regression()
    report = quiet(model, MSE, batch, torch.optim.SGD(model.parameters(), 0.01), steps=400)
    rates, losses = report.range_test.column("lr"), report.range_test.column("loss")
    assert losses[rates < report.critical_rate].max() < report.loss
    assert report.critical_rate < rates[-1] < 9 * report.critical_rate, "it ends where the loss has blown up"
    assert losses[-1] > 4 * report.loss and report.turning_rate < rates[-1]
    assert "range_turns" in keys(report)


def test_the_range_test_tells_where_it_only_falls_or_only_rises():
    model, batch = regression()
    assert "range_falls" in keys(quiet(model, MSE, batch, rates=(1e-6, 1e-4), steps=5))
    rising = quiet(model, MSE, batch, rates=(10, 100), steps=5)
    assert "range_rises" in keys(rising) and rising.turning_rate is None and len(rising.range_test) == 1


@pytest.mark.parametrize(
    "make",
    [
        lambda o: torch.optim.lr_scheduler.CosineAnnealingLR(o, 30),
        lambda o: torch.optim.lr_scheduler.LambdaLR(o, lambda step: 1 / (1 + step)),
        lambda o: torch.optim.lr_scheduler.OneCycleLR(o, 0.2, total_steps=25),
        lambda o: torch.optim.lr_scheduler.CosineAnnealingWarmRestarts(o, 7),
        lambda o: torch.optim.lr_scheduler.SequentialLR(
            o,
            [torch.optim.lr_scheduler.LinearLR(o, 0.1, total_iters=5), torch.optim.lr_scheduler.ExponentialLR(o, 0.9)],
            milestones=[5],
        ),
    ],
)
def test_the_rates_to_come_are_those_that_come(make):
    model, batch = regression()
    optimizer = torch.optim.SGD([{"params": model.parameters(), "lr": 0.05}], momentum=0.9)
    scheduler = make(optimizer)
    optimizer.step()
    scheduler.step()
    report = quiet(model, MSE, batch, scheduler=scheduler, steps=0, most=5)
    come = []
    for _ in range(20):
        optimizer.step()
        scheduler.step()
        come.append(optimizer.param_groups[0]["lr"])
    assert report.planned[:20].tolist() == come


def test_a_schedule_that_will_pass_the_limit_is_told():
    model, batch = regression()
    optimizer = torch.optim.SGD(model.parameters(), 1.0)
    limit = curved(model, MSE, batch, optimizer).critical_rate
    optimizer.param_groups[0]["lr"] = 0.104 * limit
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 1 + min(step, 20))
    report = curved(model, MSE, batch, optimizer, scheduler=scheduler)
    (told,) = [told for key, told in report.notes if key == "schedule_above"]
    assert told["call"] == 9
    assert (told["rate"], told["peak"]) == pytest.approx((1.04 * limit, 21 * 0.104 * limit))


def test_schedules_that_cannot_be_foretold_are_told():
    model, batch = regression()
    optimizer = torch.optim.SGD(model.parameters(), 0.01)
    plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer)
    report = curved(model, MSE, batch, optimizer, scheduler=plateau)
    assert "schedule_unknown" in keys(report) and report.planned is None


# ---------------------------------------------------------------- what loss_fn does with the model


def penalised(model: nn.Module, weights: Callable) -> Callable:
    return lambda output, target: MSE(output, target) + 5 * sum((weight**2).sum() for weight in weights())


def test_a_penalty_on_the_weights_inside_the_loss_counts():
    model, batch = regression()
    plain = curved(model, MSE, batch)
    report = quiet(model, penalised(model, model.parameters), batch, steps=5, tolerance=1e-5)
    assert report.eigenvalues == pytest.approx(plain.eigenvalues + 10)
    assert report.range_test.column("loss")[0] < report.loss


def test_a_loss_that_asks_the_model_once_more_counts_all_of_it():
    model, (x, y) = regression()
    plain = curved(model, MSE, (x, y))
    assert curved(model, lambda _, target: MSE(model(x), target), (x, y)).eigenvalues == pytest.approx(
        plain.eigenvalues
    )
    both = curved(model, lambda z, target: MSE(z, target) + MSE(model(x), target), (x, y))
    assert both.eigenvalues == pytest.approx(2 * plain.eigenvalues)


def test_a_loss_that_holds_weights_taken_beforehand_is_refused():
    model, batch = regression()
    weights = list(model.parameters())
    with pytest.raises(ValueError, match="take them from the model inside loss_fn"):
        curved(model, penalised(model, lambda: weights), batch)


class Centre(nn.Module):
    """A loss with statistics of its own, as distillation has them."""

    def __init__(self):
        super().__init__()
        self.register_buffer("centre", torch.zeros(1))

    def forward(self, output, target):
        self.centre.mul_(0.9).add_(0.1 * output.detach().mean())
        self.centre = self.centre + 1
        return MSE(output - self.centre, target)


def test_the_buffers_of_a_loss_are_not_changed():
    loss_fn, (model, (x, y)) = Centre(), regression()
    centre = loss_fn.centre
    quiet(model.float(), loss_fn, (x.float(), y.float()), steps=3)
    assert loss_fn.centre is centre and centre.item() == 0 and centre._version == 0


def test_a_gradient_by_the_inputs_is_a_part_of_the_loss():
    model, (x, y) = regression()
    x = x.requires_grad_()

    def loss_fn(output, batch):
        (slope,) = torch.autograd.grad(output.sum(), batch["input"], create_graph=True)
        return MSE(output, y) + slope.pow(2).sum(1).mean()

    report = quiet(model, loss_fn, {"input": x}, steps=3, tolerance=1e-5)
    assert report.eigenvalues == pytest.approx(curved(model, MSE, (x.detach(), y)).eigenvalues + 2)
    assert x.grad is None and x.requires_grad


# ---------------------------------------------------------------- what a spectrum leaves open


def sunken(depth: float, size: int = 60) -> Form:
    """Many directions far more negative than any is positive; the largest is 1."""
    return Form(*(-depth * np.linspace(0.01, 1, size)), *np.linspace(0, 1, size))


def test_where_negative_curvature_is_far_larger_the_largest_is_found_all_the_same():
    report = quiet(sunken(1e3), lambda z, _: z, X, steps=0, most=2000, count=1)
    assert report.eigenvalues == pytest.approx([1.0], rel=0.01) and report.residuals[0] <= 0.01


def test_an_eigenvalue_found_is_a_lower_bound_and_enough_for_above():
    model = sunken(10)
    report = quiet(model, lambda z, _: z, X, torch.optim.SGD(model.parameters(), 2.5), steps=0, most=12, count=1)
    assert report.finding == "above"
    assert 2.5 * (report.eigenvalues[0] - report.residuals[0]) < 2, "it might be stable as far as the residual tells"


@pytest.mark.parametrize("make", [None, lambda p: torch.optim.SGD(p, 0.5), lambda p: torch.optim.SGD(p, 0.0)])
def test_a_curvature_known_only_from_below_is_left_open(make):
    model = sunken(10)
    report = quiet(model, lambda z, _: z, X, make and make(model.parameters()), steps=0, most=2, count=1)
    assert report.finding == "open" and math.isnan(report.critical_rate) and math.isnan(report.gauge)
    assert report.told["least"] == report.eigenvalues[0] * (report.lr or 1) < 0
    assert "is at least −" in report.verdict and "larger `most`" in report.verdict and report._repr_html_()


def test_a_rate_that_may_be_above_is_left_open_until_the_spectrum_settles():
    model = sunken(10)
    optimizer = torch.optim.SGD(model.parameters(), 1.99)
    few, enough = (quiet(model, lambda z, _: z, X, optimizer, steps=0, most=most, count=1) for most in (12, 2000))
    assert few.finding == "open" and 0 < few.told["least"] < 2 and enough.finding == "edge"


def test_what_curves_upwards_is_flat_for_no_optimizer():
    """The scale of RMSprop makes the one positive direction so small that rounding hides its sign."""
    model = Form(*np.linspace(-1, -0.01, 30), 5.0)
    optimizer = torch.optim.RMSprop(model.parameters(), 0.1)
    squares = torch.ones(31, dtype=torch.float64)
    squares[-1] = 1e40
    optimizer.state[model.weight] = {"step": torch.tensor(1e6), "square_avg": squares}
    report = quiet(model, lambda z, _: z, X, optimizer, steps=0, count=1)
    assert report.eigenvalues == pytest.approx([5.0], rel=1e-3) and report.finding == "open"


def test_there_are_as_many_eigenvalues_as_weights_where_these_are_fewer_than_three():
    for features in (1, 2):
        model, batch = regression(features)
        assert quiet(model, MSE, batch, steps=0).eigenvalues.shape == (features,)


def test_rounding_of_a_tiny_curvature_is_no_fault_of_pytorch():
    x = torch.randn(32, 2)
    x[:, 0] += x[:, 0].sign()
    model = nn.Linear(2, 2)
    with torch.no_grad():
        model.weight[:] = 10 * torch.tensor([[-1.0, 0.0], [1.0, 0.0]])
        model.bias[:] = 0
    report = quiet(model, CE, (x, (x[:, 0] > 0).long()), torch.optim.SGD(model.parameters(), 0.1), steps=2)
    assert 0 < report.eigenvalues[0] < 1e-8 and not keys(report) & {"wrong", "differences"}


# ---------------------------------------------------------------- masks


class Masked(nn.Module):
    """Scores that a mask of −inf keeps from looking ahead, or at anything."""

    def __init__(self, mask: torch.Tensor):
        super().__init__()
        self.score, self.softmax = nn.Linear(5, 4), nn.Softmax(-1)
        self.register_buffer("mask", mask)

    def forward(self, x, mask=0.0):
        return self.softmax(self.score(x)[:, None, :] + self.mask + mask).sum(-2)


CAUSAL = torch.triu(torch.full((4, 4), -math.inf), 1)


def test_a_mask_is_not_blamed_for_nan_from_elsewhere():
    x, y = torch.randn(8, 5), torch.randn(8, 4)
    for data, mask in (((x, y), CAUSAL), ((x, CAUSAL, y), CAUSAL * 0)):
        report = quiet(Masked(mask.nan_to_num(neginf=-math.inf)), lambda z, _: (z - 9).log().sum(), data)
        assert report.finding == "nan_loss"
    model = nn.Sequential(Masked(CAUSAL), Log(), nn.ReLU(), nn.Linear(4, 2), Log())
    report = quiet(model, lambda z, _: z.sum(), (x, y))
    assert report.finding == "nan_layer" and report.told["layer"] == "4" and report.told["masked"] == 0


def test_a_mask_that_leaves_nothing_over_is_told_where_nan_begins():
    report = quiet(Masked(torch.full((4, 4), -math.inf)), MSE, (torch.randn(8, 5), torch.randn(8, 4)))
    assert report.finding == "nan_layer" and report.told["kind"] == "Softmax" and report.told["masked"] == 128
    assert "holds −inf (128 ×), as masks do" in report.verdict


def test_minus_infinity_is_named_where_it_alone_is_at_fault():
    x, y = torch.randn(8, 5), torch.randn(8, 4)
    lost = nn.Sequential(nn.Linear(5, 4), nn.ReLU(), Log())
    report = quiet(lost, lambda z, _: z.sum(), (x, y))
    assert (report.finding, report.told["layer"], report.told["masked"]) == ("nan_layer", "2", 0)
    assert quiet(nn.Linear(5, 4), MSE, (x, y - math.inf)).finding == "nan_data"
    assert quiet(nn.Linear(5, 4), MSE, (x + math.inf, y)).finding == "nan_data"
    model = nn.Linear(5, 4)
    model.bias.data[1] = -math.inf
    assert quiet(model, MSE, (x, y)).finding == "nan_weight"


# ---------------------------------------------------------------- optimizers of one's own, and what their test says


class Fading(torch.optim.Optimizer):
    """With attributes of its own, on which its steps depend."""

    def __init__(self, params, fail: int = 99, **settings):
        super().__init__(params, settings)
        self.fail, self.made, self.held = fail, [0], [group["params"] for group in self.param_groups]

    @torch.no_grad()
    def step(self, closure=None):
        self.made[0] += 1
        if self.made[0] > self.fail:
            raise KeyError("mine")
        for group, weights in zip(self.param_groups, self.held):
            for weight in weights:
                weight -= group.get("lr", group.get("eta")) * weight.grad


def test_an_optimizer_with_attributes_of_its_own_makes_its_steps_on_a_copy():
    model, batch = regression()
    before = model.weight.clone()
    optimizer = Fading(model.parameters(), lr=1e-3)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 5)
    report = quiet(model, MSE, batch, scheduler=scheduler, steps=5)
    sgd = quiet(model, MSE, batch, torch.optim.SGD(model.parameters(), 1e-3), steps=5, rates=(1e-6, 1.0))
    assert report.range_test.column("loss") == pytest.approx(sgd.range_test.column("loss"))
    assert optimizer.made == [0] and torch.equal(model.weight, before) and "range_own" in keys(report)


def test_an_optimizer_that_fails_on_a_copy_costs_the_range_test_and_no_more():
    model, batch = regression()
    report = quiet(model, MSE, batch, Fading(model.parameters(), fail=0, lr=0.1), steps=5)
    assert ("range_failed", {"error": "KeyError: 'mine'"}) in report.notes and report.eigenvalues.size == 3
    assert "range_own" not in keys(report) and "range test was made" not in str(report)


def test_an_optimizer_without_rates_has_eigenvalues_and_no_word_of_a_rate():
    model, batch = regression()
    report = quiet(model, MSE, batch, Fading(model.parameters(), eta=0.1), steps=5)
    assert report.finding == "no_threshold" and report.lr is None and report.eigenvalues.size == 3
    assert "range_failed" in keys(report) and "rate" not in report.verdict


def test_a_range_test_that_was_not_made_is_not_spoken_of():
    model, batch = regression()
    optimizer = torch.optim.Adamax(model.parameters())
    assert "range test" not in str(quiet(model, MSE, batch, optimizer, steps=0))
    assert "The range test was made with Adamax itself." in quiet(model, MSE, batch, optimizer, steps=3).say()


def test_rprop_has_no_range_test_because_it_does_not_heed_the_rate():
    model, batch = regression()
    report = quiet(model, MSE, batch, torch.optim.Rprop(model.parameters()), steps=5)
    assert "range_sizes" in keys(report) and not report.range_test and "Rprop reads the rate" in str(report)


def test_a_rate_that_is_no_number_is_not_tried():
    model, batch = regression()
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    for rate in (math.nan, math.inf):
        optimizer.param_groups[0]["lr"] = rate
        report = quiet(model, MSE, batch, optimizer, steps=5)
        assert report.finding == "bad_rate" and not report.range_test and not report.notes


def test_with_momentum_the_range_test_is_said_to_turn_early_and_not_late():
    model, batch = regression()
    for kind, key in (({"momentum": 0.9}, "range_swings"), ({}, "range_turns")):
        report = quiet(model, MSE, batch, torch.optim.SGD(model.parameters(), 0.01, **kind), steps=100)
        assert key in keys(report)
    assert "range_swings" in keys(quiet(model, MSE, batch, torch.optim.Adam(model.parameters()), rates=(1e-4, 100)))


def test_an_error_of_the_model_on_the_way_ends_the_range_test_and_keeps_its_rows():
    model, batch = regression()

    def loss_fn(output, target):
        if output.abs().max() > 20:
            raise RuntimeError("too wide")
        return MSE(output, target)

    report = quiet(model, loss_fn, batch, rates=(0.01, 1e3), steps=40)
    (told,) = [told for key, told in report.notes if key == "range_ended"]
    assert told["error"] == "RuntimeError: too wide" and told["rate"] > report.range_test.column("lr")[-1] >= 0.01
    assert "range_failed" not in keys(report) and report.finding == "plain"


def test_adagrad_at_its_first_steps_is_not_judged():
    model, batch = mlp(), digits(64)
    optimizer = torch.optim.Adagrad(model.parameters(), 0.01)
    assert quiet(model, CE, batch, optimizer, steps=0).finding == "young"
    trained(model, optimizer, batch, CE, 10)
    assert quiet(model, CE, batch, optimizer, steps=0).finding in ("above", "edge", "below")


def test_adam_before_its_warm_up_moves_nothing_and_is_not_judged():
    model, batch = mlp(), digits(64)
    report = quiet(model, CE, batch, torch.optim.Adam(model.parameters(), 0.0), steps=0)
    assert (
        report.finding == "young" and "nothing moves" in report.verdict and "whether the rate 0" not in report.verdict
    )


def test_differences_leave_the_range_test_of_adam_its_state():
    model, batch = Cubed(Wrong.apply), (torch.randn(30, 5), torch.randn(30, 1))
    optimizer = torch.optim.Adam(model.parameters(), 1e-3)
    trained(model, optimizer, batch, MSE, 3)
    report = quiet(model, MSE, batch, optimizer, steps=4)
    assert "wrong" in keys(report) and len(report.range_test) == 4


def test_autocast_inside_the_model_casts_every_new_weight():
    report = quiet(Mixed(), CE, digits(64), rates=(0.01, 1.0), steps=5)
    assert len(set(report.range_test.column("loss"))) == 5


def test_an_error_of_a_model_of_16_bits_tells_that_they_were_raised():
    class Narrow(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = mlp().bfloat16()

        def forward(self, x):
            return self.inner(x.bfloat16()).float()

    with pytest.raises(RuntimeError) as raised:
        quiet(Narrow(), CE, digits(32))
    assert "16 bits were raised to float32" in raised.value.__notes__[0]


def test_the_advice_on_iterators_is_right_for_batches_of_one_tensor():
    batches = [torch.randn(6, 3), torch.randn(6, 3)]
    model = nn.Linear(3, 3)
    with pytest.raises(TypeError, match=re.escape("[(batch,) for batch in data]")):
        quiet(model, MSE, iter(batches))
    report = curved(model, MSE, [(batch,) for batch in batches])
    assert report.eigenvalues == pytest.approx(curved(model, MSE, torch.cat(batches)).eigenvalues, rel=1e-3)


# ---------------------------------------------------------------- cost, progress, words


def test_the_cost_is_counted():
    calls = [0]

    def loss_fn(output, target):
        calls[0] += 1
        return CE(output, target)

    x, y = digits(64)
    for data, batches in (((x, y), 1), ([(x[:32], y[:32]), (x[32:], y[32:])], 2)):
        calls[0] = 0
        model = mlp()
        report = quiet(model, loss_fn, data, torch.optim.SGD(model.parameters(), 0.1), steps=7)
        cost = report.cost
        assert cost.losses + cost.gradients == calls[0] and cost.losses == 4
        # the gradient, the range test, and for each product its gradient: of a single batch only once
        assert cost.gradients == batches + 7 + (1 if batches == 1 else cost.products)
        assert cost.evaluations == round(4 / 3 + cost.gradients + PASS * cost.products) and cost.seconds > 0


def test_a_bar_shows_only_what_takes_long_and_vanishes(monkeypatch, capsys):
    monkeypatch.setenv("TQDM_DISABLE", "0")
    model, batch = mlp(), digits(64)
    probe(model, CE, batch, steps=4, most=5)
    assert capsys.readouterr().err == ""

    def slow(output, target):
        time.sleep(0.02)
        return CE(output, target)

    monkeypatch.setattr("lrlib.probe._SOON", 0.1)
    probe(model, slow, batch, steps=12, most=5)
    err = capsys.readouterr().err
    assert "range test" in err and "gradient" not in err and not err.split("\r")[-2].strip() and err.endswith("\r")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_report_speaks_every_language_and_has_a_picture(language):
    model, optimizer, scheduler, loader, _ = at_work()
    report = quiet(model, CE, loader, optimizer, scheduler=scheduler, steps=6)
    said = report.say(language)
    assert len(said) > 5 and not any(re.search(r"[{}]", sentence) for sentence in said)
    assert len(report.figure(language).axes) == 3
    assert probe_figure.png(report, language).startswith(b"\x89PNG")
    assert said[0] in (report.verdict, *said) and "\n" not in repr(report)


def test_in_a_notebook_a_report_is_its_verdict_and_its_picture():
    model, batch = regression()
    shown = quiet(model, MSE, batch, torch.optim.SGD(model.parameters(), 0.01), steps=5)._repr_html_()
    assert shown.startswith('<div lang="en"><p><strong>The learning rate in use') and 'src="data:image/png' in shown


# ---------------------------------------------------------------- what it refuses


class Scalar(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(3))

    def forward(self, x):
        return x * self.weight


def _script():
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torch.jit.script(nn.Linear(2, 1))


X = (torch.ones(4, 3), torch.zeros(4, 3))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: quiet(lambda x: x, MSE, X), TypeError, "model must be a torch.nn.Module"),
        (lambda: quiet(_script(), MSE, X), TypeError, "ScriptModule"),
        (lambda: quiet(Scalar(), "mse", X), TypeError, "loss_fn must be a function"),
        (lambda: quiet(Scalar(), MSE, 5), TypeError, "data must be one batch"),
        (lambda: quiet(Scalar(), MSE, np.ones(3)), TypeError, "data must be one batch"),
        (lambda: quiet(Scalar(), MSE, iter([X])), TypeError, "iterator"),
        (lambda: quiet(Scalar(), MSE, []), ValueError, "no batch"),
        (lambda: quiet(Scalar(), MSE, [(np.ones(3), np.ones(3))]), TypeError, "torch.as_tensor"),
        (lambda: quiet(Scalar(), nn.MSELoss(reduction="none"), X), ValueError, "reduction='mean'"),
        (lambda: quiet(Scalar(), lambda z, y: MSE(z, y).item(), X), TypeError, "no .item"),
        (lambda: quiet(Scalar(), lambda z, y: MSE(z.detach(), y), X), ValueError, "detached"),
        (lambda: quiet(Scalar(), lambda z, y: MSE(z, y) * 1j, X), TypeError, "complex"),
        (lambda: quiet(Scalar().requires_grad_(False), MSE, X), ValueError, "no weight that is trained"),
        (lambda: quiet(nn.Embedding(5, 3, sparse=True), MSE, X), ValueError, "sparse=False"),
        (lambda: quiet(nn.LazyLinear(3), MSE, X), ValueError, "show the model one batch"),
        (lambda: quiet(nn.Linear(3, 3, device="meta"), MSE, X), ValueError, "meta"),
        (lambda: quiet(nn.Linear(3, 3, dtype=torch.complex64), MSE, X), TypeError, "complex"),
        (lambda: quiet(Scalar(), MSE, X, "sgd"), TypeError, "optimizer must be"),
        (lambda: quiet(Scalar(), MSE, X, torch.optim.SGD(Scalar().parameters(), 1)), ValueError, "from another model"),
        (lambda: quiet(Scalar(), MSE, X, scheduler=3), TypeError, "scheduler must be"),
        (lambda: quiet(Scalar(), MSE, X, count=4), ValueError, "number of weights, 3"),
        (lambda: quiet(Scalar(), MSE, X, count=0), ValueError, "count must be"),
        (lambda: quiet(Scalar(), MSE, X, tolerance=0), ValueError, "tolerance must be"),
        (lambda: quiet(Scalar(), MSE, X, batches=1.5), TypeError, "batches must be"),
        (lambda: quiet(Scalar(), MSE, X, most=0), ValueError, "most must be"),
        (lambda: quiet(Scalar(), MSE, X, steps=-1), ValueError, "steps must be"),
        (lambda: quiet(Scalar(), MSE, X, rates=0.1), TypeError, "rates must be"),
        (lambda: quiet(Scalar(), MSE, X, rates=(1, 0.1)), ValueError, r"rates\[1\] must be"),
        (lambda: quiet(Scalar(), MSE, X, seed=-1), ValueError, "seed must be"),
    ],
)
def test_what_cannot_be_probed_is_refused_with_what_would_help(call, error, message):
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of PyTorch, on lazy layers and complex weights
        with pytest.raises(error, match=message):
            call()


def test_a_scheduler_of_another_optimizer_is_refused():
    model = Scalar()
    one, other = (torch.optim.SGD(model.parameters(), 0.1) for _ in range(2))
    with pytest.raises(ValueError, match="another optimizer"):
        quiet(model, MSE, X, one, scheduler=torch.optim.lr_scheduler.StepLR(other, 3))


def test_an_error_of_the_model_tells_the_batch():
    with pytest.raises(RuntimeError) as raised:
        quiet(mlp(), CE, (torch.ones(4, 3), torch.zeros(4)))
    assert "batch 0, which holds float32 (4, 3), float32 (4,)" in raised.value.__notes__[0]


def test_a_compiled_or_distributed_model_is_taken_out_of_its_wrapping():
    model, batch = mlp(), digits()
    expected = curved(model, CE, batch).eigenvalues.tolist()
    assert curved(nn.DataParallel(model), CE, batch).eigenvalues.tolist() == expected

    class Compiled(nn.Module):  # as torch.compile makes it
        def __init__(self, inner):
            super().__init__()
            self._orig_mod = inner

    assert curved(Compiled(model), CE, batch).eigenvalues.tolist() == expected


def test_findings_all_have_words():
    assert set(probe_words.BROKEN) <= set(probe_words.strings("en"))
