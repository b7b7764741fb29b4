"""What the README shows is what one gets."""

import doctest
from pathlib import Path


def test_every_example_of_the_readme_gives_what_it_shows():
    readme = Path(__file__).parent.parent / "README.md"
    found = doctest.testfile(str(readme), module_relative=False, encoding="utf-8")
    assert found.attempted >= 20 and found.failed == 0, "run the examples of README.md and put in what they print"
