"""Numbers that take long are computed once and kept in a folder, under a name made from all that they depend on."""

import ast
import hashlib
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from importlib import metadata
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

#: For as many seconds a process waits for another one that computes the same.
_PATIENCE = 600


def folder() -> Path:
    """The one that the environment variable LRLIB_CACHE names, by default the system's for such files."""
    import platformdirs

    return Path(os.environ.get("LRLIB_CACHE") or platformdirs.user_cache_dir("lrlib", appauthor=False))


def kept(key: str, job: Callable[[], dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """What the job gives, read from its file if there is a whole one.

    Of several processes that ask at once one computes, and the others wait for it. A file gets its name when it is
    complete, so nobody reads half of one. A folder that cannot be written only means to compute again.
    """
    file = folder() / f"{key}.npz"
    stored = _read(file)
    if stored is None:
        with alone(file.with_suffix(".lock")):
            stored = _read(file)  # by another one, in the meantime
            if stored is None:
                stored = job()
                _write(file, stored)
    return stored


def key(*parts: Any) -> str:
    """A name for these arrays and all else whose `repr` says it all."""
    made = hashlib.sha256()
    for part in parts:
        if isinstance(part, np.ndarray):
            made.update(f"{part.dtype.str}{part.shape}".encode() + np.ascontiguousarray(part).tobytes())
        else:
            made.update(repr(part).encode())
        made.update(b"\0")
    return made.hexdigest()[:32]


def code(modules: Iterable[ModuleType], names: Iterable[str], packages: Iterable[str]) -> str:
    """A name for the code that is run for these names of these modules, and for the versions of some packages."""
    sources = [Path(module.__file__).read_text("utf-8") for module in modules]
    versions = [metadata.version(package) for package in packages]
    return hashlib.sha256("\0".join([*used(sources, names), *versions]).encode()).hexdigest()


def used(sources: Iterable[str], names: Iterable[str]) -> list[str]:
    """What these names stand for at the top of a source, and all that is named there, and so on.

    A call at the top belongs to its first argument. Comments and docstrings are left out: another word in them
    changes no number.
    """
    known: dict[str, list[ast.stmt]] = {}
    for source in sources:
        for node in ast.parse(source).body:
            named = [node, *(node.targets if isinstance(node, ast.Assign) else [])]
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
                named += node.value.args[:1]
            for one in named:
                known.setdefault(getattr(one, "name", getattr(one, "id", None)), []).append(node)
    found, wanted = [], list(names)
    while wanted:
        for node in known.pop(wanted.pop(), []):
            for part in ast.walk(node):
                if isinstance(part, (ast.FunctionDef, ast.ClassDef)) and ast.get_docstring(part) is not None:
                    part.body = part.body[1:]
                wanted += [name for name in (getattr(part, "id", None), getattr(part, "attr", None)) if name]
            found.append(ast.dump(node))
    return sorted(found)


@contextmanager
def alone(file: Path) -> Iterator[None]:
    """Only one at a time may be in here, of all threads and processes; the others wait, ten minutes at most.

    The lock ends with its process, however that ends. Where a file cannot be locked, nobody waits.
    """
    from filelock import FileLock

    with ExitStack() as held:
        with suppress(OSError, NotImplementedError):
            file.parent.mkdir(parents=True, exist_ok=True)
            held.enter_context(FileLock(file, timeout=_PATIENCE))
        yield
    # Whoever waits for a file without a name gets it as well, and finds what has been stored.
    with suppress(OSError):
        file.unlink(missing_ok=True)


def _read(file: Path) -> dict[str, np.ndarray] | None:
    # Whatever a broken file may raise: it is as good as none.
    with suppress(Exception), open(file, "rb") as handle, np.load(handle, allow_pickle=False) as stored:
        return dict(stored)
    return None


def _write(file: Path, made: dict[str, np.ndarray]) -> None:
    with suppress(OSError):
        unfinished, name = tempfile.mkstemp(suffix=".part", dir=file.parent)
        try:
            with os.fdopen(unfinished, "wb") as handle:
                np.savez(handle, **made)
            os.replace(name, file)
        finally:
            Path(name).unlink(missing_ok=True)
