"""Bugs in the command line."""

from bug import Bug

BUGS = [
    Bug(
        "cli/diagnose.py",
        "findings.at_least(fail_on)",
        'findings.at_least("error" if fail_on == "warning" else fail_on)',
        "tests/cli/test_diagnose.py",
        "--fail-on warning is taken for error",
    ),
    Bug(
        "cli/train.py",
        '{"diverged": exits.DIVERGED,',
        '{"diverged": exits.INTERNAL,',
        "tests/cli/test_train.py",
        "a training that diverged ends with the code of a defect",
    ),
    Bug(
        "cli/exits.py",
        "return USAGE, str(error)",
        "return DATA, str(error)",
        "tests/cli/test_lab.py",
        "a missing package ends with the code of bad data",
    ),
    Bug(
        "cli/exits.py",
        "USAGE if _PARAMETER.match(error.args[0]) else DATA",
        "DATA",
        "tests/cli/test_words.py",
        "an option that the estimator refuses ends with the code of bad data",
    ),
    Bug(
        "cli/lab.py",
        "exits.INTERNAL if chosen.broken(result)",
        "exits.FOUND if chosen.broken(result)",
        "tests/cli/test_lab.py",
        "a claim that does not hold ends with the code of diagnose",
    ),
    Bug(
        "cli/main.py",
        "            return exits.WELL\n",
        "            return exits.DATA\n",
        "tests/cli/test_tables.py",
        "a reader that has read enough of the output is an error",
    ),
    Bug(
        "cli/shared.py",
        "path.is_dir() or (path.exists() and not force)",
        "path.exists() and not force",
        "tests/cli/test_words.py",
        "with --force a folder as output is found out only after the work",
    ),
    Bug(
        "cli/config.py",
        "if values[name] not in (None, ())}",
        "if values[name]}",
        "tests/cli/test_words.py",
        "--print-config leaves out settings that are 0 or false",
    ),
    Bug(
        "cli/evaluate.py",
        'f"{where}, row {column.first + row}"',
        'f"{where}, row {row}"',
        "tests/cli/test_tables.py",
        "an unknown class in a later part of a file is told with the wrong row",
    ),
    Bug(
        "cli/predict.py",
        "found = [*kept, *predictions(made, part, proba, threads)]",
        "found = [*predictions(made, part, proba, threads), *kept]",
        "tests/cli/test_tables.py",
        "columns to keep stand behind the predictions, not in front",
    ),
    Bug(
        "cli/outputs.py",
        "return arrow.array(stamps, column.missing)",
        "return arrow.array(stamps)",
        "tests/cli/test_tables.py",
        "a missing date that is kept is written as the first day of 1970",
    ),
    Bug(
        "cli/tables.py",
        ".at(first + start)",
        ".at(start)",
        "tests/cli/test_tables.py",
        "rows of a long part are counted from its beginning, not that of the file",
    ),
    Bug(
        "cli/task.py",
        "min(MOST, max(2, len(column) // ROWS_EACH))",
        "max(MOST, len(column) // ROWS_EACH)",
        "tests/cli/test_task.py",
        "a target of very many whole numbers is taken for classes",
    ),
    Bug(
        "cli/describe.py",
        "enumerate(losses, 1)",
        "enumerate(losses)",
        "tests/cli/test_inspect.py",
        "the best epoch is told one too low",
    ),
]
