"""The `chainrule` command, also as `python -m chainrule`."""

from __future__ import annotations

import io
import sys

from chainrule.errors import MissingExtraError


def main() -> None:
    """Run the command, or say what it needs where click is not installed."""
    try:
        from chainrule.cli.main import run
    except ModuleNotFoundError as error:
        if error.name != "click":
            raise
        needed = MissingExtraError("chainrule", "the package click", "none", "pip install 'chainrule[cli]'")
        print(needed, file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:  # while its own modules are read
        print("chainrule: interrupted", file=sys.stderr)
        sys.exit(130)
    if sys.stdout is None:
        print("chainrule: standard output is closed. Open it, or send it to a file.", file=sys.stderr)
        sys.exit(2)
    if isinstance(sys.stdout, io.TextIOWrapper):  # a terminal that cannot write a name shows its numbers
        sys.stdout.reconfigure(errors="backslashreplace")
    sys.exit(run())


if __name__ == "__main__":
    main()
