"""`python -m benchmarks.tables`."""

import sys

from benchmarks.tables.command import main

if __name__ == "__main__":  # the processes of the runs import this file, too
    main(sys.argv[1:])
