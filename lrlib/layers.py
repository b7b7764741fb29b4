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
        wanted = (lambda: dot(g, w.T), lambda: dot(x.T, g), lambda: dot(np.ones(len(x)), g))
        return [wanted[i]() for i in argnums]

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


@primitive
def batch_normal(x, gain, shift):
    """Batch norm: each column with mean 0 and variance 1, times 1 + gain, plus shift."""
    return standard(np, x.T)[0].T * (1 + gain) + shift


def batch_normal_back(argnums, ans, arguments, _):
    x, gain, _shift = arguments
    y, root, mean = standard(_numpy(x), x.T)

    def back(g):
        xp = _numpy(g, x, gain)
        of_y, ones = (g * (1 + gain)).T, np.ones(len(x))
        of_x = (of_y - xp.dot(of_y, mean) - y * xp.dot(of_y * y, mean)) * root
        return of_x.T, xp.dot(g.T * y, ones), xp.dot(ones, g)

    return back


defvjp_argnums(batch_normal, batch_normal_back)


def patches(x, size):
    """Of images (channels, height, width, n) the square around each pixel, zeros outside, as a matrix of columns.

    With the examples on the last axis all that is copied and added lies side by side.
    """
    channels, height, width, n = x.shape
    edge = size // 2
    padded = np.zeros((channels, height + 2 * edge, width + 2 * edge, n))
    padded[:, edge : edge + height, edge : edge + width] = x
    made = np.empty((size, size, *x.shape))
    for i, j in np.ndindex(size, size):
        made[i, j] = padded[:, i : i + height, j : j + width]
    return made.reshape(size * size * channels, -1)


@primitive
def convolved(x, w):
    """Convolution of images with a kernel (size, size, channels before, channels after); they keep their size."""
    return (w.reshape(-1, w.shape[3]).T @ patches(x, len(w))).reshape(-1, *x.shape[1:])


@primitive
def correlated(x, g, size):
    """What each entry of the kernel has been multiplied by: the sum over the images and their pixels."""
    return (patches(x, size) @ g.reshape(len(g), -1).T).reshape(size, size, len(x), len(g))


@primitive
def turned(w):
    """The kernel that takes a slope back through a convolution: turned by 180°, from after to before."""
    return w[::-1, ::-1].transpose(0, 1, 3, 2)


defvjp(
    convolved,
    lambda ans, x, w: lambda g: convolved(g, turned(w)),
    lambda ans, x, w: lambda g: correlated(x, g, len(w)),
)
defvjp(
    correlated,
    lambda ans, x, g, size: lambda w: convolved(g, turned(w)),
    lambda ans, x, g, size: lambda w: convolved(x, w),
    None,
)
defvjp(turned, lambda ans, w: turned)


@primitive
def shifted(x, b):
    """A bias for each channel."""
    return x + b[:, None, None, None]


@primitive
def per_channel(g):
    return g.sum(axis=(1, 2, 3))


@primitive
def spread(b, shape):
    return np.broadcast_to(b[:, None, None, None], shape)


defvjp(shifted, lambda ans, x, b: lambda g: g, lambda ans, x, b: per_channel)
defvjp(per_channel, lambda ans, g: lambda b: spread(b, g.shape))
defvjp(spread, lambda ans, b, shape: per_channel, None)


@primitive
def pooled(x):
    """The mean of each 2 × 2 pixels."""
    return (x[:, ::2, ::2] + x[:, 1::2, ::2] + x[:, ::2, 1::2] + x[:, 1::2, 1::2]) / 4


@primitive
def unpooled(g):
    return np.repeat(np.repeat(g / 4, 2, axis=1), 2, axis=2)


defvjp(pooled, lambda ans, x: unpooled)
defvjp(unpooled, lambda ans, g: pooled)


@primitive
def recurrent(x, w):
    """All states h of hₜ = tanh(xₜ + hₜ₋₁w), h₀ = 0; the first axis of x is t."""
    states = np.empty(x.shape)
    h = 0 * x[0]
    for t, one in enumerate(x):
        h = states[t] = np.tanh(one + h @ w)
    return states


@primitive
def unrolled(g, slope, w):
    """Backwards through time: dₜ = (gₜ + dₜ₊₁wᵀ) · slopeₜ, from the last t on."""
    made = np.empty(g.shape)
    d = 0 * g[0]
    for t in range(len(g) - 1, -1, -1):
        d = made[t] = (g[t] + d @ w.T) * slope[t]
    return made


def rows(x):
    return x.reshape(-1, x.shape[-1])


@primitive
def coupled(h, d):
    """Σ hₜ₋₁ᵀdₜ over all t and examples."""
    return rows(h[:-1]).T @ rows(d[1:])


def recurrent_back(argnums, ans, arguments, _):
    _x, w = arguments

    def back(g):
        d = unrolled(g, 1 - ans * ans, w)
        return [d if i == 0 else coupled(ans, d) for i in argnums]

    return back


def unrolled_back(argnums, ans, arguments, _):
    # Its transpose runs forwards: bₜ = (eₜ + bₜ₋₁w) · slopeₜ. Not differentiated again: there is no third derivative.
    g, slope, w = arguments

    def back(e):
        before, b = np.empty(e.shape), np.empty(e.shape)
        last = 0 * e[0]
        for t, one in enumerate(e):
            before[t] = one + last @ w
            last = b[t] = before[t] * slope[t]
        after = np.zeros(g.shape)
        after[:-1] = (rows(ans[1:]) @ w.T).reshape(ans[1:].shape)
        wanted = (lambda: b, lambda: before * (g + after), lambda: coupled(b, ans))
        return [wanted[i]() for i in argnums]

    return back


def between(part, like, first):
    """Zeros like all states but for all from the first one on, or up to the last one."""
    whole = np.zeros(like.shape)
    whole[slice(1, None) if first else slice(None, -1)] = part.reshape(whole[1:].shape)
    return whole


defvjp_argnums(recurrent, recurrent_back)
defvjp_argnums(unrolled, unrolled_back)
defvjp(
    coupled,
    lambda ans, h, d: lambda v: between(rows(d[1:]) @ v.T, h, False),
    lambda ans, h, d: lambda v: between(rows(h[:-1]) @ v, d, True),
)
