"""Model files of strangers, put together byte by byte."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from chainrule.files import digest
from chainrule.formats.document import DTYPES, Document

NAMES = {dtype: name for name, dtype in DTYPES.items()}


class ByHand:
    """What a person of ill will can write."""

    @staticmethod
    def raw(header: object, body: bytes = b"", length: int | None = None) -> bytes:
        """A file of this header (an object, or a text as it is), whatever it says."""
        text = (header if isinstance(header, str) else json.dumps(header)).encode()
        return (len(text) if length is None else length).to_bytes(8, "little") + text + body

    @staticmethod
    def about(content: object, arrays: Mapping[str, Any], **other: str) -> dict[str, str]:
        """Metadata whose digest is right, unless `other` says otherwise."""
        text = other.get("model", json.dumps(content))
        form = {"format": "chainrule-model", "version": "1", "model": text, "digest": digest(arrays, text)}
        return {**form, **other}

    @classmethod
    def parts(cls, document: Document) -> tuple[dict[str, Any], bytes]:
        """Header and body of a document, with a right digest."""
        header: dict[str, Any] = {"__metadata__": cls.about(document.model, document.arrays)}
        body = b""
        for name, array in document.arrays.items():
            places = [len(body), len(body) + array.nbytes]
            header[name] = {"dtype": NAMES[array.dtype], "shape": list(array.shape), "data_offsets": places}
            body += array.tobytes()
        return header, body


@pytest.fixture(scope="session")
def by_hand() -> type[ByHand]:
    return ByHand
