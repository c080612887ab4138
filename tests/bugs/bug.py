"""What a planted bug is."""

from typing import NamedTuple


class Bug(NamedTuple):
    """A mistake that somebody could make in one place.

    Attributes
    ----------
    file : below src/chainrule
    right, wrong : a text that stands once in the file, and what takes its place
    tests : the nearest tests, as arguments of pytest: a file, or a file and `-k` with a word
    says : what is wrong then
    missed : why no test can see it, where that is known
    """

    file: str
    right: str
    wrong: str
    tests: str
    says: str
    missed: str = ""
