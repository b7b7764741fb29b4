"""What `make bench` prints: the mathematics', the figure's and the probe's speed, the page's weight, the build's time.

    python bench/run.py             everything
    python bench/run.py figure      one part: mathematics, probe, figure, weight or build

The figure and the weight are measured on the built site (`make book` first), the build in a copy of
the checkout, so that the site on disk stays as it is.
"""

import sys

import build
import figure
import mathematics
import probe
import weight

PARTS = {
    "mathematics": mathematics.report,
    "probe": probe.report,
    "figure": figure.report,
    "weight": weight.report,
    "build": build.report,
}


def main(names: list[str]) -> None:
    unknown = [name for name in names if name not in PARTS]
    if unknown:
        sys.exit(f"unknown part {unknown[0]!r}; known: {', '.join(PARTS)}")
    for name in names or PARTS:
        for line in PARTS[name]():
            print(line, flush=True)
        print()


if __name__ == "__main__":
    main(sys.argv[1:])
