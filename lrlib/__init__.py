"""Learning rates: the mathematics of the book and its figure."""

from lrlib import curvature, networks, optimizers, schedules, search, surfaces
from lrlib.ask import ask
from lrlib.descend import Outcome, descend, outcome
from lrlib.lab import lab
from lrlib.path import Path
from lrlib.recording import Recording
from lrlib.source import source
from lrlib.trials import trials
from lrlib.words import use

__all__ = [
    "Outcome",
    "Path",
    "Recording",
    "ask",
    "curvature",
    "descend",
    "lab",
    "networks",
    "optimizers",
    "outcome",
    "schedules",
    "search",
    "source",
    "surfaces",
    "trials",
    "use",
]
