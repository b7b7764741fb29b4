"""What `import lrlib` brings along, and what it leaves for later."""

import subprocess
import sys

#: Each takes longer to import than all of lrlib; `make bench` shows how long that takes.
LATER = ["matplotlib", "scipy", "autograd", "numba", "tqdm", "pandas", "distributed", "sklearn", "platformdirs", "threadpoolctl", "torch"]


def test_importing_lrlib_loads_nothing_heavy():
    code = f"import sys, lrlib; print(*[name for name in {LATER} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not done.stdout.strip(), "import it inside the function that needs it"


def test_all_that_the_book_imports_comes_with_one_line():
    code = "from lrlib import descend, optimizers, schedules, surfaces, curvature, search, outcome, lab, ask, use"
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True)
