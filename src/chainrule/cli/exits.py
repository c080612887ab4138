"""How a command can end: a number for scripts, and a paragraph for the user."""

from __future__ import annotations

import re

import click

from chainrule import errors, files

WELL, INTERNAL, USAGE, DATA, MODEL_FILE, DIVERGED, FOUND, INTERRUPTED = 0, 1, 2, 3, 4, 5, 6, 130

MEANINGS = {
    WELL: "all went well",
    INTERNAL: "a defect of chainrule; `check` finds it unsound, or the claim of a `lab` does not hold",
    USAGE: "options or a configuration that cannot be used; a missing package; a cluster that does not do the work",
    DATA: "a table that cannot be read or written, or what is in it",
    MODEL_FILE: "a model file that is missing, broken or of another kind",
    DIVERGED: "training diverged; a model of the best epoch is written",
    FOUND: "`diagnose` found something as bad as --fail-on says, or worse",
    INTERRUPTED: "interrupted; `train` writes the model of the best epoch",
}

#: Where an error stands whose cause is an option that became a parameter of an estimator.
_PARAMETER = re.compile(r"Table\w+\(\w+=\)")


def judged(error: BaseException) -> tuple[int, str]:
    """The exit code of what was raised, and what to say of it."""
    match error:
        case click.ClickException():
            return error.exit_code, _asked(error)
        case click.Abort() | KeyboardInterrupt():
            return INTERRUPTED, "interrupted"
        case errors.ModelFileError():
            return MODEL_FILE, str(error)
        case errors.DivergenceError():
            return DIVERGED, str(error)
        case errors.MissingExtraError() | errors.ClusterError():
            return USAGE, str(error)
        case errors.InputError() | errors.InputTypeError():
            return USAGE if _PARAMETER.match(error.args[0]) else DATA, str(error)
        case OSError():
            mend = "Make room." if error.errno in files.NO_ROOM else "Check the path and the rights to it."
            return DATA, f"{error.filename or 'standard output, or a file'}: {error.strerror or error}. {mend}"
        case errors.TooLargeError():
            return DATA, str(error)
        case MemoryError():
            return DATA, "the table does not fit in memory. Give fewer rows or columns."
    return INTERNAL, (
        f"{type(error).__name__}: {error}. This is a defect of chainrule, not of yours: CHAINRULE_DEBUG=1 shows where "
        "it happened; please report that."
    )


def _asked(error: click.ClickException) -> str:
    """What click found wrong, and where help stands."""
    said = error.format_message()
    context = error.ctx if isinstance(error, click.UsageError) else None
    return f"{said} See '{context.command_path} --help'." if context else said
