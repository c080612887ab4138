"""What training is chosen by, to plain data and back: optimisers, schedules, averages, and the network's values."""

from __future__ import annotations

from typing import Any

from chainrule.network import serial
from chainrule.training.averaging import EMA, SWA
from chainrule.training.optimisers import OPTIMISERS
from chainrule.training.schedules import SCHEDULES
from chainrule.values import Codec

KINDS: list[type[Any]] = [*OPTIMISERS.values(), *SCHEDULES, EMA, SWA]

#: Every frozen value that an estimator takes as a parameter.
CONFIGURATION = Codec([*serial.KINDS, *KINDS], serial.NAMES)
