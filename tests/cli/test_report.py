"""`chainrule train --report`: scores stand in it where rows to validate on were given."""

import pytest

pytestmark = pytest.mark.usefixtures("numpy_kernels")

QUICK = ("--preset", "fast", "--max-iter", 3, "--hidden-layer-sizes", "8")


def test_train_writes_a_report(models, shell, inside):
    train, test = models.folder / "train.csv", models.folder / "test.csv"
    done = inside("train", train, "--target", "kind", "--report", "r.html", *QUICK)
    assert done.code == 0, done.err
    assert "report" in done.out and "r.html" in done.out
    page = (shell.folder / "r.html").read_text(encoding="utf-8")
    assert "TableClassifier of <bdi>kind</bdi>" in page
    assert 'id="scores"' not in page
    again = ("train", train, "--target", "kind", "--report", "r.html", "--validation", test, *QUICK)
    assert inside(*again).code == 2
    found = inside(*again, "--json", "--force").json
    assert found["report"] == "r.html"
    page = (shell.folder / "r.html").read_text(encoding="utf-8")
    assert 'id="scores"' in page and 'id="importances"' in page and "the held-out rows that stopped training" in page
    assert f"model.fit(&#x27;{train}&#x27;, &#x27;kind&#x27;, X_val=&#x27;{test}&#x27;)" in page
    assert shell.names() == ["r.html"]
