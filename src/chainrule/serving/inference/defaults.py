"""How much a request may ask for where nobody says otherwise; the help of the command shows it without a server."""

from __future__ import annotations

BODY = 4 << 20  # bytes
ROWS = 10_000
COLUMNS = 2_000
TEXT = 10_000  # characters
DEPTH = 8
REQUESTS = 64
SECONDS = 30.0
READING = 10.0  # seconds
HELD = 256 << 20  # bytes
BACKGROUND = 100  # rows
EVALUATIONS = 1_000_000  # rows
