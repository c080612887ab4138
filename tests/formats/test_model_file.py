"""The form itself: what is written is read, and every size is held against the others before memory is taken."""

import json
import tracemalloc

import numpy as np
import pytest
from safetensors.numpy import load_file

from chainrule.errors import InputError, InputTypeError, ModelFileError
from chainrule.formats import header, model_file, strict_json
from chainrule.formats.document import DTYPES, LIMITS, Document, Limits

ARRAYS = {
    "a": np.arange(6.0).reshape(2, 3),
    "b": np.float32([1, 2]),
    "c": np.arange(3),
    "none": np.zeros((0, 4)),
    "one": np.array(7.0),
    **{f"of {name}": np.ones((2, 1), dtype) for name, dtype in DTYPES.items()},
}
MODEL = {"says": "schön", "list": [1, 2.5, None, True, {"deep": []}]}


def test_what_is_written_is_read(tmp_path):
    model_file.write(tmp_path / "m", Document(MODEL, ARRAYS))
    again = model_file.read(tmp_path / "m")
    assert again.model == MODEL
    assert {name: (a.dtype, a.shape) for name, a in again.arrays.items()} == {
        name: (a.dtype, a.shape) for name, a in ARRAYS.items()
    }
    for name, array in load_file(tmp_path / "m").items():  # what others read of it
        np.testing.assert_array_equal(array, ARRAYS[name])
        np.testing.assert_array_equal(array, again.arrays[name])
    again.arrays["a"][0, 0] = 5  # nobody else's memory


def test_inspect_gives_all_but_the_arrays(tmp_path):
    model_file.write(tmp_path / "m", Document(MODEL, ARRAYS))
    listing = model_file.inspect(tmp_path / "m")
    assert (listing.version, listing.model) == (header.VERSION, MODEL)
    assert {name: (t.dtype, t.shape, t.nbytes) for name, t in listing.tensors.items()} == {
        name: (a.dtype, a.shape, a.nbytes) for name, a in ARRAYS.items()
    }


@pytest.mark.parametrize(
    "document",
    [
        Document({"x": float("nan")}, {}),
        Document({"x": {1, 2}}, {}),
        Document({}, {"a": np.array([np.inf])}),
        Document({}, {"a": np.array([1 + 1j])}),
        Document({"x": "x" * (LIMITS.header_bytes + 1)}, {}),
        Document({"x": [[]] * (LIMITS.values + 1)}, {}),
        Document({"x": 10**50}, {}),
    ],
    ids=range(7),
)
def test_what_could_not_be_read_again_is_not_written(document, tmp_path):
    with pytest.raises(InputError):
        model_file.write(tmp_path / "m", document)
    assert not list(tmp_path.iterdir())


def test_a_file_is_read_by_name_only(tmp_path):
    for place, said in ((tmp_path, "received a folder"), (tmp_path / "none", "no such file")):
        with pytest.raises(ModelFileError, match=said):
            model_file.read(place)


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_folder_is_not_replaced(tmp_path, overwrite):
    with pytest.raises(InputError, match="received .*, a folder"):
        model_file.write(tmp_path, Document(MODEL, ARRAYS), overwrite)


@pytest.mark.parametrize("path", [None, 3, ["m"]])
def test_what_is_no_path_is_refused(path):
    with pytest.raises(InputTypeError, match=r"^save\(path\): expected a path"):
        model_file.write(path, Document(MODEL, ARRAYS))
    with pytest.raises(InputTypeError, match=r"^load\(path\): expected a path"):
        model_file.read(path)


def test_a_file_that_may_not_be_read_is_refused(tmp_path, monkeypatch):
    (tmp_path / "m").write_bytes(b"0" * 100)

    def denied(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(model_file, "open", denied, raising=False)
    with pytest.raises(ModelFileError, match="Permission denied"):
        model_file.read(tmp_path / "m")


@pytest.mark.parametrize("cut", [0, 1, 7, 8, 9, 100, -1, -50])
def test_a_file_that_is_not_whole_is_refused(cut, tmp_path):
    content = model_file.content_of(Document(MODEL, ARRAYS))
    (tmp_path / "m").write_bytes(content[:cut])
    with pytest.raises(ModelFileError):
        model_file.read(tmp_path / "m")


def test_every_changed_byte_of_the_arrays_is_found(tmp_path):
    content = bytearray(model_file.content_of(Document({}, {"a": np.arange(4.0)})))
    for place in range(len(content) - 32, len(content)):
        content[place] ^= 1
        (tmp_path / "m").write_bytes(content)
        with pytest.raises(ModelFileError):
            model_file.read(tmp_path / "m")
        content[place] ^= 1


HUGE = 2**60
F64 = {"dtype": "F64", "shape": [2], "data_offsets": [0, 16]}
TWO = {"a": np.zeros(2)}
#: name -> (what changes in the header of one array "a" of 16 bytes, what is said)
FORMS = {
    "huge shape": ({"a": {**F64, "shape": [HUGE, HUGE]}}, "bytes for F64"),
    "huge shape of nothing": ({"a": {**F64, "shape": [HUGE] * 9}}, "up to 8 sizes"),
    "places beyond the file": ({"a": {**F64, "shape": [HUGE], "data_offsets": [0, 8 * HUGE]}}, "arrays"),
    "overlap": ({"b": F64}, "begin at 16"),
    "gap": ({"a": {**F64, "data_offsets": [8, 24]}}, "begin at 0"),
    "too little": ({"a": {**F64, "shape": [1], "data_offsets": [0, 8]}}, "8 bytes"),
    "turned round": ({"a": {**F64, "data_offsets": [16, 0]}}, "bytes for F64"),
    "below 0": ({"a": {**F64, "data_offsets": [-16, 0]}}, "none below 0"),
    "negative shape": ({"a": {**F64, "shape": [-1, -2]}}, "none below 0"),
    "unknown type": ({"a": {**F64, "dtype": "F16"}}, "one of"),
    "type of another kind": ({"a": {**F64, "dtype": ["F64"]}}, "a text"),
    "size of another kind": ({"a": {**F64, "shape": [2.0]}}, "whole numbers"),
    "truth value": ({"a": {**F64, "shape": [2, True]}}, "whole numbers"),
    "unknown field": ({"a": {**F64, "dtyp": 1}}, "Did you mean 'dtype'"),
    "no form": ({"a": 5}, "an object"),
}


@pytest.mark.parametrize("name", FORMS)
def test_forms_that_do_not_fit_are_refused(name, by_hand, tmp_path):
    change, said = FORMS[name]
    header = {"__metadata__": by_hand.about({}, TWO), "a": F64, **change}
    (tmp_path / "m").write_bytes(by_hand.raw(header, bytes(16)))
    with pytest.raises(ModelFileError, match=said):
        model_file.read(tmp_path / "m")


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"format": "pt"}, "save"),
        ({"version": str(header.VERSION + 1)}, "update chainrule"),
        ({"version": "0"}, "whole number"),
        ({"version": "1.0"}, "whole number"),
        ({"version": "9" * 5000}, "whole number"),
        ({"digest": "0"}, "digest"),
        ({"modle": "0"}, "Did you mean 'model'"),
        ({"model": "[]"}, "an object"),
        ({"model": "{"}, "model file"),
        ({"model": '{"a": 1, "a": 2}'}, "twice"),
        ({"model": '{"a": NaN}'}, "NaN"),
        ({"model": '{"a": 1e999}'}, "too large"),
        ({"model": '{"a": %s}' % ("9" * 50)}, "digits"),
        ({"model": "[" * 100_000}, "inside one another"),
    ],
)
def test_metadata_that_cannot_be_is_refused(other, said, by_hand, tmp_path):
    header = {"__metadata__": by_hand.about({}, TWO, **other), "a": F64}
    (tmp_path / "m").write_bytes(by_hand.raw(header, bytes(16)))
    with pytest.raises(ModelFileError, match=said):
        model_file.read(tmp_path / "m")


def test_numbers_that_are_not_finite_are_refused(by_hand, tmp_path):
    for bad in (np.nan, np.inf):
        header, body = by_hand.parts(Document({}, {"a": np.array([1, bad])}))
        (tmp_path / "m").write_bytes(by_hand.raw(header, body))
        with pytest.raises(ModelFileError, match="finite"):
            model_file.read(tmp_path / "m")


MEGABYTE = 1 << 20
BOMBS = {
    "length": (b"\xff" * 8 + bytes(100), LIMITS, 1),
    "length above the limit": ((LIMITS.header_bytes + 1).to_bytes(8, "little") + bytes(MEGABYTE), LIMITS, 1),
    "file above the limit": (bytes(MEGABYTE), Limits(file_bytes=1000), 1),
    "depth": ("[" * MEGABYTE, LIMITS, 4),
    "depth of objects": ('{"a":' * MEGABYTE, LIMITS, 12),
    "lists": ("[" + "[]," * 2 * MEGABYTE, LIMITS, 16),
    "quotes": ('{"' + '\\"' * 2 * MEGABYTE, LIMITS, 40),
    "open escape": ('{"' + '\\"' * 2 * MEGABYTE + "\\", LIMITS, 40),
    "commas": ("[0" + ",0" * 5 * MEGABYTE, LIMITS, 40),
}


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.slow] * (name in ("lists", "commas"))) for name in BOMBS]
)
def test_little_memory_is_taken_before_a_file_is_refused(name, by_hand, tmp_path):
    content, limits, bound = BOMBS[name]
    (tmp_path / "m").write_bytes(content if isinstance(content, bytes) else by_hand.raw(content))
    del content
    tracemalloc.start()
    try:
        with pytest.raises(ModelFileError):
            model_file.read(tmp_path / "m", limits)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < bound * MEGABYTE


def test_a_whole_file_takes_little_more_memory_than_its_size(tmp_path):
    model_file.write(tmp_path / "m", Document({}, {"a": np.zeros(MEGABYTE), "b": np.zeros(MEGABYTE)}))
    tracemalloc.start()
    try:
        model_file.read(tmp_path / "m")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 1.3 * 16 * MEGABYTE


def test_json_of_strangers_is_read_as_any_other():
    text = json.dumps(MODEL | {"quotes": 'a"[{\\"', "number": -1.5e-7})
    assert strict_json.parse(text, LIMITS) == json.loads(text)
    assert strict_json.parse('{"a": "]]]]", "b": [[1]]}', Limits(depth=3)) == {"a": "]]]]", "b": [[1]]}
