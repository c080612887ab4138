"""The first product of coded rows, x @ W', as a few terms a row: most inputs of a row are 0, or as high as they go.

Of the bins of a number those below it are full, those above it are empty, and one is in between. With running sums of W
over the bins, S_k = h (W_0 + ... + W_k) where h is the height of a full one, all of them together come to
(1 - f) S_{k-1} + f S_k, bin k being filled to f: two rows are added, in place of 128 multiplied. Of the levels of a
category one is 1: one row. Whatever another block makes is a term of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.engine.blocks import Block, Clip, Code, Levels

Array = NDArray[Any]

#: Inputs to a term, from which on terms are quicker than the product; and rows of a product that takes as long as to
#: sum W and turn its gradient back, which every batch does, however few its rows: docs/decisions/engine.md.
WORTHWHILE, TURNED = 6, 64
#: What kernels know a clip of bins that fill up by; other blocks by their kind.
FILLS_UP = 6


class Terms:
    """What a row's inputs come to in a product: rows of running sums of W, and how much of each.

    Parameters
    ----------
    blocks : of an expansion
    program, fills, constants : what it is expanded by

    Attributes
    ----------
    inputs : that terms stand for: all but codes
    count : terms of a row
    codes : codes of a row
    sums : by input, whether its running sum goes on from that of the input before, and what its row of W is times
    spared : how many inputs fewer a product would have that takes as long
    plain : what `expand` takes to fill in shares that are an input each
    located : what `locate` takes to fill in the others, places and codes
    """

    def __init__(self, blocks: Sequence[Block], program: Array, fills: Array, constants: Array) -> None:
        self.inputs = self.count = self.codes = 0
        goes_on: list[float] = []
        heights: list[float] = []
        plain, located, in_order = [], [], True
        for block, (kind, source, start, stop, first) in zip(blocks, program.tolist(), strict=True):
            if isinstance(block, Code):
                located.append((kind, source, start, stop, first, self.codes))
                self.codes += block.width
                continue
            in_order = in_order and start == self.inputs  # codes stand last
            full = block.high[0] if isinstance(block, Clip) and block.fills_up else 0.0
            fills_up = full > 0
            located.append((FILLS_UP if fills_up else kind, source, start, stop, first, self.count))
            if not (fills_up or isinstance(block, Levels)):
                plain.append((kind, source, self.count, self.count + block.width, first))
            self.count += block.terms
            self.inputs += block.width
            goes_on += [0.0, *[float(fills_up)] * (block.width - 1)]
            heights += [full or 1.0] * block.width
        self.sums = tuple(goes_on), tuple(heights)
        self.spared = self.inputs - WORTHWHILE * self.count
        self._in_order = in_order
        self.plain = np.array(plain, np.int64).reshape(-1, 5), fills, constants
        self.located = np.array(located, np.int64).reshape(-1, 6), fills, constants

    def stand_for(self, codes: int) -> bool:
        """Whether they are all inputs in front of so many codes at least, which a network reads as they are."""
        return self._in_order and codes <= self.codes

    def pay(self, rows: int) -> bool:
        """Whether batches of so many rows are quicker by them."""
        return rows * self.spared > TURNED * self.inputs
