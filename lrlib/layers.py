"""What networks are made of, each one step for autograd, which needs more time for a step than NumPy for its work.

What comes back is written with the NumPy of autograd where second derivatives are asked for, with plain NumPy
otherwise. Imported when a network is first used, as autograd takes a while.
"""

import math
from typing import Any

import autograd.numpy as anp
import numpy as np
from autograd.core import SparseObject, vspace
from autograd.extend import defvjp, defvjp_argnums, primitive
from autograd.tracer import isbox


def _numpy(*arrays: Any) -> Any:
    return anp if any(map(isbox, arrays)) else np


@primitive
def part(weights, at, shape):
    """The weights from `at` on as an array of that shape."""
    return weights[at : at + math.prod(shape)].reshape(shape)


@primitive
def placed(g, at, space):
    def add(weights):
        weights[at : at + g.size] += g.ravel()
        return weights

    return SparseObject(space, add)


defvjp(part, lambda ans, weights, at, shape: lambda g: placed(g, at, vspace(weights)), None, None)
defvjp(placed, lambda ans, g, at, space: lambda h: part(h, at, g.shape), None, None)


@primitive
def affine(x, w, b):
    """xW + b, each row of x one example."""
    return x @ w + b


def affine_back(argnums, ans, arguments, _):
    x, w, _b = arguments

    def back(g):
        dot = _numpy(g, x, w).dot
        return dot(g, w.T), dot(x.T, g), dot(np.ones(len(x)), g)

    return back


defvjp_argnums(affine, affine_back)


@primitive
def positive(x):
    """max(0, x)."""
    return np.maximum(x, 0)


defvjp(positive, lambda ans, x: lambda g: g * (ans > 0))


def attention_of(xp, x, tokens):
    width = x.shape[1] // 3
    x = xp.reshape(x, (-1, tokens, 3 * width))
    q, k, v = x[..., :width], x[..., width : 2 * width], x[..., 2 * width :]
    e = xp.matmul(q, xp.swapaxes(k, 1, 2)) / width**0.5
    e = xp.exp(e - xp.max(e, axis=-1, keepdims=True))
    return q, k, v, e / xp.sum(e, axis=-1, keepdims=True)


@primitive
def attended(x, tokens):
    """softmax(qkᵀ/√d)v of the tokens of each example; q, k and v are side by side in the rows of x."""
    *_, v, weight = attention_of(np, x, tokens)
    return np.matmul(weight, v).reshape(len(x), -1)


def attended_back(ans, x, tokens):
    q, k, v, weight = attention_of(_numpy(x), x, tokens)

    def back(g):
        xp = _numpy(g, x)
        g = xp.reshape(g, q.shape)
        of_weight = xp.matmul(g, xp.swapaxes(v, 1, 2))
        of_product = weight * (of_weight - xp.sum(of_weight * weight, axis=-1, keepdims=True)) / q.shape[2] ** 0.5
        of_k, of_v = (xp.matmul(xp.swapaxes(w, 1, 2), y) for w, y in ((of_product, q), (weight, g)))
        return xp.reshape(xp.concatenate([xp.matmul(of_product, k), of_k, of_v], axis=2), x.shape)

    return back


defvjp(attended, attended_back, None)


def standard(xp, x):
    """Each row with mean 0 and variance 1, 1 over the root of what that was, and what takes a mean."""
    mean = np.full((x.shape[1], 1), 1 / x.shape[1])  # as a product: faster than a sum along a short axis
    x = x - xp.dot(x, mean)
    root = 1 / xp.sqrt(xp.dot(x * x, mean) + 1e-5)
    return x * root, root, mean


@primitive
def normal(x, gain, shift):
    """Layer norm of each row, times 1 + gain, plus shift."""
    return standard(np, x)[0] * (1 + gain) + shift


def normal_back(argnums, ans, arguments, _):
    x, gain, _shift = arguments
    y, root, mean = standard(_numpy(x), x)

    def back(g):
        dot = _numpy(g, x, gain).dot
        of_y, ones = g * (1 + gain), np.ones(len(y))
        of_x = (of_y - dot(of_y, mean) - y * dot(of_y * y, mean)) * root
        return of_x, dot(ones, g * y), dot(ones, g)

    return back


defvjp_argnums(normal, normal_back)
