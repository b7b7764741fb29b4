"""Losses, gradients and products with the Hessian of networks by PyTorch, stored in networks.json.

    pip install -e ".[reference]"
    python tests/reference/nets.py

Each network is written once more with PyTorch's own layers, in float64, and PyTorch's autograd differentiates it.
PyTorch is imported only where it is asked for: pytest collects this file on machines without it.
"""

import json
import math
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

sys.path.append(str(Path(__file__).parents[2]))

from lrlib import networks
from lrlib.networks import Network

VALUES = Path(__file__).parent / "networks.json"
COMMAND = "python tests/reference/nets.py"

#: By the function of this module that says it in PyTorch: the networks that are compared.
NETWORKS = {
    "mlp": [
        *(
            networks.mlp((64, 6, 10), activation, loss)
            for activation in networks.ACTIVATIONS
            for loss in networks.LOSSES
        ),
        networks.mlp((64, 10)),
        networks.mlp((64, 6, 6, 10), norm="layer"),
        networks.mlp((64, 6, 6, 10), "relu", norm="batch"),
        networks.mlp((64, 6, 6, 6, 10), norm="batch", residual=True),
        networks.mlp((64, 6, 6, 10), "sigmoid", "squared_error", residual=True),
        networks.mlp((64, 6, 8, 10), norm="layer", param="mup", base_width=2),
    ],
    "cnn": [
        networks.cnn((3,), "tanh"),
        networks.cnn((2, 3)),
        networks.cnn((2, 3, 4), "sigmoid", "squared_error"),
    ],
    "rnn": [networks.rnn(5, 8), networks.rnn(3, 64), networks.rnn(5, 1, "squared_error"), networks.rnn(4, 2)],
    "attention": [networks.attention(2, 8, norm) for norm in networks.NORMS],
}


def exact_numbers(network: Network) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Weights, inputs, labels and a direction that need no generator of random numbers."""
    weights = np.sin(1.7 * np.arange(network.size) + 0.3) / 4
    inputs = np.cos(0.37 * np.arange(20 * 64)).reshape(20, 64)
    return weights, inputs, np.arange(20) * 7 % 10, np.cos(2.3 * np.arange(network.size))


def summed_up(loss: float, gradient: np.ndarray, product: np.ndarray) -> list[float]:
    """The loss; of the gradient and of the product with the Hessian the sum, the length and two entries."""
    return [loss, *(v for a in (gradient, product) for v in (a.sum(), np.linalg.norm(a), a[7], a[-1]))]


def by_torch(kind: str, network: Network) -> list[float]:
    """What PyTorch computes, summed up."""
    import torch

    weights, inputs, labels, direction = map(torch.tensor, exact_numbers(network))
    weights.requires_grad_(True)
    arrays, at = [], 0
    for shape in network.shapes:
        arrays.append(weights[at : at + math.prod(shape)].reshape(shape))
        at += math.prod(shape)
    scores = globals()[f"torch_{kind}"](arrays, inputs, **network.forward.keywords)
    if network.criterion == "cross_entropy":
        loss = torch.nn.functional.cross_entropy(scores, labels)
    else:
        loss = torch.nn.functional.mse_loss(scores, torch.eye(10)[labels].double(), reduction="sum") / 2 / len(labels)
    (gradient,) = torch.autograd.grad(loss, weights, create_graph=True)
    (product,) = torch.autograd.grad(gradient @ direction, weights)
    return [float(v) for v in summed_up(loss.item(), gradient.detach().numpy(), product.numpy())]


def activated(h: Any, activation: str) -> Any:
    """One of PyTorch's functions of that name."""
    import torch

    return h if activation == "linear" else getattr(torch, activation)(h)


def torch_mlp(arrays: list, h: Any, activation: str, norm: Any, residual: bool, multipliers: Any = None) -> Any:
    """Fully connected layers."""
    from torch.nn import functional

    arrays = [a * b for a, b in zip(arrays, multipliers or [1] * len(arrays), strict=True)]
    size = 4 if norm else 2
    for i in range(0, len(arrays) - 2, size):
        before, (w, b, *gain_and_shift) = h, arrays[i : i + size]
        h = functional.linear(h, w.T, b)
        if norm:
            gain, shift = gain_and_shift
            if norm == "layer":
                h = functional.layer_norm(h, gain.shape, 1 + gain, shift)
            else:
                h = functional.batch_norm(h, None, None, 1 + gain, shift, training=True)
        h = activated(h, activation)
        h = before + h if residual and i else h
    return functional.linear(h, arrays[-2].T, arrays[-1])


def torch_cnn(arrays: list, inputs: Any, activation: str) -> Any:
    """Convolutions with pooling. PyTorch has the channels before the pixels, in images and kernels."""
    from torch.nn import functional

    h = inputs.reshape(-1, 1, 8, 8)
    for i in range(0, len(arrays) - 2, 2):
        h = functional.conv2d(h, arrays[i].permute(3, 2, 0, 1), arrays[i + 1], padding=1)
        h = functional.avg_pool2d(activated(h, activation), 2)
    return functional.linear(h.flatten(1), arrays[-2].T, arrays[-1])


def torch_rnn(arrays: list, inputs: Any, steps: int) -> Any:
    """PyTorch's own RNN, which has a second bias."""
    import torch

    into, between, shift, last, bias = arrays
    cell = torch.nn.RNN(len(into), len(between), batch_first=True, dtype=torch.float64)
    names = ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")
    given = dict(zip(names, (into.T, between.T, shift, torch.zeros_like(shift)), strict=True))
    states, _ = torch.func.functional_call(cell, given, (inputs.reshape(len(inputs), steps, -1),))
    return torch.nn.functional.linear(states[:, -1], last.T, bias)


def torch_attention(arrays: list, inputs: Any, norm: str) -> Any:
    """An encoder of 8 tokens."""
    from torch.nn import functional

    def normal(x: Any, gain: Any, shift: Any) -> Any:
        return functional.layer_norm(x, gain.shape, 1 + gain, shift)

    def attended(x: Any, into: Any, into_bias: Any, out: Any, out_bias: Any) -> Any:
        q, k, v = functional.linear(x, into.T, into_bias).chunk(3, dim=-1)
        return functional.linear(functional.scaled_dot_product_attention(q, k, v), out.T, out_bias)

    def mapped(x: Any, up: Any, up_bias: Any, down: Any, down_bias: Any) -> Any:
        return functional.linear(functional.linear(x, up.T, up_bias).relu(), down.T, down_bias)

    embedding, positions, *weights, last, bias = arrays
    x = inputs.reshape(-1, 8, 8) @ embedding + positions
    while len(weights) > 2:
        for part in (attended, mapped):
            given, norms, weights = weights[:4], weights[4:6], weights[6:]
            x = normal(x + part(x, *given), *norms) if norm == "post" else x + part(normal(x, *norms), *given)
    x = normal(x, *weights) if weights else x
    return functional.linear(x.mean(dim=1), last.T, bias)


def main() -> None:
    """Compute and store everything; one line a network, so that a change can be read."""
    made = {"made": {"by": COMMAND, "torch": metadata.version("torch")}}
    values = {repr(network): by_torch(kind, network) for kind, every in NETWORKS.items() for network in every}
    rows = ",\n".join(f"{json.dumps(key)}: {json.dumps(value)}" for key, value in (made | values).items())
    VALUES.write_text(f"{{\n{rows}\n}}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
