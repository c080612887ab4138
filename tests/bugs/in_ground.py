"""Bugs on the ground floor: checks of numbers, values as data, files, errors, the textbook, memory."""

from bug import Bug

BUGS = [
    # Checks of numbers
    Bug(
        "checks.py",
        "number <= self.high",
        "number < self.high",
        "tests/ground/test_checks.py",
        "the upper end of a closed interval is refused",
    ),
    Bug(
        "checks.py",
        "value == math.inf",
        "math.isinf(value)",
        "tests/ground/test_checks.py",
        "minus infinity passes where infinity does",
    ),
    Bug(
        "checks.py",
        "(value is None and one.default is None)",
        "value is None",
        "tests/ground/test_checks.py",
        "None passes for numbers that have another default",
    ),
    Bug(
        "checks.py",
        '")" if self.open_high else "]"',
        '")" if self.open_low else "]"',
        "tests/ground/test_checks.py",
        "an error shows the upper end of an interval as the lower one is",
    ),
    # Values as data
    Bug(
        "values.py",
        "value if math.isfinite(value) else",
        "value if not math.isnan(value) else",
        "tests/ground/test_values.py",
        "infinity is written as it is, which JSON does not have",
    ),
    Bug(
        "values.py",
        " and not isinstance(pair[0], dict)",
        "",
        "tests/ground/test_values.py",
        "a dict as a key ends in Python's TypeError, not in ours",
    ),
    Bug(
        "values.py",
        "isinstance(value, int) and not isinstance(value, bool) and",
        "isinstance(value, int) and",
        "tests/ground/test_values.py",
        "true and false are read as numbers",
    ),
    # Files
    Bug(
        "files.py",
        "{array.dtype} {array.shape}",
        "{array.dtype}",
        "tests/ground/test_files.py",
        "the digest does not cover shapes",
    ),
    Bug(
        "files.py",
        "os.path.realpath(place)",
        "os.path.abspath(place)",
        "tests/ground/test_files.py",
        "a link is replaced by a file",
    ),
    Bug(
        "files.py",
        "error.filename == str(passing)",
        "error.filename == str(place)",
        "tests/ground/test_files.py",
        "an error names the hidden file, not the one that was asked for",
    ),
    # Errors
    Bug(
        "errors.py",
        "get_close_matches(str(name).lower(), small, n=1)",
        "get_close_matches(str(name), small, n=1)",
        "tests/ground/test_errors.py",
        "a name in capitals is not answered with the nearest one",
    ),
    # The textbook
    Bug(
        "plain.py",
        "(a > 0).astype",
        "(a >= 0).astype",
        "tests/test_plain.py",
        "units that are off have a slope of 1",
    ),
    Bug(
        "plain.py",
        "W.shape[1] != width or b.shape != W.shape[:1]",
        "W.shape[1] != width",
        "tests/test_plain.py",
        "a bias of another shape is spread over all units",
    ),
    # Memory
    Bug(
        "memory.py",
        "resource.getrlimit(kind)[0]",
        "resource.getrlimit(kind)[1]",
        "tests/ground/test_memory.py",
        "the hard limit of the process is read, not the one in force",
    ),
    Bug(
        "memory.py",
        '"MemAvailable:"',
        '"MemFree:"',
        "tests/ground/test_memory.py",
        "what the system keeps in its caches counts as taken",
    ),
]
