"""Texts as nodes: split into words, which a table numbers; words and pairs are found by `TfIdfVectorizer`.

`StringNormalizer` has no part in it: it needs a locale, which not every machine has.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np

from chainrule.formats.onnx.graph import Graph, concatenated
from chainrule.tables.texts import Text
from chainrule.tables.written.words import END, MARKS

#: The standard operators that split and join strings, and the form of a file that has them.
OPSET, IR_VERSION = 20, 9


def codes(g: Graph, text: Text, nothing: Collection[str], x: str) -> str:
    """The codes of texts, as the encoding gives them, float32 of shape (rows, most); one that is none is `text.count`.

    Parameters
    ----------
    g : the graph
    text : the encoding
    nothing : words that stand for a missing text
    x : strings of shape (rows, 1)
    """
    g.needs(OPSET, IR_VERSION)
    pieces = _pieces(g, x)
    missing = g.op("Or", _is_one_of(g, {*nothing, ""}, x), _empty(g, pieces))
    none, found = g.number(float(text.count)), []
    if text.terms:
        present = g.op("And", g.op("Greater", _counts(g, text, pieces), g.number(0.0)), g.op("Not", missing))
        found.append(g.op("Where", present, g.floats(np.arange(len(text.terms))), none))
    if text.absent:
        found.append(g.op("Where", missing, g.number(float(len(text.terms))), none))
    return g.first("TopK", concatenated(g, found), g.whole(text.most), axis=1, largest=0, sorted=1)


def _pieces(g: Graph, x: str) -> str:
    """What stands between spaces, line by line, strings of shape (rows, lines, pieces); `END` after each line."""
    end = g.constant(np.array([f" {END}"]))  # no text is empty then, and no pair stands in two lines
    lines = g.first("StringSplit", g.op("StringConcat", g.op("Reshape", x, g.whole(-1)), end), delimiter="\n")
    return g.first("StringSplit", g.op("StringConcat", lines, end), delimiter=" ")


def _is_one_of(g: Graph, words: Collection[str], x: str) -> str:
    return g.cast(_numbered(g, dict.fromkeys(sorted(words), 1), x), np.bool_)


def _empty(g: Graph, pieces: str) -> str:
    """Whether a text has spaces only, (rows, 1)."""
    blank = _numbered(g, {"": 0, END: 0}, g.op("Reshape", pieces, g.whole(0, -1)), other=1)
    return g.op("Equal", g.op("ReduceMax", blank, g.whole(1)), g.number(0, np.int64))


def _counts(g: Graph, text: Text, pieces: str) -> str:
    """How often each term stands in each text, float32 of shape (rows, terms)."""
    for mark in MARKS:
        parts = g.first("StringSplit", pieces, delimiter=mark, maxsplit=1)
        pieces = g.op("Squeeze", g.op("Slice", parts, g.whole(0), g.whole(1), g.whole(-1)), g.whole(-1))
    vocabulary = text.vocabulary
    words = _numbered(g, vocabulary.spellings(), g.op("Reshape", pieces, g.whole(0, -1)))
    by_length = [[(pair, code) for code, pair in enumerate(vocabulary.pairs) if len(pair) == n] for n in (1, 2)]
    most = 2 if by_length[1] else 1
    return g.op(
        "TfIdfVectorizer", words, mode="TF", min_gram_length=1, max_gram_length=most, max_skip_count=0,
        pool_int64s=[number for terms in by_length for pair, _ in terms for number in pair],
        ngram_counts=[0, len(by_length[0])][:most], ngram_indexes=[code for terms in by_length for _, code in terms],
    )  # fmt: skip


def _numbered(g: Graph, numbers: Mapping[str, int], x: str, other: int = 0) -> str:
    """Strings as the whole numbers that they stand for."""
    return g.op(
        "LabelEncoder", x, domain="ai.onnx.ml", keys_strings=list(numbers), values_int64s=list(numbers.values()),
        default_int64=other,
    )  # fmt: skip
