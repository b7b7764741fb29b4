"""Kernels for chapters: on Linux each is forked from a process that has loaded what all of them load.

It is a process of its own, as any kernel is, and starts in 0.2 s of processor time instead of 1.5 s. Elsewhere, where a
process cannot be forked or not safely, kernels start as usual.
"""

import gc
import multiprocessing
import os
import signal
import sys
import tempfile
from contextlib import suppress
from multiprocessing import forkserver
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any
from uuid import uuid4

from jupyter_client import AsyncKernelManager, KernelManager
from jupyter_client.provisioning import LocalProvisioner

from files import BUILD

FORKS = sys.platform == "linux"

#: Loaded before any fork. Not the backend of matplotlib, which takes hold of a kernel when it is loaded.
LOADED = ["ipykernel.kernelapp", "ipywidgets", "debugpy", "matplotlib.pyplot"]
LOADED += ["lrlib.lab", "lrlib.layers", "lrlib.networks", "lrlib.stills", "scipy.sparse.linalg", "tqdm.auto"]
LOADED += [
    "autograd.scipy.special",
    "contourpy",
    "PIL.GifImagePlugin",
    "PIL.JpegImagePlugin",
    "sklearn.model_selection",
]

#: A kernel asks for it in the environment, too late for a matplotlib that is there already.
BACKEND = "module://matplotlib_inline.backend_inline"

#: A reader's own start-up files of IPython must not change the book, nor its history be written to.
SETTINGS = """
c = get_config()
c.HistoryManager.enabled = False
c.IPKernelApp.log_level = "ERROR"  # it warns of unencrypted sockets, which do not leave this machine
"""


def isolate() -> None:
    """Let all kernels that this process starts use settings of ours."""
    profile = BUILD / "ipython" / "profile_default"
    profile.mkdir(parents=True, exist_ok=True)
    settings = profile / "ipython_kernel_config.py"
    if not settings.exists() or settings.read_text(encoding="utf-8") != SETTINGS:
        settings.write_text(SETTINGS, encoding="utf-8")
    os.environ["IPYTHONDIR"] = str(profile.parent)
    os.environ["TQDM_DISABLE"] = "1"  # a bar of a training would stay on the page


def prepare() -> None:
    """Begin to load what kernels are forked from, and do not wait for it."""
    isolate()
    # It tells of what it clears away after a kernel, unless the reader has asked for warnings.
    os.environ.setdefault("PYTHONWARNINGS", "ignore:resource_tracker")
    if FORKS:
        multiprocessing.set_forkserver_preload(LOADED)
        forkserver.ensure_running()


class Forks:
    """What both managers have in common."""

    def __init__(self, **given: Any):
        if not FORKS:
            super().__init__(**given)
            return
        # Through files: a port that is free when it is chosen may be taken when the kernel asks for it.
        file = Path(tempfile.gettempdir()) / f"kernel-{uuid4()}.json"
        super().__init__(transport="ipc", connection_file=str(file), **given)
        self.provisioner = Forking(kernel_spec=self.kernel_spec, parent=self)


class Manager(Forks, KernelManager):
    """Of one kernel, not started yet."""


class AsyncManager(Forks, AsyncKernelManager):
    """The same for nbclient, which must not be kept from seeing that a kernel has died."""


class Forking(LocalProvisioner):
    """Forks a kernel where `LocalProvisioner` runs a command."""

    async def launch_kernel(self, cmd: list[str], **given: Any) -> dict[str, Any]:
        """Start it in the folder and with the environment that are given."""
        prepare()
        context = multiprocessing.get_context("forkserver")
        self.cwd = str(given.get("cwd") or os.getcwd())
        arguments = self.parent.connection_file, self.cwd, given["env"]
        self.process = Forked(context.Process(target=_serve, args=arguments))
        self.pid = self.process.pid
        return self.connection_info


def end_all() -> None:
    """End all kernels that this process has forked, wherever they are."""
    for process in multiprocessing.active_children():
        with suppress(ProcessLookupError):  # it has ended
            os.killpg(process.pid, signal.SIGKILL)


class Forked:
    """A started process with the methods of a `subprocess.Popen` that a provisioner calls."""

    stdin = stdout = stderr = None

    def __init__(self, process: BaseProcess):
        process.start()
        self._process, self.pid = process, process.pid

    def poll(self) -> int | None:
        """The exit status once it has ended."""
        return self._process.exitcode

    def wait(self) -> int:
        """Wait for its end."""
        self._process.join()
        return self._process.exitcode

    def send_signal(self, number: int) -> None:
        """To the process and to the workers that a chapter has started."""
        with suppress(ProcessLookupError):  # it has ended
            os.killpg(self.pid, number)


def _serve(connection_file: str, folder: str, environment: dict[str, str]) -> None:
    """Be a kernel, in the new process."""
    gc.freeze()  # what is loaded stays: it need not be looked through again and again
    gc.set_threshold(20_000, 20, 100)  # nor what a training makes, which holds little garbage
    os.setsid()  # a group of its own; an interrupt at the keyboard is for those who wait for it
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    import matplotlib
    from ipykernel.kernelapp import IPKernelApp

    matplotlib.rcParams["backend"] = BACKEND

    IPKernelApp.launch_instance(["-f", connection_file, "--quiet"])
