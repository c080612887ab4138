"""What `chainrule` says of itself when nothing else is asked: a screen of ways to begin. Without click, too."""

from __future__ import annotations

from chainrule import __version__

#: A table of one's own, from training to predictions.
OWN = (
    "chainrule train data.csv --target COLUMN -o my.model --report my.html",
    "chainrule evaluate my.model test.csv",
    "chainrule predict my.model new.csv -o predictions.csv",
)

_COMMANDS = (
    (
        "See it learn in seconds: a table that is here already, scores, a report",
        ("chainrule demo",),
    ),
    ("Train on a table of your own (CSV, Parquet, Arrow), score, predict", OWN),
    (
        "Put a claim of the textbooks to the test; alone, `chainrule lab` lists them",
        ("chainrule lab vanishing",),
    ),
    (
        "Touch a network as it learns, in a page with lessons",
        ("chainrule playground",),
    ),
    (
        "All commands (explain, serve, ...) and exit codes, and the options of one",
        ("chainrule --help", "chainrule train --help"),
    ),
)

#: The same in Python, which needs no more than the package.
PYTHON = (
    "from chainrule import TableClassifier, datasets",
    "adult = datasets.load_adult()",
    'model = TableClassifier(preset="fast", verbose=True)',
    "model.fit(adult.columns, adult.target)",
)

_WITHOUT_CLICK = (
    ("The command line is an extra; then `chainrule` says more", ("pip install 'chainrule[cli]'",)),
    ("In Python all is there, with a table to try it on", PYTHON),
    ("What a class can do", ("python -m pydoc chainrule.TableClassifier",)),
)


def first_words(commands: bool = True) -> str:
    """At most 24 lines of 80 columns.

    Parameters
    ----------
    commands : whether there are commands: they need click

    Returns
    -------
    the text

    Examples
    --------
    >>> from chainrule.cli.first_words import first_words
    >>> "chainrule demo" in first_words(), "pip install" in first_words(commands=False)
    (True, True)
    """
    lines = [f"chainrule {__version__}: neural networks for tables, trained on a CPU"]
    for what, ways in _COMMANDS if commands else _WITHOUT_CLICK:
        lines += ["", what, *(f"    {way}" for way in ways)]
    return "\n".join(lines)
