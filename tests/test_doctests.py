"""The examples in the docstrings are tests, each run as it is copied: nothing is imported before it."""

import doctest
from importlib import import_module
from pathlib import Path

import pytest

import chainrule

ROOT = Path(chainrule.__file__).parent
MODULES = [
    ".".join(["chainrule", *file.relative_to(ROOT).with_suffix("").parts]).removesuffix(".__init__")
    for file in sorted(ROOT.rglob("*.py"))
    if ">>>" in file.read_text()
]


@pytest.mark.parametrize("name", MODULES)
def test_examples(name):
    report: list[str] = []
    runner = doctest.DocTestRunner()
    for example in doctest.DocTestFinder(exclude_empty=True).find(import_module(name), globs={}):
        runner.run(example, out=report.append)
    assert runner.summarize(verbose=False).attempted > 0
    assert not report, "".join(report)
