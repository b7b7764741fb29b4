"""Learning rates: the mathematics of the book and its figure."""

from lrlib import curvature, optimizers, surfaces
from lrlib.ask import ask
from lrlib.descend import Path, descend
from lrlib.lab import lab
from lrlib.source import source
from lrlib.words import use

__all__ = ["Path", "ask", "curvature", "descend", "lab", "optimizers", "source", "surfaces", "use"]
