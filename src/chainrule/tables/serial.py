"""Encodings of columns and scales of targets, to plain data and back."""

from __future__ import annotations

from chainrule.engine.blocks import BLOCKS
from chainrule.tables.encoder import Encoder, LeftOut, View
from chainrule.tables.encodings import Category, Date, Days, Number, Scale
from chainrule.tables.field import Field
from chainrule.tables.schema import Nothing, Schema
from chainrule.tables.targets import TargetScale
from chainrule.tables.texts import Text
from chainrule.tables.vectors import Vector
from chainrule.tables.written import dates, numbers
from chainrule.values import Codec

#: Every frozen value that an encoder is made of.
ENCODINGS = Codec(
    [
        Encoder, LeftOut, View, Number, Category, Date, Days, Text, Vector, Scale, *BLOCKS, TargetScale, Schema,
        Nothing, Field,
        numbers.WrittenNumber, dates.WrittenDate,
    ]
)  # fmt: skip
