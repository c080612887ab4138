"""The playground: a network that one can touch, on the real engine, behind messages that any page can send."""

from chainrule.playground.session import Session
from chainrule.playground.settings import Hidden, Settings

__all__ = ["Hidden", "Session", "Settings"]
