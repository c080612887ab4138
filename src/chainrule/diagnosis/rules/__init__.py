"""Rules: what can be wrong with a network, its data or its training, each as data."""

from __future__ import annotations

from chainrule.diagnosis.rules.after import AFTER
from chainrule.diagnosis.rules.before import BEFORE
from chainrule.diagnosis.rules.during import DURING
from chainrule.diagnosis.rules.tables import TABLES

RULES = (*BEFORE, *DURING, *AFTER, *TABLES)
