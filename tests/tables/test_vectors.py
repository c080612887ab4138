"""Columns of lists: which are vectors, how they are read wherever they come from, and what a model learns of them."""

import decimal
import pickle

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from chainrule import Model, TableClassifier, TableRegressor, load, to_onnx
from chainrule.engine.blocks import Clip, Missing
from chainrule.errors import InputError
from chainrule.tables import column, frames, lists, survey
from chainrule.tables.column import Column, join, words
from chainrule.tables.describe import columns_of
from chainrule.tables.encodings import Number
from chainrule.tables.field import Field
from chainrule.tables.files import open_file
from chainrule.tables.learn import Said, Seen
from chainrule.tables.schema import Nothing
from chainrule.tables.serial import ENCODINGS
from chainrule.tables.vectors import Vector, encode

NAN = np.nan
CELLS = [[1, 2.5, 3], None, [4, None, 6], [7, 8, -9]]
VALUES = [[1, 2.5, 3], [NAN] * 3, [4, NAN, 6], [7, 8, -9]]
F32, F64 = pa.float32(), pa.float64()

FORMS = {
    "a dict of lists": lambda cells: {"v": cells},
    "a dict of objects": lambda cells: {"v": np.array(cells, object)},
    "rows": lambda cells: [{"v": cell} for cell in cells],
    "pandas": lambda cells: pd.DataFrame({"v": cells}),
    "pandas of arrays": lambda cells: pd.DataFrame({"v": [c if c is None else np.array(c, float) for c in cells]}),
    "pandas of Arrow": lambda cells: pd.DataFrame({"v": pd.Series(cells, dtype=pd.ArrowDtype(pa.list_(F64)))}),
    "polars": lambda cells: pl.DataFrame({"v": pl.Series(cells, dtype=pl.List(pl.Float64), strict=False)}),
    "arrow": lambda cells: pa.table({"v": pa.array(cells, pa.list_(F32))}),
    "large": lambda cells: pa.table({"v": pa.array(cells, pa.large_list(F64))}),
    "views": lambda cells: pa.table({"v": pa.array(cells, pa.list_view(F64))}),
    "chunks": lambda cells: pa.table({"v": pa.chunked_array([pa.array([c], pa.list_(F64)) for c in cells])}),
    "a slice": lambda cells: pa.table({"v": pa.array([[0, 0], *cells, None], pa.list_(F64))}).slice(1, len(cells)),
}
FIXED = {
    "polars arrays": lambda cells: pl.DataFrame(
        {
            "v": pl.Series(
                [c and [None if x is None else float(x) for x in c] for c in cells], dtype=pl.Array(pl.Float64, 3)
            )
        }
    ),
    "arrow of a size": lambda cells: pa.table({"v": pa.array([None, *cells], pa.list_(F64, 3)).slice(1)}),
}


@pytest.mark.parametrize("form", FORMS | FIXED)
def test_lists_of_one_length_are_vectors_in_every_form(form):
    found = frames.table((FORMS | FIXED)[form](CELLS))["v"]
    assert found.storage == "vectors" and found.values.dtype == np.float64
    np.testing.assert_array_equal(found.values, VALUES)
    assert found.missing.tolist() == [False, True, False, False]


@pytest.mark.parametrize("dtype", [np.float64, np.float16, np.int8, np.uint64])
def test_an_array_of_two_dimensions_in_a_dict_is_vectors(dtype):
    found = frames.table({"v": np.array([[1, 2], [3, 4], [5, 6]], dtype), "n": [1, 2, 3]})["v"]
    assert found.storage == "vectors" and found.values.tolist() == [[1, 2], [3, 4], [5, 6]]


def test_numbers_within_lists_may_be_of_any_type():
    money = pa.array([[decimal.Decimal("1.5"), None], None], pa.list_(pa.decimal128(5, 2)))
    np.testing.assert_array_equal(frames.table(pa.table({"v": money}))["v"].values, [[1.5, NAN], [NAN, NAN]])
    half = pa.array([np.array([0.5, 2], np.float16)], pa.list_(pa.float16()))
    np.testing.assert_array_equal(frames.table(pa.table({"v": half}))["v"].values, [[0.5, 2]])
    mixed = frames.table({"v": [(1, decimal.Decimal("0.5"), np.float32(2), pd.NA)]})["v"]
    np.testing.assert_array_equal(mixed.values, [[1, 0.5, 2, NAN]])


def test_what_stands_below_a_null_is_not_read():
    hidden = pa.ListArray.from_arrays(
        pa.array([0, 2, 5, 7], pa.int32()), pa.array([1.0, 2, 9, 9, 9, 3, 4]), mask=pa.array([False, True, False])
    )
    np.testing.assert_array_equal(frames.table(pa.table({"v": hidden}))["v"].values, [[1, 2], [NAN, NAN], [3, 4]])


def test_a_list_of_nothing_but_gaps_is_missing():
    found = lists.column(np.array([2, 3]), np.array([1.0, 2.0, NAN, NAN, NAN]))
    np.testing.assert_array_equal(found.values, [[1, 2], [NAN, NAN]])
    assert lists.column(np.array([2, 3]), np.array([1.0, 2.0, NAN, 4.0, NAN])).storage == "lists"


OTHERS = {
    "texts": [["a", "b"], ["c", "d"]],
    "truth values": [[True, False], [True, True]],
    "lists": [[[1.0], [2.0]], [[3.0], [4.0]]],
}


@pytest.mark.parametrize("what", OTHERS)
@pytest.mark.parametrize("make", [dict, pd.DataFrame, pl.DataFrame, pa.table])
def test_lists_of_other_things_stay_unread_and_say_what_they_are(what, make, learned):
    X = make({"v": OTHERS[what], "n": [1, 2]})
    assert frames.table(X)["v"].storage == "unread"
    with pytest.raises(
        InputError, match=r"column 'v': expected numbers, .* or lists of as many numbers each; received (?i:list)"
    ):
        learned(X)
    assert learned(X, {"v": "leave out"}).used == ("n",)


def test_arrays_of_more_dimensions_and_lists_beside_numbers_stay_unread(learned):
    for cells, message in ((np.zeros((2, 3, 4)), "arrays of 2 dimensions"), ([[1, 2], 3], "lists beside other cells")):
        with pytest.raises(InputError, match=message):
            learned({"v": cells})


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ([[1, 2], None, [1, 2, 3], [4]], "a list of 3 in row 2 behind one of 2"),
        ([None, [1, 2], [], [1, 2]], "a list of 0 in row 2 behind one of 2"),
        ([None, [], [1, 2], [1, 2]], "a list of 0 in row 1 before all others"),
    ],
)
def test_lists_of_different_lengths_are_told_with_their_row(form, cells, message, learned):
    whole = frames.table(FORMS[form](cells))
    for parts in ([whole], [whole.take(np.arange(k, k + 1)) for k in range(4)]):
        with pytest.raises(InputError, match=f"column 'v': expected .*; received {message}"):
            learned(parts)


# columns of vectors


def vectors(*rows):
    return Column("vectors", np.array(rows, np.float64))


def test_parts_of_one_length_are_joined_and_others_are_only_lists():
    a, b = vectors([1, 2], [3, 4]), vectors([NAN, NAN], [5, 6])
    both = join([a, b])
    np.testing.assert_array_equal(both.values, [[1, 2], [3, 4], [NAN, NAN], [5, 6]])
    nothing = [words([None]), frames.table(pa.table({"v": pa.array([None], pa.list_(F64))}))["v"]]
    np.testing.assert_array_equal(join([nothing[0], a, nothing[1]]).values, [[NAN, NAN], [1, 2], [3, 4], [NAN, NAN]])
    uneven = join([b, vectors([1, 2, 3]), words([None])])
    assert uneven.storage == "lists" and uneven.values.tolist() == [-1, 2, 3, -1]
    assert uneven.missing.tolist() == [True, False, False, True]
    assert join([uneven, a]).values.tolist() == [-1, 2, 3, -1, 2, 2]
    mixed = join([a, Column("numbers", np.array([1.0]))])
    assert (mixed.storage, len(mixed), mixed.levels) == ("unread", 3, ("lists beside other cells",))


def test_vectors_are_taken_by_rows_and_are_no_words():
    found = vectors([1, 2], [3, 4], [NAN, 5]).take(np.array([2, 0]))
    np.testing.assert_array_equal(found.values, [[NAN, 5], [1, 2]])
    assert (found.row(0), found.lengths.tolist()) == (2, [2, 2])
    with pytest.raises(InputError, match="lists of numbers"):
        found.as_words()


def test_the_schema_says_how_many_numbers(learned):
    (field,) = learned({"v": CELLS}).schema.fields
    assert (field.kind, field.width, field.why, field.example) == ("vector", 3, "vectors of 3 numbers", "[1, 2.5, 3]")
    (long,) = learned({"v": np.arange(8.0).reshape(2, 4)}).schema.fields
    assert long.example == "[0, 1, 2, ...]"
    assert learned({"v": [[1], [2]]}).schema.fields[0].why == "vectors of 1 number"


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        ([[1, 2], [1, 2]], "constant"),
        ([[1, 2], [2, 1]], "vector"),
        ([[0.0, NAN], [-0.0, -NAN]], "constant"),
        ([[1, NAN], [NAN, 1]], "vector"),
        ([[1, 2], None], "vector"),
        ([None, None], "constant"),
    ],
)
def test_the_same_vector_in_every_row_is_left_out(cells, kind, learned):
    assert learned({"v": cells, "n": [1, 2]}).schema.by_name["v"].kind == kind


def test_parts_of_lists_and_of_numbers_are_neither(learned):
    parts = [frames.table({"v": [[1, 2]]}), frames.table({"v": [3.0]})]
    for given in (parts, parts[::-1]):
        with pytest.raises(InputError, match="lists beside other cells"):
            learned(given)


@pytest.mark.parametrize("said", ["number", "category", "date", "text"])
def test_a_vector_is_only_said_to_be_in_an_encoding_of_numbers(said, learned):
    with pytest.raises(InputError, match="for a column of vectors"):
        learned({"v": CELLS}, {"v": said})
    assert learned({"v": CELLS}, {"v": "piecewise"}).schema.fields[0].kind == "vector"


FIELD = Field("v", "vector", width=3)


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ([None, [1, 2]], r"^X, column 'v', row 1: expected a list of 3 numbers, as in fit; received one of 2"),
        ([[1, 2, 3], [1, 2, 3, 4]], r"row 1: expected a list of 3 numbers, as in fit; received one of 4"),
        ([None, 3.0], r"row 1: expected a list of 3 numbers, as in fit; received a column of numbers"),
        (["NA", "x"], r"row 1: .*; received a column of words"),
        ([["a", "b", "c"]], r"^X, column 'v': expected lists of 3 numbers, as in fit; received lists of str"),
        ([[1, 2, 3], [1, NAN, np.inf]], r"row 1: expected finite numbers"),
    ],
)
def test_other_cells_are_refused_with_their_row(cells, message):
    with pytest.raises(InputError, match=message):
        FIELD.read(frames.table({"v": cells})["v"], ("", "NA"), "X")


@pytest.mark.parametrize("cells", [[None, None], ["NA", ""], [[NAN, NAN], None], [NAN, NAN]])
def test_a_column_of_nothing_is_one_of_missing_vectors(cells):
    found, _ = FIELD.read(frames.table({"v": cells})["v"], ("", "NA"), "X")
    np.testing.assert_array_equal(found.values, np.full((2, 3), NAN))


def test_some_rows_of_uneven_lists_are_refused():
    uneven = frames.table({"v": [[1, 2, 3], [1]]})["v"]
    with pytest.raises(InputError, match="received lists of different lengths"):
        FIELD.read(uneven.take(np.array([0])), ("",), "X")


def test_a_column_of_other_cells_takes_no_lists():
    for kind in ("number", "category", "boolean", "date", "text"):
        with pytest.raises(InputError, match="column 'v': expected numbers, .*; received lists of numbers"):
            Field("v", kind).read(frames.table({"v": CELLS})["v"], ("",), "X")
        nothing = frames.table(pa.table({"v": pa.array([None], pa.list_(F64, 3))}))["v"]
        if kind != "date":
            assert Field("v", kind).read(nothing, ("",), "X")[0].missing.all()


def test_fields_that_are_none_are_refused():
    for more in ({"kind": "vector"}, {"kind": "vector", "width": -1}, {"kind": "number", "width": 2}):
        with pytest.raises(InputError, match="kind of column"):
            Field("v", **more)


def test_vectors_are_no_target():
    X, v = {"n": np.arange(60.0)}, np.random.default_rng(0).normal(size=(60, 2))
    for model in (TableClassifier(), TableRegressor()):
        with pytest.raises(InputError, match="target 'v'"):
            model.fit({**X, "v": v}, "v")


# their encoding


def test_each_entry_is_a_number_in_its_scale():
    values = np.random.default_rng(0).normal([0, 5, -3], [1, 10, 0.1], (500, 3))
    found = encode("v", values)
    assert (found.kind, found.compact, found.feature_names()) == ("vector", 3, ["v[0]", "v[1]", "v[2]"])
    assert [type(block) for block in found.blocks(2)] == [Clip] * 3 and [b.source for b in found.blocks(2)] == [2, 3, 4]
    for k, number in enumerate(found.numbers):
        np.testing.assert_array_equal(found.code(vectors(*values))[:, k], number.of_values(values[:, k])[:, 0])
    curved = encode("v", values, "piecewise")
    assert curved.compact == 6 == len(curved.fills())
    for k, number in enumerate(curved.numbers):
        np.testing.assert_array_equal(
            curved.code(vectors(*values))[:, 2 * k : 2 * k + 2], number.of_values(values[:, k])
        )


def test_inputs_have_mean_0_and_deviation_1_and_stay_finite(fitted):
    values = np.random.default_rng(0).normal([0, 5, -3], [1, 10, 0.1], (500, 3))
    found = fitted({"v": values})
    x = found.code(frames.table({"v": values}), "X").toarray()
    np.testing.assert_allclose(x.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(x.std(axis=0), 1, atol=1e-5)
    far = found.code(frames.table({"v": np.array([[1e300, -1e300, NAN]])}), "X").toarray()
    assert np.isfinite(far).all()


def test_one_indicator_tells_of_a_missing_vector_and_others_of_missing_entries():
    blocks = encode("v", np.array(VALUES)).blocks(0)
    assert [block.source for block in blocks if isinstance(block, Missing)] == [0, 1]  # entry 1 by itself, too
    assert [
        b.source for b in encode("v", np.array([VALUES[0], VALUES[1], VALUES[3]])).blocks(0) if isinstance(b, Missing)
    ] == [0]
    whole = encode("v", np.array([VALUES[0], VALUES[3]]))
    assert not any(isinstance(block, Missing) for block in whole.blocks(0))


@pytest.mark.parametrize("how", ["standard", "robust", "quantile", "piecewise", "log", "cyclic"])
def test_an_entry_may_be_constant_or_empty(how, fitted):
    table = {"v": np.array([[1.0, 2, NAN], [2.0, 2, NAN], [4.0, 2, NAN]] * 9)}
    found = fitted(table, said={"v": how})
    assert len(found.feature_names()) == found.expansion.width == len(set(found.feature_names()))
    assert np.isfinite(found.code(frames.table(table), "X").toarray()).all()


def test_what_is_said_of_numbers_does_not_hold_for_vectors_unless_they_are_named(fitted):
    table = {"v": np.random.default_rng(0).normal(size=(90, 2))}
    assert fitted(table) == fitted(table, said={"v": "standard"})
    assert fitted(table).encodings == fitted(table, how="quantile").encodings
    assert fitted(table, said={"v": "quantile"}) != fitted(table)


def test_an_encoding_is_plain_data_and_one_that_is_none_is_refused(fitted):
    found = fitted({"v": CELLS})
    numbers = []
    data = ENCODINGS.out("encoder", found, numbers)
    assert ENCODINGS.back("encoder", data, np.array(numbers)) == found
    number = found.encodings[0].numbers[0]
    for wrong in ((), (number, number), (Number("a", number.scale, 0.0, ()),), (1,)):
        with pytest.raises(InputError, match="numbers named"):
            Vector("v", wrong)
    data["encodings"][0]["numbers"].pop()
    with pytest.raises(InputError, match="vectors of one length"):
        ENCODINGS.back("encoder", data, np.array(numbers))


def test_a_look_at_an_encoder_tells_of_vectors(fitted):
    (told,) = columns_of(fitted({"v": CELLS}))
    assert (told["kind"], told["why"], told["inputs"]) == ("vector", "vectors of 3 numbers", 5)
    assert told["encoding"] == "clip, missing"


# the same from everywhere


@pytest.fixture(scope="module")
def rows():
    """Vectors of which the sign of a dot product is the target, with gaps, beside a number that says nothing."""
    draw = np.random.default_rng(0)
    v = draw.normal(draw.normal(size=8), draw.uniform(0.1, 10, 8), (3000, 8)).astype(np.float32)
    y = np.where((v - v.mean(axis=0)) / v.std(axis=0) @ draw.normal(size=8) > 0, "above", "below")
    v[::50] = NAN
    v[1::70, 2] = NAN
    return v, draw.normal(size=3000), y


def cells_of(v):
    return [None if np.isnan(row).all() else [None if x != x else x for x in row.tolist()] for row in v]


def arrow_of(v, n):
    return pa.table({"v": pa.array(cells_of(v), pa.list_(F32)), "n": n})


def forms(v, n, folder):
    """Every form of them, and its parts."""
    whole = arrow_of(v, n)
    held = {
        "an array": {"v": v, "n": n},
        "pandas": pd.DataFrame({"v": cells_of(v), "n": n}),
        "polars": pl.DataFrame({"v": pl.Series(cells_of(v), dtype=pl.List(pl.Float32)), "n": n}),
        "polars arrays": pl.DataFrame({"v": pl.Series(cells_of(v), dtype=pl.Array(pl.Float32, 8)), "n": n}),
        "arrow": whole,
    }
    for name, X in held.items():
        yield name, [frames.table(X)], frames.table(X)
    for size in (700, 1 << 20):
        pq.write_table(whole, folder / f"{size}.parquet", row_group_size=size)
        with pa.ipc.new_file(folder / f"{size}.arrow", whole.schema) as writer:
            writer.write_table(whole, max_chunksize=size)
        for ending in ("parquet", "arrow"):
            file = open_file(folder / f"{size}.{ending}")
            yield f"{size}.{ending}", list(file.parts()), file.read()


def test_schema_and_codes_are_the_same_everywhere(rows, tmp_path, learned, fitted):
    v, n, _ = rows
    expected = fitted({"v": v, "n": n})
    codes = expected.code(frames.table({"v": v, "n": n}), "X").values
    for name, parts, whole in forms(v, n, tmp_path):
        assert learned(parts).schema == expected.schema, name
        assert fitted(whole) == expected, name
        np.testing.assert_array_equal(expected.code(whole, name).values, codes, name)
        np.testing.assert_array_equal(np.vstack([expected.code(part, name).values for part in parts]), codes, name)


def test_a_model_learns_the_sign_of_a_dot_product(rows, tmp_path):
    v, n, y = rows
    model = TableClassifier(preset="fast", random_state=0).fit({"v": v[:2000], "n": n[:2000]}, y[:2000])
    rest = {"v": v[2000:], "n": n[2000:]}
    assert model.score(rest, y[2000:]) > 0.95
    assert model.importances(rest, y[2000:], n_repeats=1, random_state=0)[0][0] == "v"
    assert model.attributions(rest).shape == (1000, 2)
    p = model.predict_proba(rest)
    for name, _, whole in forms(v[2000:], n[2000:], tmp_path):
        np.testing.assert_array_equal(model.predict_proba(whole), p, name)
    model.save(tmp_path / "model")
    np.testing.assert_array_equal(load(tmp_path / "model").predict_proba(rest), p)
    np.testing.assert_array_equal(Model.load(tmp_path / "model").predict_proba(rest), p)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(model)).predict_proba(rest), p)
    one = {"v": cells_of(v)[2001], "n": n[2001]}
    np.testing.assert_allclose(model.predict_proba([one]), p[1:2], atol=1e-6)
    with pytest.raises(InputError, match=r"row 1: expected a list of 8 numbers, as in fit; received one of 7"):
        model.predict({"v": v[:, :7], "n": n})
    with pytest.raises(InputError, match=r"received a column of numbers"):
        model.predict({"v": n, "n": n})


def test_a_file_is_learned_in_parts_and_from_memory_alike(rows, tmp_path):
    v, n, y = rows
    path = tmp_path / "t.parquet"
    pq.write_table(arrow_of(v, n).append_column("y", pa.array(y)), path, row_group_size=700)
    held, parts = (
        TableClassifier(preset="fast", memory=memory, random_state=0, max_iter=12, numbers="piecewise").fit(path, "y")
        for memory in (1 << 40, 1)
    )
    assert parts.encoder_ == held.encoder_
    assert parts.score({"v": v, "n": n}, y) > 0.9
    broken = arrow_of(v, n).set_column(0, "v", pa.array([*cells_of(v)[:-5], *[[1.0] * 7] * 5], pa.list_(F32)))
    pq.write_table(broken.append_column("y", pa.array(y)), path, row_group_size=700)
    for memory in (1 << 40, 1):
        with pytest.raises(InputError, match="column 'v': .* a list of 7 in row 2995 behind one of 8"):
            TableClassifier(preset="fast", memory=memory).fit(path, "y")
    with pytest.raises(InputError, match="row 2995: expected a list of 8 numbers"):
        held.predict(path)


def test_vectors_count_in_the_size_of_a_file(tmp_path):
    wide = pa.table({"v": pa.array(np.zeros((100, 50)).tolist(), pa.list_(F64)), "n": range(100)})
    pq.write_table(wide, tmp_path / "t.parquet", row_group_size=30)
    assert open_file(tmp_path / "t.parquet").raw_bytes() >= 100 * 51 * 8
    pq.write_table(wide.select(["n"]), tmp_path / "n.parquet")
    assert open_file(tmp_path / "n.parquet").raw_bytes() == 800


def test_a_survey_refuses_a_target_of_lists_later(tmp_path):
    pq.write_table(pa.table({"v": CELLS, "n": range(4)}), tmp_path / "t.parquet", row_group_size=1)
    found = survey.survey(open_file(tmp_path / "t.parquet"), "v", Said({}, Nothing()), 0)
    assert found.rows == 4 and isinstance(found.seen, Seen)


@pytest.mark.parametrize("how", ["standard", "piecewise", "robust", "cyclic"])
def test_a_graph_takes_vectors_as_one_input(rows, how):
    v, n, y = rows
    model = TableClassifier(preset="fast", max_iter=2, columns={"v": how}, random_state=0).fit({"v": v, "n": n}, y)
    strange = np.concatenate([v[:60], np.full((1, 8), 1e9), np.full((1, 8), -1e30)])
    onnx, runtime = pytest.importorskip("onnx"), pytest.importorskip("onnxruntime")
    graph = to_onnx(model)
    shapes = {one.name: one.type.tensor_type.shape.dim[1].dim_value for one in graph.graph.input}
    assert shapes == {"v": 8, "n": 1} and graph.graph.input[0].type.tensor_type.elem_type == onnx.TensorProto.DOUBLE
    session = runtime.InferenceSession(graph.SerializeToString(), providers=["CPUExecutionProvider"])
    for some in (strange, v[:1], v[1:2]):
        fed = {"v": some.astype(np.float64), "n": np.zeros((len(some), 1))}
        found = session.run(["probabilities"], fed)[0]
        expected = model.predict_proba({"v": some, "n": np.zeros(len(some))})
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_a_graph_of_long_vectors_is_no_longer_than_one_of_short_ones():
    y, sizes = np.arange(80) % 2, []
    for length in (4, 200):
        v = np.random.default_rng(0).normal(size=(80, length))
        model = TableClassifier(preset="fast", max_iter=1, random_state=0).fit({"v": v}, y)
        sizes.append(len(to_onnx(model).graph.node))
    assert sizes[0] == sizes[1]


def test_the_text_of_a_vector_shows_its_first_numbers():
    assert column.vector_text(np.array([0.5, 2, NAN])) == "[0.5, 2, nan]"
    assert column.vector_text(np.array([0.5, 2, NAN, 1])) == "[0.5, 2, nan, ...]"
