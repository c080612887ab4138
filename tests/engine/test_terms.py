"""The first product of coded rows by terms: the same as of the expanded ones, forward and backward."""

import numpy as np
import pytest

from chainrule import GLU, Dense, Dropout, Embedding, LayerNorm, Mixup, Network, Residual, Rows, Trainer, losses
from chainrule.engine.blocks import UNBOUNDED, Clip, Code, Curve, Levels, Missing, Smooth
from chainrule.engine.expansion import Coded, Expansion
from chainrule.engine.kernels import Kernel, load
from chainrule.engine.plans import Sharing, plans
from chainrule.engine.terms import TURNED, WORTHWHILE
from chainrule.training.streamed import Piece, Streamed

ROWS = 53


def bins(source, count, height=0.5):
    """Bins of a number from -1 to 1 that fill up one after another; the ends go on beyond."""
    edges = np.linspace(-1, 1, count + 1).astype(np.float32).astype(float)
    low, high = np.zeros(count), np.full(count, height)
    low[0], high[-1] = -height, 2 * height
    return Clip(source, *map(tuple, (edges[:-1], height / np.diff(edges), low, high)))


#: name -> blocks of column 0, which is a number, or a code where the name says so.
BLOCKS = {
    "bins": (bins(0, 24),),
    "two bins": (bins(0, 2), bins(0, 30)),
    "line": (Clip(0, (0.1,), (2.0,), (-UNBOUNDED,), (UNBOUNDED,)), bins(0, 30)),
    "clips that overlap": (Clip(0, (0.0, 0.1), (0.5, 2.0), (-1.0, 0.0), (1.0, 3.0)), bins(0, 60)),
    "smooth": (Smooth(0, 0.5, 2.0, 3.0), bins(0, 30)),
    "missing": (bins(0, 30), Missing(0)),
    "curves": (Curve(0, (-2.0, 0.5, 6.0), (1.0, -1.0, 3.0)), Curve(0, (0.0, 3.0), (0.5, 0.5), 3.0), bins(0, 40)),
    "levels, a code": (Levels(0, 9),),
}


def rows_of(name, generator):
    """Compact rows: column 0, a number more, and two codes."""
    values = generator.normal(size=(ROWS, 4)).astype(np.float32)
    if name.endswith("code"):
        values[:, 0] = generator.integers(-1, 10, ROWS)
    values[:5, 0] = [np.nan, -50, 50, 1, -1]
    values[:, 1][::7] = np.nan
    values[:, 2], values[:, 3] = generator.integers(-1, 4, ROWS), generator.integers(0, 6, ROWS)
    return values


def coded(name, codes, generator):
    blocks = [*BLOCKS[name], bins(1, 30, 1.0), *([Code(2), Code(3)] if codes else [])]
    return Coded(rows_of(name, generator), Expansion(blocks, [-1.0 if name.endswith("code") else 0.25, 0.0, -1, -1]))


def passed(network, X, terms, parts=1):
    """What a step gives: the loss, and the gradients."""
    generator = np.random.default_rng(5)
    made = plans(
        network, network.init(3), {"rows": ROWS}, "train", losses.get("squared_error"),
        Sharing(parts, (parts,)), terms=terms,
    )  # fmt: skip
    run = made.run(ROWS)
    if terms is None:
        X.toarray(run.arrays["x"])
    else:
        X.locate(run.arrays["places"], run.arrays["shares"], run.arrays["x"])
    run.arrays["y"][...] = generator.normal(size=run.arrays["y"].shape)
    run.arrays["w"][...] = 1
    run.arrays["total"][...] = 0
    with made.team() as team:
        run(team)
    return run.arrays["total"].copy(), made.each[0].gradients.vector.copy()


FRONTS = {"dense": [Dense(7, "tanh")], "gate": [GLU(5, "gelu")], "norm": [Dense(6), LayerNorm()]}


@pytest.mark.parametrize("which", ["numba", "numpy"])
@pytest.mark.parametrize("codes", [False, True], ids=["", "codes"])
@pytest.mark.parametrize("name", BLOCKS)
@pytest.mark.parametrize("front", FRONTS)
def test_terms_are_the_product(front, name, codes, which, monkeypatch):
    monkeypatch.setenv("CHAINRULE_KERNELS", which)
    X = coded(name, codes, np.random.default_rng(0))
    embedding = [Embedding([4, 6], [2, 3])] if codes else []
    network = Network([*embedding, *FRONTS[front], Dense(2)], X.expansion.width)
    terms = X.expansion.terms
    assert (terms.inputs, terms.codes) == (X.expansion.width - 2 * codes, 2 * codes)
    expected, found = passed(network, X, None), passed(network, X, terms)
    np.testing.assert_allclose(found[0], expected[0], rtol=1e-5)
    np.testing.assert_allclose(found[1], expected[1], rtol=1e-4, atol=1e-4 * np.abs(expected[1]).max())


def test_parts_of_a_team_come_to_the_same():
    X = coded("missing", True, np.random.default_rng(0))
    network = Network([Embedding([4, 6], [2, 3]), Dense(40, "tanh"), Dense(2)], X.expansion.width)
    alone, shared = (passed(network, X, X.expansion.terms, parts) for parts in (1, 2))
    np.testing.assert_allclose(shared[0], alone[0], rtol=1e-6)
    np.testing.assert_allclose(shared[1], alone[1], rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("name", BLOCKS)
def test_both_kernel_sets_find_the_same_terms(name, monkeypatch):
    X, found = coded(name, True, np.random.default_rng(1)), []
    for which in ("numba", "numpy"):
        monkeypatch.setenv("CHAINRULE_KERNELS", which)
        terms = X.expansion.terms
        places, shares = np.full((ROWS, terms.count), -1, np.int32), np.full((ROWS, terms.count), 9, np.float32)
        codes = np.full((ROWS, 2), -9, np.float32)
        load(Kernel("expand"), np.dtype(np.float32), which)(shares, X.values, *terms.plain)
        load(Kernel("locate"), np.dtype(np.float32), which)(places, shares, codes, X.values, *terms.located)
        found.append((np.where(shares == 0, 0, places), shares, codes))
        assert ((places >= 0) & (places < terms.inputs)).all()
    for one, other in zip(*found, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("units", [1, 7, 64])
def test_kernels_have_twins(units, dtype):
    generator = np.random.default_rng(2)
    inputs, terms = 131, 9
    how = np.array([generator.random(inputs) < 0.9, generator.random(inputs)], dtype)
    how[0, 0] = 0
    W, dz = generator.normal(size=(units, inputs + 3)).astype(dtype), generator.normal(size=(ROWS, units)).astype(dtype)
    places = generator.integers(0, inputs, (ROWS, terms)).astype(np.int32)
    shares = generator.normal(size=(ROWS, terms)).astype(dtype)
    found = []
    for which in ("numba", "numpy"):
        run = {name: load(Kernel(name), np.dtype(dtype), which) for name in (
            "running_sums", "add_terms", "terms_backward", "running_sums_backward",
        )}  # fmt: skip
        sums, fresh, added = np.full(inputs * units, 9, dtype), np.full((ROWS, units), 9, dtype), dz.copy()
        by_sums, dW = np.full((2, inputs * units), 9, dtype), np.full(W.shape, 9, dtype)
        run["running_sums"](sums, W, how)
        run["add_terms"](fresh, places, shares, sums, 1)
        run["add_terms"](added, places, shares, sums, 0)
        run["terms_backward"](dz, places, shares, by_sums[0])
        run["terms_backward"](fresh, places, shares, by_sums[1])
        run["running_sums_backward"](dW, by_sums, how)
        found.append((sums, fresh, added, by_sums, dW))
    tolerance = 1e-4 if dtype is np.float32 else 1e-11
    for one, other in zip(*found, strict=True):
        np.testing.assert_allclose(one, other, rtol=tolerance, atol=tolerance * np.abs(other).max())
    assert (found[0][4][:, inputs:] == 9).all()  # columns behind the terms are another's


def test_a_clip_fills_up_where_bins_follow_each_other():
    whole = bins(0, 4)
    assert whole.fills_up and whole.terms == 2
    moved = (whole.origin[0], whole.origin[1] + 0.01, *whole.origin[2:])
    for other in (
        Clip(0, (0.0,), (1.0,), (0.0,), (1.0,)),
        Clip(0, moved, whole.slope, whole.low, whole.high),
        Clip(0, whole.origin, whole.slope, (0.0, -0.1, 0.0, 0.0), whole.high),
        Clip(0, whole.origin, whole.slope, whole.low, (0.5, 0.4, 0.5, 0.5)),
        Clip(0, whole.origin, (*whole.slope[:1], -1.0, *whole.slope[2:]), whole.low, whole.high),
    ):
        assert not other.fills_up
        assert other.terms == other.width


def test_terms_are_taken_where_they_pay():
    network = Network([Dense(3), Dense(1)], 2 * WORTHWHILE)
    just, not_yet, many = (Expansion([bins(0, count)], [0.0]) for count in (13, 12, 4 * WORTHWHILE))
    rows = 13 * TURNED + 1

    def taken(expansion, layers, rows=rows):
        X = Coded(np.zeros((4, len(expansion.fills)), np.float32), expansion)
        return Rows(X, np.zeros((4, 1), np.float32)).terms(Network(layers, expansion.width), rows)

    assert taken(just, [Dense(3), Dense(1)]) is just.terms
    assert taken(just, [GLU(3), Dense(1)]) is just.terms
    for layers in ([Dropout(0.5), Dense(1)], [Residual([Dense(3)]), Dense(1)], [LayerNorm(), Dense(1)]):
        assert taken(just, layers) is None
    assert taken(not_yet, [Dense(3), Dense(1)]) is None
    assert taken(many, [Dense(3)], 2 * TURNED + 1) is many.terms  # half of its inputs are spared
    assert taken(many, [Dense(3)], 2 * TURNED) is None
    behind, before = Expansion([bins(0, 60), Code(1)], [0.0, -1]), Expansion([Code(1), bins(0, 60)], [0.0, -1])
    assert taken(behind, [Embedding([3], [2]), Dense(1)]) is behind.terms
    assert taken(behind, [Dense(1)]) is behind.terms
    assert taken(behind, [Embedding([3, 3], [2, 2]), Dense(1)]) is None  # one of which is a bin
    assert taken(before, [Dense(1)]) is None  # inputs behind a code are counted from the code on
    assert Rows(np.zeros((4, network.inputs), np.float32), np.zeros((4, 1), np.float32)).terms(network, rows) is None


def trained(X, monkeypatch, terms=True, **options):
    monkeypatch.setattr("chainrule.engine.terms.TURNED", 0)  # else batches so small are quicker without
    if not terms:
        monkeypatch.setattr(Rows, "terms", lambda self, network, rows: None)
    y = np.nan_to_num(X.values[:, :1] * X.values[:, 1:2])
    embedding = [Embedding([4, 6], [2, 3])] if X.expansion.terms.codes else []
    network = Network([*embedding, Dense(16), LayerNorm(), Dense(1)], X.expansion.width)
    trainer = Trainer(network, "squared_error", seed=0, **options)
    for _ in range(4):
        loss = trainer.epoch(Rows(X, y), batch_size=10).loss
    monkeypatch.undo()
    return loss, trainer.parameters.vector


@pytest.mark.parametrize("options", [{}, {"n_members": 3}, {"mixup": Mixup(0.2)}], ids=["", "members", "mixup"])
def test_training_ends_where_it_does_without_terms(options, monkeypatch):
    X = coded("missing", "mixup" not in options, np.random.default_rng(0))
    X = Coded(np.nan_to_num(X.values, nan=0.3), X.expansion)
    by_terms, expanded = trained(X, monkeypatch, **options), trained(X, monkeypatch, terms=False, **options)
    np.testing.assert_allclose(by_terms[0], expanded[0], rtol=1e-3)
    np.testing.assert_allclose(by_terms[1], expanded[1], rtol=1e-2, atol=1e-3)
    assert (by_terms[1] == trained(X, monkeypatch, **options)[1]).all()  # the same bits


def test_streamed_rows_come_as_terms(monkeypatch):
    monkeypatch.setattr("chainrule.engine.terms.TURNED", 0)
    X, taken = coded("missing", True, np.random.default_rng(0)), []
    y = np.nan_to_num(X.values[:, :1])
    network = Network([Embedding([4, 6], [2, 3]), Dense(16), LayerNorm(), Dense(1)], X.expansion.width)

    class Source:
        rows, expansion = ROWS, X.expansion

        def pieces(self, generator):
            yield Piece(X.values, y, None)

    for data in (Rows(X, y), Streamed(Source(), Piece(X.values[:8], y[:8], None))):
        assert data.terms(network, 10) is X.expansion.terms
        trainer = Trainer(network, "squared_error", seed=0, shuffle=False)
        taken.append([trainer.epoch(data, batch_size=10).loss for _ in range(3)])
    np.testing.assert_array_equal(*taken)
