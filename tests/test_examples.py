"""What the examples claim, on smaller forms of them."""

from dataclasses import replace
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parent.parent / "examples"


@pytest.fixture(scope="module", autouse=True)
def examples():
    """Examples import one another as scripts do."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(EXAMPLES))
        yield


@pytest.mark.parametrize("name", ["dropout", pytest.param("noise", marks=pytest.mark.slow)])
def test_mnist_learns_from_few_rows(name, examples, capsys):
    import mnist

    X, y = mnist.load("train")
    recipe = replace(mnist.RECIPES[name], epochs=5, members=2)
    members = list(recipe.fit(X[:3000], y[:3000], seed=0))
    assert "member 2, epoch   5: loss" in capsys.readouterr().out
    assert mnist.error(members, X[-2000:], y[-2000:]) < 0.1


@pytest.fixture(scope="module")
def adult(examples):
    import regularisation

    return regularisation.load()


def sweep(name, values, adult, **model):
    import regularisation

    whole = getattr(regularisation, name)
    found = replace(whole, values=values, model={**whole.model, **model}).run(*adult, seeds=1)
    whole_sentence = whole.sentence(found[values[0]], found[values[-1]])
    return list(found.values()), whole_sentence


def test_l1_makes_zeros_and_costs_little(adult):
    seen, sentence = sweep("L1", (0, 1e-4, 7e-4), adult, max_iter=12)
    none, some, most = seen
    assert none.zeros == 0
    assert 0.3 < some.zeros < most.zeros
    assert most.zeros > 0.9
    assert none.test_accuracy - most.test_accuracy < 0.01
    assert "exactly 0" in sentence


def test_l2_shrinks_without_zeros(adult):
    seen, sentence = sweep("L2", (0, 1e-3, 1e-2), adult, max_iter=6)
    none, some, most = seen
    assert none.zeros == some.zeros == most.zeros == 0
    assert none.norm > 1.5 * some.norm > 2 * most.norm
    assert "sets none of them" in sentence


def test_dropout_narrows_the_gap(adult):
    seen, sentence = sweep("DROPOUT", (0, 0.5, 0.75), adult)
    none, some, most = seen
    assert none.accuracy_gap > some.accuracy_gap > most.accuracy_gap
    assert none.loss_gap > some.loss_gap > most.loss_gap
    assert none.test_accuracy < most.test_accuracy
    assert "narrows" in sentence


def test_vanishing_gradients_are_named_and_mended(adult, capsys, tmp_path):
    import vanishing

    train, test = adult
    vanishing.run(train.first(3000), test.first(1000), vanishing.network(12, 6), tmp_path / "deep.model")
    said = capsys.readouterr().out
    assert "Gradients vanish on their way back" in said
    before, after = next(line for line in said.splitlines() if line.startswith("accuracy")).split()[-2:]
    assert float(after) > float(before) + 0.03
    assert (tmp_path / "deep.model").exists()
