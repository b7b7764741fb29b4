"""What a probe of a PyTorch model costs: the largest eigenvalue of the Hessian by `lrlib.probe` and by PyHessian's way.

PyHessian (Z. Yao, A. Gholami, K. Keutzer, M. W. Mahoney, "PyHessian: Neural Networks Through the Lens of the Hessian",
IEEE Big Data 2020, arXiv:1912.07145) uses the power method: products with the Hessian until the quotient changes by
less than a thousandth, at most 100 of them. It is written down here as in its version 0.1. Both get the same products
with the Hessian, so that only their number differs; the error is against Lanczos with a tolerance of 1e-6.
"""

import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from statistics import median

ROUNDS = 5


def power_method(product: Callable, start, most: int = 100, tolerance: float = 1e-3) -> tuple[float, int]:
    """The eigenvalue that PyHessian's power method ends with, and after how many products."""
    vector, before = start / start.norm(), None
    for number in range(1, most + 1):
        image = product(vector)
        value = float(image @ vector)
        vector = image / (image.norm() + 1e-6)
        if before is not None and abs(before - value) / (abs(before) + 1e-6) < tolerance:
            break
        before = value
    return value, number


def models() -> dict[str, Callable]:
    """Networks on the digits, by their names; each call makes one with the same first weights."""
    import torch
    from torch import nn

    def seeded(make: Callable) -> Callable:
        def made() -> nn.Module:
            with torch.random.fork_rng():
                torch.manual_seed(0)
                return make()

        return made

    return {
        "MLP, 2,410 weights": seeded(lambda: nn.Sequential(nn.Linear(64, 32), nn.Tanh(), nn.Linear(32, 10))),
        "MLP, 85,002 weights": seeded(
            lambda: nn.Sequential(nn.Linear(64, 256), nn.ReLU(), nn.Linear(256, 256), nn.ReLU(), nn.Linear(256, 10))
        ),
        "CNN, 9,802 weights": seeded(
            lambda: nn.Sequential(
                *(nn.Unflatten(1, (1, 8, 8)), nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)),
                *(nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(128, 32)),
                *(nn.ReLU(), nn.Linear(32, 10)),
            )
        ),
    }


def trained(model, batch: tuple, steps: int):
    """After some steps of gradient descent."""
    import torch

    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for _ in range(steps):
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(model(batch[0]), batch[1]).backward()
        optimizer.step()
    return model


def report() -> Iterator[str]:
    if not find_spec("torch"):
        yield "lrlib.probe: not measured, PyTorch is not installed (pip install -e .[torch])"
        return
    import torch

    from lrlib import networks, probing

    torch.set_num_threads(1)  # networks so small lose by more
    inputs, labels = networks.digits(600)
    batch = torch.as_tensor(inputs, dtype=torch.float32), torch.as_tensor(labels)
    yield "largest eigenvalue of the Hessian, one batch of 600 digits; PyHessian's power method beside lrlib.probe"
    yield f"  {'':34}{'products':>20}{'error':>22}{'seconds':>18}"
    yield f"  {'':34}" + f"{'power':>10}{'probe':>10}{'power':>12}{'probe':>10}{'power':>9}{'probe':>9}"
    products: list[tuple[float, float]] = []
    for name, make in models().items():
        for steps in (0, 300):
            model = trained(make(), batch, steps)
            names = [name for name, _ in model.named_parameters()]
            count = probing.Count()
            subject = probing.Subject(model, torch.nn.CrossEntropyLoss(), [batch], names, 0, count)
            start = probing.start_vector(subject.size, subject.point[0], 0)
            with subject.prepared():
                subject.product(start)  # keeps the graph
                *_, exact = probing.lanczos(subject.product, start, 1, 1000, 1e-6, lambda _: None)
                (ours, number), seconds = _timed(_probe, probing, subject, start)
                (power, others), power_seconds = _timed(power_method, subject.product, start)
                products.append(_passes(subject, start))
            errors = [abs(value - exact.values[0]) / abs(exact.values[0]) for value in (power, ours)]
            label = f"{name}, {steps} steps"
            numbers = f"{others:10}{number:10}{errors[0]:12.1e}{errors[1]:10.1e}"
            yield f"  {label:34}{numbers}{power_seconds:9.3f}{seconds:9.3f}"
    yield ""
    yield "a pass backwards through the graph of a gradient, in gradients: " + ", ".join(
        f"{quotient:.2f}" for quotient, _ in products
    )
    yield "a forward pass, in gradients: " + ", ".join(f"{quotient:.2f}" for _, quotient in products)


def _probe(probing, subject, start) -> tuple[float, int]:
    """As `lrlib.probe` does it, with its tolerance."""
    for number, spectrum in enumerate(probing.lanczos(subject.product, start, 1, 100, 0.01, lambda _: None), 1):
        pass
    return float(spectrum.values[0]), number


def _passes(subject, start) -> tuple[float, float]:
    """How long a product and a forward pass take, each in gradients."""
    gradient = median(_timed(subject.gradients, 0)[1] for _ in range(4 * ROUNDS))
    product = median(_timed(subject.product, start)[1] for _ in range(4 * ROUNDS))
    forward = median(_timed(subject.loss, 0)[1] for _ in range(4 * ROUNDS))
    return product / gradient, forward / gradient


def _timed(run: Callable, *arguments) -> tuple:
    start = time.perf_counter()
    result = run(*arguments)
    return result, time.perf_counter() - start


if __name__ == "__main__":
    for line in report():
        print(line, flush=True)
