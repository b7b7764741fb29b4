"""What `probe` asks of PyTorch: a model evaluated without touching it, its Hessian, its optimizer's scale, its rates.

Only `probe` imports this, and only when it is called.
"""

import copy
import math
import random
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils._pytree import tree_flatten, tree_map
from torch.utils.data import DataLoader

from lrlib import optimizers
from lrlib.settings import shown

_SHORT = (torch.float16, torch.bfloat16)

#: What the names of the model's weights begin with where the model is a part of `Whole`.
_INSIDE = "model."

#: The range test stops where the loss is so many times the first one.
BLOWN = 4.0

#: Where the largest eigenvalue is smaller than this part of the largest in size, it is told as exactly as such a one.
FLOOR = 1e-3

#: A product with a symmetric matrix may be off by so much of the largest eigenvalue.
SYMMETRY = 1e-2

#: A product may differ by so much of itself from the difference of gradients that it is compared with.
APART = 0.05

#: Adam's mean square is young before so many steps, as a part of its memory 1/(1 − β₂).
YOUNG = 0.1

#: Adagrad's sum is young before so many steps: until then one more changes it by over a tenth, and of MLPs that train
#: well the gauge falls from 12 times the threshold to 1.3 times.
YOUNG_SUM = 10


@dataclass
class Count:
    """What has been computed, one batch at a time."""

    losses: int = 0
    gradients: int = 0
    products: int = 0


class Broken(Exception):
    """The loss or its gradient is not finite: where that begins."""

    def __init__(self, kind: str, /, **told: Any) -> None:
        super().__init__(kind)
        self.kind, self.told = kind, told


# ---------------------------------------------------------------- nothing is changed


@contextmanager
def untouched(whole: nn.Module, data: Any) -> Iterator[None]:
    """Every random state is put back at the end, and every tensor of the model into its place, whatever happens."""
    stores = [store for module in whole.modules() for store in (module._parameters, module._buffers)]
    places = [(store, dict(store)) for store in stores]
    generators = {id(it): it for it in [torch.default_generator, *_generators(data)]}.values()
    states = [(it, it.get_state()) for it in generators]
    # A GPU that nobody has used yet stays unused.
    cuda = torch.cuda.get_rng_state_all() if torch.cuda.is_initialized() else None
    mps = torch.mps.get_rng_state() if torch.backends.mps.is_available() else None
    plain, array = random.getstate(), np.random.get_state()
    try:
        yield
    finally:
        for store, kept in places:
            store.update(kept)
        for generator, state in states:
            generator.set_state(state)
        if cuda is not None:
            torch.cuda.set_rng_state_all(cuda)
        if mps is not None:
            torch.mps.set_rng_state(mps)
        random.setstate(plain)
        np.random.set_state(array)


def _generators(data: Any) -> list[torch.Generator]:
    """Those that a DataLoader draws from, besides PyTorch's own."""
    batch_sampler = getattr(data, "batch_sampler", None)
    holders = [data, getattr(data, "sampler", None), batch_sampler, getattr(batch_sampler, "sampler", None)]
    held = [getattr(holder, "generator", None) for holder in holders]
    return [it for it in held if isinstance(it, torch.Generator)]


def _seed(seed: int) -> None:
    """All random states; `torch.manual_seed` would also store a seed for a GPU that is not in use."""
    torch.default_generator.manual_seed(seed)
    if torch.cuda.is_initialized():
        torch.cuda.manual_seed_all(seed)
    if torch.backends.mps.is_available():
        torch.mps.manual_seed(seed)
    np.random.seed(seed)
    random.seed(seed)


# ---------------------------------------------------------------- data


def batches_of(data: Any, most: int, seed: int) -> tuple[list[Any], int | None]:
    """The first batches, and how many there are in all where that is known."""
    if _is_batch(data):
        return [data], 1
    if isinstance(data, (str, bytes, np.ndarray)) or not isinstance(data, Iterable):
        raise TypeError(
            "data must be one batch, such as (inputs, targets) of tensors, or an iterable of batches, such as a "
            f"DataLoader; got {shown(data)}"
        )
    if isinstance(data, Iterator):
        raise TypeError(
            "data is an iterator, and probing would use it up: give the DataLoader itself, or a list of batches that "
            "are tuples or mappings (where each is one tensor, [(batch,) for batch in data])"
        )
    if isinstance(data, DataLoader):
        # A twin: to iterate a loader with persistent workers once more would break the epoch it is in.
        data, total = copy.copy(data), _length(data)
        data._iterator = None
    else:
        total = _length(data)
    _seed(seed)
    batches = list(islice(data, most))
    if not batches:
        raise ValueError("data has no batch")
    for batch in batches:
        if not _is_batch(batch):
            raise TypeError(
                "each batch of data must be (inputs, …, targets), a mapping or a tensor, and hold tensors "
                f"(torch.as_tensor makes them from arrays); got {shown(batch)}"
            )
    return batches, total


def _is_batch(given: Any) -> bool:
    if isinstance(given, Tensor):
        return given.ndim > 0
    if isinstance(given, Mapping):
        return any(isinstance(value, Tensor) for value in given.values())
    return isinstance(given, (tuple, list)) and any(isinstance(value, Tensor) for value in given)


def _length(data: Any) -> int | None:
    try:
        return len(data)
    except TypeError:
        return None


def _call(model: Callable, loss_fn: Callable, batch: Any) -> Any:
    """The loss as a training loop has it."""
    if isinstance(batch, Mapping):
        return loss_fn(model(**batch), batch)
    if isinstance(batch, Tensor):
        return loss_fn(model(batch), batch)
    inputs = batch[:-1] if len(batch) > 1 else batch
    return loss_fn(model(*inputs), batch[-1])


# ---------------------------------------------------------------- the model


def unwrapped(model: nn.Module) -> nn.Module:
    """Without what compiles or distributes it."""
    while True:
        if hasattr(model, "_orig_mod"):
            model = model._orig_mod
        elif isinstance(model, (nn.DataParallel, nn.parallel.DistributedDataParallel)):
            model = model.module
        else:
            return model


def refuse(model: Any) -> None:
    """TypeError or ValueError for models whose Hessian cannot be had here."""
    if not isinstance(model, nn.Module):
        raise TypeError(f"model must be a torch.nn.Module, got {shown(model)}")
    if isinstance(model, torch.jit.ScriptModule):
        raise TypeError("model is a ScriptModule, which cannot be evaluated at other weights: give the module itself")
    for name, module in model.named_modules():
        if type(module).__name__ in ("FullyShardedDataParallel", "FSDPModule"):
            raise TypeError("model is sharded by FSDP: no process holds all of its weights; probe it unsharded")
        if getattr(module, "sparse", False) and isinstance(module, (nn.Embedding, nn.EmbeddingBag)):
            raise ValueError(
                f"layer {name!r} ({type(module).__name__}) has sparse gradients, for which PyTorch has no second "
                "derivatives: make it with sparse=False"
            )
    weights = dict(model.named_parameters())
    for name, weight in weights.items():
        if nn.parameter.is_lazy(weight):
            raise ValueError(f"weight {name!r} has no shape yet: show the model one batch first")
        if type(weight.data).__name__ == "DTensor":
            raise TypeError(f"weight {name!r} is distributed (DTensor): probe the model on one device")
        if weight.is_meta:
            raise ValueError(f"weight {name!r} is on the meta device and holds no numbers")
        if weight.is_complex():
            raise TypeError(f"weight {name!r} is complex, for which the probe has no curvature")
    devices = sorted({str(weight.device) for weight in weights.values()})
    if len(devices) > 1:
        raise ValueError(f"model must be on one device, got weights on {', '.join(devices)}")
    if not any(weight.requires_grad for weight in weights.values()):
        raise ValueError("model has no weight that is trained: requires_grad is False for all, or there are none")


class Whole(nn.Module):
    """Model and loss as one, so that the copies of weights stay in the model for as long as loss_fn runs."""

    def __init__(self, model: nn.Module, loss_fn: Callable) -> None:
        super().__init__()
        # Of a scripted loss PyTorch cannot exchange the tensors: it is no part then, but called all the same.
        scripted = isinstance(loss_fn, torch.jit.ScriptModule)
        self.model, self.loss_fn = model, partial(loss_fn) if scripted else loss_fn

    def forward(self, batch: Any) -> Any:
        return _call(self.model, self.loss_fn, batch)


class Subject:
    """The mean loss of the batches as a function of the weights that are trained.

    All is computed with copies: of weights, buffers and batches. Weights, buffers and inputs with 16 bits are taken
    at 32. Random numbers in the forward pass are the same at each evaluation of a batch, so that there is one loss.
    """

    def __init__(self, model: nn.Module, loss_fn: Callable, batches: list, trained: list[str], seed: int, count: Count):
        self.model, self.seed, self.count = model, seed, count
        self.whole = whole = Whole(model, loss_fn)
        self.names = [_INSIDE + name for name in trained]
        own = dict(whole.named_parameters())
        self.owners = [own[name] for name in self.names]  # the weights that are trained, themselves
        self.weights = {name: _lifted(weight.detach()).clone() for name, weight in own.items()}
        self.buffers = {name: _lifted(buffer.detach()).clone() for name, buffer in whole.named_buffers()}
        self.point = [self.weights.pop(name).requires_grad_() for name in self.names]
        self.device = self.point[0].device
        self.batches = [tree_map(lambda it: _copied(it, self.device), batch) for batch in batches]
        held = [*own.values(), *whole.buffers(), *tree_flatten(batches)[0]]
        self.raised = any(isinstance(it, Tensor) and it.dtype in _SHORT for it in held)
        self.size = sum(weight.numel() for weight in self.point)
        self.kept: tuple[Tensor, ...] | None = None  # gradients with their graph, where there is one batch
        self.differences = False
        self.wrong = False  # whether PyTorch's second derivatives are
        self.verified = False
        self.own = False  # whether the loss has been found to hold no weight but the copies

    @contextmanager
    def prepared(self) -> Iterator[None]:
        """As everything here has to be evaluated: without autocast, by operations that can be differentiated twice."""
        with ExitStack() as stack:
            stack.enter_context(torch.autocast(self.device.type, enabled=False))
            stack.enter_context(sdpa_kernel(SDPBackend.MATH))
            if self.device.type == "cuda" and any(isinstance(module, nn.RNNBase) for module in self.whole.modules()):
                stack.enter_context(torch.backends.cudnn.flags(enabled=False))
            if any(hasattr(module, "_orig_mod") for module in self.whole.modules()):
                stack.enter_context(torch.compiler.set_stance("force_eager"))
            yield

    # -------- the loss

    def loss(
        self, index: int, point: list[Tensor] | None = None, seed: int | None = None, keep: bool = False
    ) -> Tensor:
        """Of one batch. `keep` lets what a forward pass changes in the buffers stay, as training does."""
        batch = tree_map(lambda it: _copied(it, self.device), self.batches[index])
        buffers = self.buffers if keep else {name: buffer.clone() for name, buffer in self.buffers.items()}
        weights = dict(zip(self.names, self.point if point is None else point))
        _seed(self.seed + index if seed is None else seed)
        torch.clear_autocast_cache()  # else an autocast of the model's own goes on with weights of before
        try:
            loss = functional_call(self.whole, weights | self.weights | buffers, (batch,))
        except Exception as error:
            note = f"lrlib.probe: model and loss were evaluated on batch {index}, {_described(batch)}"
            if self.raised:
                note += "; weights and inputs of 16 bits were raised to float32, so nothing may be cast to 16 bits"
            error.add_note(note)
            raise
        return self._checked(loss)

    def _checked(self, loss: Any) -> Tensor:
        if not isinstance(loss, Tensor):
            raise TypeError(f"loss_fn must return a tensor with one number, got {shown(loss)}: no .item() in it?")
        if loss.numel() != 1:
            raise ValueError(f"loss_fn must return one number, got shape {tuple(loss.shape)}: reduction='mean'?")
        if loss.is_complex():
            raise TypeError("loss_fn must return a real number, got a complex one")
        if not loss.requires_grad:
            raise ValueError(
                "the loss does not depend on any weight that is trained: is something detached or under no_grad in "
                "the model or in loss_fn?"
            )
        if not self.own:
            own = {id(weight) for weight in self.owners}
            if any(id(getattr(node, "variable", None)) in own for node in _nodes(loss)):
                raise ValueError(
                    "loss_fn uses weights of the model that were taken from it beforehand, where no copies can take "
                    "their place: take them from the model inside loss_fn, as in sum(p.pow(2).sum() for p in "
                    "model.parameters())"
                )
            self.own = True
        return loss.reshape(())

    def peek(self) -> tuple[bool, str | None]:
        """Whether the loss draws random numbers, as dropout does, and the format of 16 bits that the model itself
        uses inside, by an autocast of its own, if it does."""
        found: list[str] = []

        def look(_module: nn.Module, _inputs: Any, output: Any) -> None:
            kinds = [it.dtype for it in tree_flatten(output)[0] if isinstance(it, Tensor)]
            found.extend(str(kind).removeprefix("torch.") for kind in kinds if kind in _SHORT)

        hooks = [module.register_forward_hook(look) for module in self.model.modules()]
        try:
            first, other = (float(self.loss(0, seed=seed).detach()) for seed in (self.seed, self.seed + 1))
        finally:
            for hook in hooks:
                hook.remove()
        self.count.losses += 2
        return first != other, found[0] if found else None

    # -------- its derivatives

    def gradients(self, index: int, point: list[Tensor] | None = None, graph: bool = False) -> tuple[Tensor, tuple]:
        """The loss of one batch and its gradient, one tensor for each weight."""
        point = self.point if point is None else point
        loss = self.loss(index, point)
        try:
            slopes = torch.autograd.grad(loss, point, create_graph=graph, materialize_grads=True)
        except RuntimeError as error:
            if "use_reentrant" not in str(error):
                raise
            raise ValueError(
                "the model uses torch.utils.checkpoint in its reentrant form, through which PyTorch gives no gradients "
                "of copies: use_reentrant=False does the same and can be probed"
            ) from None
        self.count.gradients += 1
        if any(slope.is_sparse for slope in slopes):
            raise ValueError("the gradient is sparse, for which PyTorch has no second derivatives")
        return loss.detach(), slopes

    def first(self, tick: Callable) -> tuple[list[float], Tensor]:
        """The loss of each batch and the mean gradient; Broken where one of them is not finite."""
        losses, total = [], None
        for index in range(len(self.batches)):
            loss, slopes = self.gradients(index)
            flat = _flat(slopes)
            if not math.isfinite(loss) or not torch.isfinite(flat).all():
                raise self.broken(index, loss)
            losses.append(float(loss))
            total = flat if total is None else total + flat
            tick(1)
        return losses, total / len(losses)

    def product(self, vector: Tensor) -> Tensor:
        """H v of the mean loss, v flat; by differences of gradients once the loss cannot be differentiated twice."""
        if self.differences:
            return self._difference(vector)
        try:
            exact = self._exact(vector)
        except (RuntimeError, NotImplementedError) as error:
            if isinstance(error, torch.OutOfMemoryError):
                raise
            try:
                self.begin_differences()
                return self._difference(vector)
            except Exception:  # noqa: BLE001 - the model's own; the first one tells more
                raise error from None
        if self.verified:
            return exact
        # A backward pass that somebody has written may hide what it depends on; PyTorch's own do not.
        self.verified = True
        self.count.losses += 1
        if not _has_own_functions(self.loss(0)):
            return exact
        before = self.point, self.weights, self.buffers, self.batches
        self.begin_differences()
        other = self._difference(vector)

        def apart(product: Tensor) -> bool:
            return float((product - other).norm()) > APART * float(other.norm())

        # Where the curvature is tiny, rounding alone may set them apart, but not that of 64 bits.
        self.wrong = apart(exact) and apart(self._exact(vector))
        self.kept = None
        if self.wrong:
            return other
        self.differences = False
        self.point, self.weights, self.buffers, self.batches = before
        return exact

    def _exact(self, vector: Tensor) -> Tensor:
        total = torch.zeros_like(vector)
        direction = self._cut(vector)
        for index in range(len(self.batches)):
            # The graph of a single batch is kept, so that a product is one more pass backwards and no more.
            slopes = self.kept if self.kept is not None else self.gradients(index, graph=True)[1]
            if len(self.batches) == 1:
                self.kept = slopes
            along = sum((slope * step).sum() for slope, step in zip(slopes, direction))
            self.count.products += 1
            if along.requires_grad:  # else the loss is linear, and H is 0
                graph = self.kept is not None
                total += _flat(torch.autograd.grad(along, self.point, retain_graph=graph, materialize_grads=True)).to(
                    vector.dtype
                )
        return total / len(self.batches)

    def begin_differences(self) -> None:
        """From here on, products are differences of gradients."""
        self.kept, self.differences = None, True
        self.widen()  # with 64 bits a difference keeps some ten digits

    def widen(self) -> bool:
        """Goes over to float64, and tells whether it did: not every operation knows that."""
        if all(weight.dtype == torch.float64 for weight in self.point):
            return False
        self.kept = None
        before = self.point, self.weights, self.buffers, self.batches
        try:
            self.point, self.weights, self.buffers, self.batches = (tree_map(_doubled, held) for held in before)
            self.gradients(0)
        except Exception:  # noqa: BLE001 - the model's own
            self.point, self.weights, self.buffers, self.batches = before
            return False
        return True

    def _difference(self, vector: Tensor) -> Tensor:
        """(∇f(x + hv) − ∇f(x − hv)) / 2h, with the h that balances rounding against the third derivative."""
        length = float(vector.norm())
        if length == 0:
            return torch.zeros_like(vector)
        size = math.sqrt(math.fsum(float(weight.detach().double().norm()) ** 2 for weight in self.point))
        h = torch.finfo(self.point[0].dtype).eps ** (1 / 3) * max(1.0, size) / length
        sides = []
        for side in (h, -h):
            moved = [
                (weight.detach() + side * step.to(weight.dtype)).requires_grad_()
                for weight, step in zip(self.point, self._cut(vector))
            ]
            sides.append(sum(_flat(self.gradients(i, moved)[1]) for i in range(len(self.batches))))
        return ((sides[0] - sides[1]) / (2 * h * len(self.batches))).to(vector.dtype)

    def _cut(self, vector: Tensor) -> list[Tensor]:
        pieces = vector.split([weight.numel() for weight in self.point])
        return [piece.view(weight.shape).to(weight.dtype) for piece, weight in zip(pieces, self.point)]

    # -------- what is wrong

    def broken(self, index: int, loss: Tensor) -> Broken:
        """Where the first number that is not finite comes from; −inf in buffers and data is taken for a mask."""
        batch = self.batches[index]
        for name, weight in [*zip(self.names, self.point), *self.weights.items()]:
            if not _finite(weight):
                return Broken("nan_weight", name=name.removeprefix(_INSIDE), count=_wrong(weight))
        for name, buffer in self.buffers.items():
            if not _finite(buffer, masks=True):
                return Broken("nan_weight", name=name.removeprefix(_INSIDE), count=_wrong(buffer))
        if not _finite(batch, masks=True):
            return Broken("nan_data", batch=index)
        places: list[tuple[str, dict]] = []
        with _watched(self.model, places):
            loss = self.loss(index)
            value = float(loss.detach())
            if math.isfinite(value):
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    torch.autograd.grad(loss, self.point, materialize_grads=True)
        found: dict[str, dict] = {}
        for way, told in places:
            found.setdefault(way, told)
        if "forward" in found:
            return Broken("nan_layer", batch=index, **found["forward"])
        if math.isfinite(value):
            return Broken("nan_gradient", batch=index, **found.get("backward", {"layer": "", "kind": ""}))
        if "output" in found and "minus" in found:  # −inf that nothing inside the model takes away again
            return Broken("nan_layer", batch=index, **found["minus"])
        targets = batch[-1] if isinstance(batch, (tuple, list)) else ()
        if "output" not in found and _finite(targets):
            return Broken("nan_loss", batch=index, value=value)
        if not _finite(batch):
            return Broken("nan_data", batch=index)
        for name, buffer in self.buffers.items():
            if not _finite(buffer):
                return Broken("nan_weight", name=name.removeprefix(_INSIDE), count=_wrong(buffer))
        return Broken("nan_loss", batch=index, value=value)


@contextmanager
def _watched(model: nn.Module, places: list[tuple[str, dict]]) -> Iterator[None]:
    """Collects the layers in which inf or nan begins forwards ("minus" if it is −inf alone), and then backwards; and
    "output" where −inf is in what the model puts out."""

    def watch(name: str) -> Callable:
        def look(module: nn.Module, positional: Any, named: Any, output: Any) -> None:
            told, inputs = {"layer": name, "kind": type(module).__name__}, (positional, named)
            masks = _finite(output, masks=True)
            if not _finite(output):
                if module is model and masks:
                    places.append(("output", {}))
                if _finite(inputs, masks=not masks):
                    more = {"count": _wrong(output, masks=not masks), "largest": _largest(inputs)}
                    places.append(("minus" if masks else "forward", told | more | {"masked": _wrong(inputs)}))
            if not masks:
                return
            for it in tree_flatten(output)[0]:
                if isinstance(it, Tensor) and it.requires_grad:
                    it.register_hook(lambda slope: None if _finite(slope) else places.append(("backward", told)))

        return look

    # An inner layer ends before the one around it, so the innermost is found first.
    hooks = [module.register_forward_hook(watch(name), with_kwargs=True) for name, module in model.named_modules()]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


def _nodes(loss: Tensor) -> Iterator[Any]:
    """The operations behind a loss; those that stand for a weight have it as `variable`."""
    seen, ahead = set(), [loss.grad_fn]
    while ahead:
        node = ahead.pop()
        if node is not None and node not in seen:
            yield node
            seen.add(node)
            ahead += [before for before, _ in node.next_functions]


def _has_own_functions(loss: Tensor) -> bool:
    """Whether a `torch.autograd.Function` in Python is among the operations behind a loss."""
    return any(isinstance(node, torch.autograd.function.BackwardCFunction) for node in _nodes(loss))


def _bad(it: Tensor, masks: bool) -> Tensor:
    """Where numbers are not finite; with `masks`, −inf is allowed."""
    return it.isnan() | (it == math.inf) if masks else ~it.isfinite()


def _finite(held: Any, masks: bool = False) -> bool:
    return _wrong(held, masks) == 0


def _wrong(held: Any, masks: bool = False) -> int:
    return sum(int(_bad(it, masks).sum()) for it in tree_flatten(held)[0] if isinstance(it, Tensor))


def _largest(held: Any) -> float:
    """In size, of what is finite."""
    sizes = [it.detach()[it.isfinite()].abs() for it in tree_flatten(held)[0] if isinstance(it, Tensor)]
    return max((float(size.max()) for size in sizes if size.numel()), default=0.0)


def _copied(it: Any, device: torch.device) -> Any:
    """A leaf of its own at 32 bits or more, that asks for gradients if the given one does."""
    if not isinstance(it, Tensor):
        return it
    return _lifted(it.detach().to(device)).clone().requires_grad_(it.requires_grad)


def _lifted(it: Any) -> Any:
    return it.float() if isinstance(it, Tensor) and it.dtype in _SHORT else it


def _doubled(it: Any) -> Any:
    if not isinstance(it, Tensor) or not it.is_floating_point():
        return it
    return it.detach().double().requires_grad_(it.requires_grad)


def _flat(tensors: Iterable[Tensor]) -> Tensor:
    return torch.cat([tensor.detach().reshape(-1) for tensor in tensors])


def _described(batch: Any) -> str:
    held = tree_flatten(batch)[0]
    told = [f"{str(it.dtype)[6:]} {tuple(it.shape)}" if isinstance(it, Tensor) else type(it).__name__ for it in held]
    return "which holds " + ", ".join(told[:6]) + (" …" if len(told) > 6 else "")


# ---------------------------------------------------------------- eigenvalues


class Spectrum(NamedTuple):
    """The largest eigenvalues, how far each may be off, and whether that is little enough."""

    values: np.ndarray
    residuals: np.ndarray
    converged: bool
    asymmetry: float


def start_vector(size: int, like: Tensor, seed: int) -> Tensor:
    """Random and always the same, from a generator of its own."""
    drawn = torch.randn(size, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    return drawn.to(like.device, like.dtype)


def lanczos(
    product: Callable[[Tensor], Tensor], start: Tensor, count: int, most: int, tolerance: float, tick: Callable
) -> Iterator[Spectrum]:
    """The largest eigenvalues of a symmetric matrix, better after every product, until they are good enough.

    Lanczos' method with every vector kept orthogonal to all of the basis, and restarted from the best of it when
    the basis is full (thick restart), so that memory stays bounded. A residual ‖Hu − λu‖ bounds the distance from
    λ to an eigenvalue.
    """
    size = start.numel()
    room = min(size, max(2 * count + 2, 20))
    basis = start.new_zeros(room, size)
    small = np.zeros((room, room))  # the matrix as the basis sees it
    expected = np.zeros(room)  # its next column, if the matrix is symmetric
    tiny = 10 * torch.finfo(start.dtype).eps
    used, asymmetry, scale = 0, 0.0, 0.0
    vector = start / start.norm()
    for number in range(1, most + 1):
        basis[used] = vector
        image = product(vector)
        if not torch.isfinite(image).all():
            raise ValueError("a product with the Hessian is not finite: second derivatives have inf or nan here")
        used += 1
        along = basis[:used] @ image
        image = image - basis[:used].T @ along
        again = basis[:used] @ image
        image = image - basis[:used].T @ again
        column = (along + again).double().cpu().numpy()
        scale = max(scale, float(np.linalg.norm(column)))
        if scale > 0 and used > 1:
            asymmetry = max(asymmetry, float(np.linalg.norm(column[:-1] - expected[: used - 1])) / scale)
        small[:used, used - 1] = small[used - 1, :used] = column
        left = float(image.norm())
        values, vectors = np.linalg.eigh(small[:used, :used])
        values, vectors = values[::-1], vectors[:, ::-1]
        finished = left <= tiny * scale
        # Rounding makes products that are off by some ε ‖H‖, and so are the residuals.
        residuals = np.full(used, tiny * scale) if finished else left * np.abs(vectors[-1])
        found = min(count, used)
        # Not of the largest in size: where that is negative, the largest would be noise.
        good = bool((residuals[:found] <= tolerance * max(abs(values[0]), FLOOR * scale)).all())
        done = found == count and (good or finished)
        tick(1)
        yield Spectrum(values[:found].copy(), residuals[:found].copy(), done or used == size, asymmetry)
        if done or used == size:
            return
        if used == room:
            kept = min(room - 1, count + (room - count) // 2)
            basis[:kept] = torch.as_tensor(vectors[:, :kept].T.copy(), dtype=basis.dtype, device=basis.device) @ basis
            small[:] = 0
            small[range(kept), range(kept)] = values[:kept]
            expected[:kept] = left * vectors[-1, :kept]
            used = kept
        else:
            expected[: used - 1], expected[used - 1] = 0, left
        if finished:  # the basis closes: go on with something else, which the matrix does not couple to it
            image = start_vector(size, start, number)
            for _ in range(2):
                image = image - basis[:used].T @ (basis[:used] @ image)
            expected[:used] = 0
        vector = image / image.norm()


# ---------------------------------------------------------------- optimizers


@dataclass
class Rule:
    """How an optimizer turns the gradient into steps, as far as stability asks.

    name        its name among the strings `rule_…`; None where no threshold is known for it, and then
    reason      says why
    rates       the rate of each group
    thresholds  for rate × curvature, of each tensor of weights
    scale       what each weight's step is multiplied by besides the largest rate, flat; a number if all are alike
    coupled     the weight decay that is added to the gradient, likewise
    shift       half of the decay that is not, times the group's part of the largest rate, likewise
    limits      the threshold of each weight, likewise
    steps       how many an adaptive rule has made, and
    young       whether these are too few for a mean of squares, or a sum
    """

    name: str | None
    reason: dict[str, Any] = field(default_factory=dict)
    rates: tuple[float, ...] = ()
    thresholds: tuple[float, ...] = ()
    scale: Any = 1.0
    coupled: Any = 0.0
    shift: Any = 0.0
    limits: Any = 1.0
    steps: int | None = None
    young: bool = False

    @property
    def plain(self) -> bool:
        """Whether all weights are treated alike, so that the Hessian's own eigenvalues say all."""
        return not any(isinstance(it, Tensor) for it in (self.scale, self.coupled, self.shift, self.limits))

    def product(self, hessian: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
        """v ↦ D^½ (H + W) D^½ v + shift v, D = scale/limit: times the largest rate, it explodes above 1."""
        root = (self.scale / self.limits) ** 0.5
        return lambda vector: root * (hessian(root * vector) + self.coupled * (root * vector)) + self.shift * vector


def rule_of(optimizer: torch.optim.Optimizer, subject: Subject, gradient: Tensor) -> Rule:
    """The optimizer as it would make its next step."""
    kind = type(optimizer)
    groups = optimizer.param_groups
    if any(group.get("lr") is None for group in groups):  # somebody's own
        return Rule(None, {"finding": "no_threshold", "rule": kind.__name__})
    rates = tuple(float(group["lr"]) for group in groups)
    if any(rate < 0 or not math.isfinite(rate) for rate in rates):
        return Rule(None, {"finding": "bad_rate", "rule": kind.__name__}, rates)
    if kind not in _RULES:
        finding = "self_scaled" if kind is torch.optim.Adadelta else "no_threshold"
        return Rule(None, {"finding": finding, "rule": kind.__name__}, rates)
    if any(group.get("maximize") for group in groups):
        return Rule(None, {"finding": "maximize", "rule": kind.__name__}, rates)
    group_of = {id(weight): group for group in groups for weight in group["params"]}
    most = max(rates)
    slopes = subject._cut(gradient)
    names, steps, parts = set(), [], []
    with torch.no_grad():
        for owner, weight, slope in zip(subject.owners, subject.point, slopes):
            group = group_of[id(owner)]
            state = {key: _state(it, weight) for key, it in optimizer.state.get(owner, {}).items()}
            decay = float(group.get("weight_decay", 0.0))
            decoupled = bool(group.get("decoupled_weight_decay", False))
            part = float(group["lr"]) / most if most > 0 else 1.0
            seen = slope if decoupled or decay == 0 else slope + decay * weight.detach()
            name, limit, scale, made = _RULES[kind](group, state, seen)
            names.add(name)
            if made is not None:
                steps.append((made, _grown(group)))
            parts.append((part * scale, 0.0 if decoupled else decay, part * decay / 2 if decoupled else 0.0, limit))
    columns = [_spread(column, subject.point, gradient) for column in zip(*parts)]
    limits = tuple(limit for *_, limit in parts)
    fewest, enough = min(steps) if steps else (None, 0.0)
    young = fewest is not None and fewest < enough
    return Rule(max(names), {}, rates, limits, *columns, fewest, young)


def _state(it: Any, weight: Tensor) -> Any:
    return it.detach().to(weight.device, weight.dtype) if isinstance(it, Tensor) and it.ndim else it


def _spread(column: tuple, point: list[Tensor], like: Tensor) -> Any:
    """A flat vector from one entry for each weight, or a number where all are the same number."""
    if all(isinstance(it, float) for it in column) and len(set(column)) == 1:
        return column[0]
    pieces = [torch.as_tensor(it, dtype=like.dtype, device=like.device) for it in column]
    return torch.cat([piece.expand(weight.shape).reshape(-1) for piece, weight in zip(pieces, point)])


def _grown(group: dict) -> float:
    """After how many steps a scale made of squared gradients can be judged."""
    if "initial_accumulator_value" in group:
        return YOUNG_SUM
    kept = float(group["betas"][1]) if "betas" in group else float(group["alpha"])
    return YOUNG / (1 - kept) if kept < 1 else math.inf


# Of a group, a weight's state and its gradient: name, threshold, scale, steps made.


def _sgd(group: dict, state: dict, slope: Tensor) -> tuple:
    beta, dampening = float(group["momentum"]), float(group["dampening"])
    if beta == 0:
        return "gd", optimizers.gd_threshold(0.0), 1.0, None
    if group["nesterov"]:
        return "nesterov", optimizers.nesterov_threshold(0.0, beta), 1.0, None
    return "momentum", optimizers.momentum_threshold(0.0, beta), 1.0 - dampening, None


def _adam(group: dict, state: dict, slope: Tensor) -> tuple:
    beta1, beta2 = (float(beta) for beta in group["betas"])
    made = int(state.get("step", 0))
    v = beta2 * state.get("exp_avg_sq", 0.0) + (1 - beta2) * slope**2
    if group["amsgrad"]:
        largest = state.get("max_exp_avg_sq", torch.zeros_like(slope))
        v = torch.maximum(largest, v)
    v_hat = v / (1 - beta2 ** (made + 1))
    decoupled = group.get("decoupled_weight_decay", False)
    name = "amsgrad" if group["amsgrad"] else "adamw" if decoupled else "adam"
    return name, optimizers.adam_threshold(0.0, beta1), 1 / (v_hat.sqrt() + group["eps"]), made


def _radam(group: dict, state: dict, slope: Tensor) -> tuple:
    beta1, beta2 = (float(beta) for beta in group["betas"])
    made = int(state.get("step", 0))
    v = beta2 * state.get("exp_avg_sq", 0.0) + (1 - beta2) * slope**2
    r = float(optimizers.rectification(made, beta2))
    scale = r * math.sqrt(1 - beta2 ** (made + 1)) / (v.sqrt() + group["eps"]) if r > 0 else 1.0
    return "radam", optimizers.adam_threshold(0.0, beta1), scale, made


def _nadam(group: dict, state: dict, slope: Tensor) -> tuple:
    beta1, beta2 = (float(beta) for beta in group["betas"])
    made = int(state.get("step", 0))
    v_hat = (beta2 * state.get("exp_avg_sq", 0.0) + (1 - beta2) * slope**2) / (1 - beta2 ** (made + 1))
    # The step is μm + (1 − μ)g: here μ grows from β₁/2 to β₁, and the average m keeps β₁. A root of
    # z² − (1 + β₁ − ηλ(1 − μβ₁))z + β₁(1 − (1 − μ)ηλ) reaches −1; with μ = β₁ it is `nadam_threshold`.
    mu = beta1 * (1 - 0.96 ** ((made + 1) * float(group["momentum_decay"])) / 2)
    threshold = 2 * (1 + beta1) / (1 + beta1 - 2 * beta1 * mu)
    return "nadam", threshold, 1 / (v_hat.sqrt() + group["eps"]), made


def _rmsprop(group: dict, state: dict, slope: Tensor) -> tuple:
    rho = float(group["alpha"])
    v = rho * state.get("square_avg", 0.0) + (1 - rho) * slope**2
    if group["centered"]:
        v = v - (rho * state.get("grad_avg", 0.0) + (1 - rho) * slope) ** 2
    scale = 1 / (v.clamp(min=0).sqrt() + group["eps"])
    return "rmsprop", optimizers.momentum_threshold(0.0, float(group["momentum"])), scale, int(state.get("step", 0))


def _adagrad(group: dict, state: dict, slope: Tensor) -> tuple:
    made = int(state.get("step", 0))
    scale = 1 / ((state.get("sum", 0.0) + slope**2).sqrt() + group["eps"]) / (1 + made * group["lr_decay"])
    return "adagrad", optimizers.adagrad_threshold(0.0), scale, made


_RULES = {
    torch.optim.SGD: _sgd,
    torch.optim.Adam: _adam,
    torch.optim.AdamW: _adam,
    torch.optim.NAdam: _nadam,
    torch.optim.RAdam: _radam,
    torch.optim.RMSprop: _rmsprop,
    torch.optim.Adagrad: _adagrad,
}


# ---------------------------------------------------------------- rates: tried, and planned


def range_test(
    subject: Subject,
    optimizer: torch.optim.Optimizer | None,
    low: float,
    high: float,
    steps: int,
    tick: Callable,
    rows: list[dict],
) -> tuple[str, dict[str, Any]] | None:
    """The optimizer's own steps on copies, its rates multiplied up from low to high; fills `rows` as it goes.

    Returns a note where the optimizer, or beyond some rate the model, cannot go on.
    """
    point = [weight.detach().clone().requires_grad_() for weight in subject.point]
    try:
        twin = torch.optim.SGD(point, lr=low) if optimizer is None else _twin(optimizer, subject.owners, point)
        shares = [float(group["lr"]) for group in twin.param_groups]
    except Exception as error:  # noqa: BLE001 - somebody's own optimizer, which cannot be copied or has no rates
        return "range_failed", {"error": _brief(error)}
    shares = [share / max(shares) if max(shares) > 0 else 1.0 for share in shares]
    kept, subject.buffers = subject.buffers, {name: it.clone() for name, it in subject.buffers.items()}
    rate = first = math.nan
    try:
        for step in range(steps + 1):
            try:
                loss = subject.loss(step % len(subject.batches), point, keep=True)
                value = float(loss.detach())
                if step == 0:
                    first = value
                else:
                    rows.append({"step": step - 1, "lr": rate, "loss": value})
                if step == steps or not value <= first + (BLOWN - 1) * abs(first):
                    subject.count.losses += 1
                    return None
                slopes = torch.autograd.grad(loss, point, materialize_grads=True)
            except Exception as error:  # the weights have gone where it has no value, such as a negative variance
                if step == 0:
                    raise
                return "range_ended", {"rate": rate, "error": _brief(error)}
            subject.count.gradients += 1
            rate = low * (high / low) ** (step / max(steps - 1, 1))
            for weight, slope in zip(point, slopes):
                weight.grad = slope
            for group, share in zip(twin.param_groups, shares):
                group["lr"] = rate * share
            try:
                twin.step()
            except Exception as error:  # noqa: BLE001 - somebody's own, or one that wants a closure
                return "range_failed", {"error": _brief(error)}
            tick(1)
    finally:
        subject.buffers = kept
    return None


def _brief(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".splitlines()[0][:200]


def _twin(optimizer: torch.optim.Optimizer, owners: list[Tensor], copies: list[Tensor]) -> Any:
    """The optimizer with its state, over copies of the weights; weights that are not probed stay out."""
    memo: dict[int, Any] = {id(owner): weight for owner, weight in zip(owners, copies)}
    for group in optimizer.param_groups:
        for weight in group["params"]:
            memo.setdefault(id(weight), weight.detach().clone())
    twin = copy.deepcopy(optimizer, memo)
    # Attributes of its own, which a copy loses. A function among them may hold the real optimizer, as does the `step`
    # that a scheduler puts there.
    for key, it in vars(optimizer).items():
        if key not in vars(twin) and not callable(it):
            setattr(twin, key, copy.deepcopy(it, memo))
    for owner, weight in zip(owners, copies):
        state = twin.state.get(weight, {})
        for key, it in state.items():
            if isinstance(it, Tensor) and it.ndim and it.dtype != weight.dtype and it.dtype in (owner.dtype, *_SHORT):
                state[key] = it.to(weight.dtype)
    return twin


def planned_rates(scheduler: Any, optimizer: torch.optim.Optimizer, most: int) -> list[float] | None:
    """The largest rate after each of the next calls of the scheduler; None where they depend on the training.

    The scheduler is copied onto an optimizer that holds nothing but the rates.
    """
    if isinstance(scheduler, torch.optim.lr_scheduler.ReduceLROnPlateau):
        return None
    empty = torch.optim.SGD([{"params": [torch.zeros(1)]} for _ in optimizer.param_groups], lr=0.0)
    for group, real in zip(empty.param_groups, optimizer.param_groups):
        own = {key: copy.deepcopy(it) for key, it in real.items() if key != "params"}
        group.update(own)
    empty.step = lambda: None  # holds no gradients; and a scheduler wraps this one
    rates = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that the optimizer has not made a step
        twin = copy.deepcopy(scheduler, {id(optimizer): empty})
        for _ in range(most):
            try:
                twin.step()
            except ValueError:  # OneCycleLR has an end
                break
            rates.append(max(float(group["lr"]) for group in empty.param_groups))
    return rates
