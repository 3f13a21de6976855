"""What README and the package's own words show is what happens."""

import doctest
from pathlib import Path

import memsh


def test_readme_and_docstring_are_true():
    readme = Path(__file__).parents[3] / "README.md"
    failed, tried = doctest.testfile(str(readme), module_relative=False)
    assert tried >= 2 and not failed
    failed, tried = doctest.testmod(memsh)
    assert tried >= 2 and not failed
