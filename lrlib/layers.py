"""What networks are made of, each one step for autograd, which needs more time for a step than NumPy for its work.

What comes back is written with the NumPy of autograd where second derivatives are asked for, with plain NumPy
otherwise. Imported when a network is first used, as autograd takes a while.
"""

import math
from itertools import accumulate
from typing import Any

import autograd.numpy as anp
import numpy as np
from autograd.core import SparseObject, VJPNode, add_outgrads, vspace
from autograd.extend import defvjp, defvjp_argnums, primitive
from autograd.tracer import getval, isbox, new_box, trace_stack
from autograd.util import toposort


def _numpy(*arrays: Any) -> Any:
    return anp if any(map(isbox, arrays)) else np


@primitive
def part(weights, at, shape):
    """The weights from `at` on as an array of that shape."""
    return weights[at : at + math.prod(shape)].reshape(shape)


def cut(weights, shapes):
    """The weights as arrays of these shapes, one after the other."""
    one = part if isbox(weights) else part.fun
    starts = accumulate(map(math.prod, shapes), initial=0)
    return [one(weights, at, shape) for at, shape in zip(starts, shapes, strict=False)]


@primitive
def placed(g, at, space):
    def add(weights):
        weights[at : at + g.size] += g.ravel()
        return weights

    return SparseObject(space, add)


defvjp(part, lambda ans, weights, at, shape: lambda g: placed(g, at, vspace(weights)), None, None)
defvjp(placed, lambda ans, g, at, space: lambda h: part(h, at, g.shape), None, None)


def value_and_gradient(function, arrays):
    """What a function of these arrays gives, one number, and its derivatives by all of them one after the other.

    As autograd's `value_and_grad` by one array that they are cut from, without a step for each cut, there and back.
    """
    roots = [VJPNode.new_root() for _ in arrays]
    with trace_stack.new_trace() as trace:
        end = function([new_box(array, trace, root) for array, root in zip(arrays, roots, strict=True)])
    *starts, size = accumulate((array.size for array in arrays), initial=0)
    if not isbox(end):
        return end, np.zeros(size)
    start_of = dict(zip(roots, starts, strict=True))
    slopes, found = {end._node: (np.ones(()), False)}, []
    for node in toposort(end._node):
        slope, _ = slopes.pop(node)
        if node in start_of:
            found.append((start_of[node], slope))
        for parent, of_parent in zip(node.parents, node.vjp(slope), strict=False):
            slopes[parent] = add_outgrads(slopes.get(parent), of_parent)
    starts, slopes = zip(*found, strict=True)
    return end._value, together(size, starts, *slopes)


@primitive
def together(size, starts, *arrays):
    whole = np.zeros(size)
    for start, array in zip(starts, arrays, strict=True):
        whole[start : start + array.size] = array.ravel()
    return whole


def together_back(argnums, ans, arguments, _):
    _size, starts, *arrays = arguments
    wanted = [(starts[i - 2], arrays[i - 2].shape) for i in argnums]
    return lambda g: [part(g, start, shape) for start, shape in wanted]


defvjp_argnums(together, together_back)


@primitive
def affine(x, w, b):
    """xW + b, each row of x one example."""
    y = x @ w
    y += b
    return y


@primitive
def connected(x, w, b):
    """The same, whose derivatives are summed in another order: in the last digits they are other numbers."""
    y = x @ w
    y += b
    return y


@primitive
def by_transposed(g, w):
    """gWᵀ."""
    return g @ w.T


@primitive
def transposed_by(x, g):
    """xᵀg."""
    return x.T @ g


@primitive
def across(x, g):
    """xᵀg, whose slope by g lies by columns: BLAS sums what is made from that in another order."""
    return x.T @ g


@primitive
def dotted(g):
    """The sum over the rows, as a product: faster."""
    return np.dot(np.ones(len(g)), g)


@primitive
def summed(g):
    """The sum over the rows."""
    return g.sum(axis=0)


def affine_back(of_w, of_b):
    def maker(argnums, ans, arguments, _):
        x, w, _b = arguments
        wanted = (lambda g: by_transposed(g, w), lambda g: of_w(x, g), of_b)
        return lambda g: [wanted[i](g) for i in argnums]

    return maker


defvjp_argnums(affine, affine_back(across, dotted))
defvjp_argnums(connected, affine_back(transposed_by, summed))
defvjp(by_transposed, lambda ans, g, w: lambda v: v @ w, lambda ans, g, w: lambda v: transposed_by(g, v).T)
defvjp(transposed_by, lambda ans, x, g: lambda v: by_transposed(v, g).T, lambda ans, x, g: lambda v: x @ v)
defvjp(across, lambda ans, x, g: lambda v: by_transposed(v, g).T, lambda ans, x, g: lambda v: (v.T @ x.T).T)
defvjp(dotted, lambda ans, g: lambda v: (v[:, None] * np.ones(len(g))).T)
defvjp(summed, lambda ans, g: lambda v: v + np.zeros(g.shape))


@primitive
def positive(x):
    """max(0, x)."""
    return np.maximum(x, 0)


@primitive
def masked(g, mask):
    return g * mask


def positive_back(ans, x):
    mask = getval(ans) > 0
    return lambda g: masked(g, mask)


defvjp(positive, positive_back)
defvjp(masked, lambda ans, g, mask: lambda v: masked(v, mask), None)


@primitive
def tanh(x):
    return np.tanh(x)


@primitive
def tanh_slope(g, x):
    """g · tanh′(x) = g / cosh²x."""
    return g / np.cosh(x) ** 2


defvjp(tanh, lambda ans, x: lambda g: tanh_slope(g, x))


def tanh_bend(ans, g, x):
    cosh, sinh = anp.cosh(x), anp.sinh(x)
    fourth = (cosh**2) ** 2
    return lambda v: -v * g / fourth * 2 * cosh * sinh


defvjp(tanh_slope, lambda ans, g, x: lambda v: tanh_slope(v, x), tanh_bend)


@primitive
def log_sum_exp(z):
    """log Σ exp z of each row, which stays finite: the largest z is taken out of the sum.

    As SciPy's `logsumexp`, which for so few numbers takes two to four times as long.
    """
    top = z.max(axis=1, keepdims=True)
    is_top = z == top
    with np.errstate(all="ignore"):
        many = is_top.sum(axis=1, keepdims=True)
        others = np.exp(np.where(is_top, -np.inf, z) - top).sum(axis=1, keepdims=True)
        return (np.log1p(others / many) + np.log(many) + top)[:, 0]


@primitive
def softmax_slope(g, z, total):
    """g · softmax(z) of each row, `total` what log_sum_exp gives."""
    return g[:, None] * np.exp(z - total[:, None])


def softmax_bend(argnums, ans, arguments, _):
    g, z, total = arguments
    softmax = anp.exp(z - total[:, None])

    def back(v):
        of_z = softmax * (g[:, None] * v)
        wanted = (lambda: anp.sum(v * softmax, axis=1), lambda: of_z, lambda: -anp.sum(of_z, axis=1))
        return [wanted[i]() for i in argnums]

    return back


defvjp(log_sum_exp, lambda ans, z: lambda g: softmax_slope(g, z, ans))
defvjp_argnums(softmax_slope, softmax_bend)


@primitive
def cross_entropy(z, total, wanted):
    """The mean over the rows of −log softmax(z)ᵧ, `wanted` 1 for y and 0 elsewhere."""
    return np.mean(total - (z * wanted).sum(axis=1))


defvjp(
    cross_entropy,
    lambda ans, z, total, wanted: lambda g: -g / len(z) * wanted,
    lambda ans, z, total, wanted: lambda g: (g + np.zeros(len(z))) / len(z),
    None,
)


@primitive
def squared_error(z, wanted):
    """The mean over the rows of ½‖z − wanted‖²."""
    return np.mean(((z - wanted) ** 2).sum(axis=1)) / 2


defvjp(squared_error, lambda ans, z, wanted: lambda g: g / 2 / len(z) * 2 * (z - wanted), None)


#: Of each function what it gave last, and what it made on the way: the step back, prepared at once, needs that too.
_LAST = {}


def remembered(function, ans, made):
    _LAST[function] = ans, made
    return ans


def recalled(function, ans):
    last, made = _LAST.get(function, (None, None))
    return made if last is ans else None


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
    *_, v, weight = made = attention_of(np, x, tokens)
    return remembered(attended, np.matmul(weight, v).reshape(len(x), -1), made)


def attended_back(ans, x, tokens):
    q, k, v, weight = recalled(attended, ans) or attention_of(_numpy(x), x, tokens)

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
    made = standard(np, x)
    return remembered(normal, made[0] * (1 + gain) + shift, made)


def normal_back(argnums, ans, arguments, _):
    x, gain, _shift = arguments
    y, root, mean = recalled(normal, ans) or standard(_numpy(x), x)

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
    made = standard(np, x.T)
    return remembered(batch_normal, made[0].T * (1 + gain) + shift, made)


def batch_normal_back(argnums, ans, arguments, _):
    x, gain, _shift = arguments
    y, root, mean = recalled(batch_normal, ans) or standard(_numpy(x), x.T)

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
        h = np.tanh(one + h @ w, out=states[t])
    return states


@primitive
def unrolled(g, slope, w):
    """Backwards through time: dₜ = (gₜ + dₜ₊₁wᵀ) · slopeₜ, from the last t on."""
    made = np.empty(g.shape)
    d = 0 * g[0]
    for t in range(len(g) - 1, -1, -1):
        d = np.multiply(g[t] + d @ w.T, slope[t], out=made[t])
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
            np.add(one, last @ w, out=before[t])
            last = np.multiply(before[t], slope[t], out=b[t])
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
