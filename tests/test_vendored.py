"""What was vendored is what its README says, or its list of checksums."""

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


@pytest.mark.parametrize("sums", sorted(ROOT.glob("site/**/SHA256SUMS")), ids=lambda path: path.parent.name)
def test_every_file_has_the_checksum_in_the_list(sums):
    listed = dict(reversed(line.split(maxsplit=1)) for line in sums.read_text().splitlines())
    found = {f"./{file.name}": hashlib.sha256(file.read_bytes()).hexdigest() for file in sums.parent.iterdir()}
    assert {name: found[name] for name in listed} == listed
    assert set(found) - set(listed) == {"./SHA256SUMS", "./ORIGIN.md"}
