"""The `chainrule` command, also as `python -m chainrule`."""

from __future__ import annotations

import io
import sys

from chainrule.errors import MissingExtraError

#: What asks for no more than what there is.
HELP = ("-h", "--help")


def main() -> None:
    """Run the command. Where click is not installed, say what there is without it, or what the command needs."""
    try:
        from chainrule.cli.main import run
    except ModuleNotFoundError as error:
        if error.name != "click":
            raise
        if all(word in HELP for word in sys.argv[1:]):
            from chainrule.cli.first_words import first_words

            print(first_words(commands=False))
            return
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
