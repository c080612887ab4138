"""What happens when the process forks: a child has the forking thread only, and the locks as all threads held them.

Whatever another thread was in the middle of, nobody in the child will ever end. A lock is therefore taken before the
fork and let go behind it, on both sides, or is made anew in the child.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import cached_property
from threading import RLock


def around(before: Callable[[], object], in_parent: Callable[[], object], in_child: Callable[[], object]) -> None:
    """Call these before each fork and behind it, where there are forks."""
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(before=before, after_in_parent=in_parent, after_in_child=in_child)


def in_child(call: Callable[[], object]) -> None:
    """Call this in every child."""
    around(lambda: None, lambda: None, call)


def _renew() -> None:
    """Locks of cached properties, one for all instances, in which a thread may have been binding or compiling."""
    for name, module in list(sys.modules.items()):
        kinds = vars(module).values() if name.startswith("chainrule.") else ()
        for kind in [one for one in kinds if isinstance(one, type)]:
            for value in vars(kind).values():
                if isinstance(value, cached_property):
                    vars(value)["lock"] = RLock()


if sys.version_info < (3, 12):  # from which on they have none
    in_child(_renew)
