"""What was vendored is what its README says."""

import hashlib
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
READMES = sorted(path for path in ROOT.glob("*/vendor/**/README.md"))


@pytest.mark.parametrize("readme", READMES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_vendored_script_has_the_checksum_in_its_readme(readme):
    scripts = sorted(readme.parent.rglob("*.min.js"))
    sums = {hashlib.sha256(script.read_bytes()).hexdigest() for script in scripts}
    told = set(re.findall(r"\b[0-9a-f]{64}\b", readme.read_text(encoding="utf-8")))
    assert sums <= told, f"{readme} must give the SHA-256 of {[script.name for script in scripts]}"
