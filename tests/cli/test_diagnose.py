"""`chainrule diagnose` as a person runs it."""

import json
import subprocess
import sys

import numpy as np
import pytest

from chainrule import MLPClassifier, TableClassifier, load
from chainrule.cli.main import run
from chainrule.diagnosis.findings import LEVELS, Finding, Findings


def rows(count=300, seed=0):
    random = np.random.default_rng(seed)
    X = random.normal(size=(count, 4)).astype(np.float32)
    return X, (X[:, 0] + X[:, 1] > 0).astype(int)


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    X, y = rows()
    deep = MLPClassifier((16,) * 15, activation="logistic", tol=0.01, n_iter_no_change=5, random_state=0)
    deep.fit(X, y).save(folder / "deep.model")
    sound = MLPClassifier((16,), learning_rate_init=0.02, tol=1e-3, n_iter_no_change=3, random_state=0)
    sound.fit(X, y).save(folder / "sound.model")
    names = ["a", "b", "c", "d"]
    table = dict(zip(names, X.T, strict=True))
    TableClassifier(preset="fast", random_state=0).fit({**table, "y": y}, "y").save(folder / "table.model")
    lines = [
        ",".join([*names, "y"]),
        *(",".join(map(str, [*x, t])) for x, t in zip(X.tolist(), y.tolist(), strict=True)),
    ]
    (folder / "rows.csv").write_text("\n".join(lines) + "\n")
    return folder


def test_it_names_what_is_wrong_and_what_to_do(models, capsys):
    assert run(["diagnose", str(models / "deep.model")]) == 0
    said = capsys.readouterr().out
    assert "error: Gradients vanish on their way back" in said
    assert "powers of ten lost" in said
    assert "Hochreiter 1991" in said
    assert "1. Use GELU" in said


def test_a_sound_network_has_no_findings(models, capsys):
    assert run(["diagnose", str(models / "sound.model"), "--fail-on", "note"]) == 0
    assert "Nothing found" in capsys.readouterr().out


def test_a_finding_fails_where_that_is_asked(models, capsys):
    assert run(["diagnose", str(models / "deep.model"), "--fail-on", "error"]) == 6
    capsys.readouterr()


@pytest.mark.parametrize("asked", LEVELS)
@pytest.mark.parametrize("found", LEVELS)
def test_a_finding_fails_from_the_level_that_was_asked_for(models, monkeypatch, capsys, found, asked):
    one = Finding("a-rule", "A title", found, "after", (), (), 0.9, "A reason.", "Somebody 2003", ())
    only = Findings((one,))
    monkeypatch.setattr("chainrule.estimators.diagnosis.diagnose.diagnose", lambda *given: only)
    code = run(["diagnose", str(models / "sound.model"), "--fail-on", asked])
    capsys.readouterr()
    assert code == (6 if LEVELS.index(found) >= LEVELS.index(asked) else 0)


def test_json_is_one_document(models, capsys):
    assert run(["diagnose", str(models / "deep.model"), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["command"] == "diagnose"
    assert document["measured"]["probes"] >= 1
    finding = document["findings"][0]
    assert finding["rule"] == "vanishing-gradients"
    assert finding["level"] == "error"
    assert finding["evidence"][0]["value"] < -0.4
    assert finding["remedies"][0]["changes"]


def test_rows_tell_more(models, capsys):
    data = str(models / "rows.csv")
    assert run(["diagnose", str(models / "table.model"), "--data", data, "--validation", data]) == 0
    assert "table.model:" in capsys.readouterr().out


def test_a_page_is_written_where_asked(models, tmp_path, capsys):
    page = tmp_path / "page.html"
    assert run(["diagnose", str(models / "deep.model"), "--html", str(page)]) == 0
    assert "Gradients vanish" in page.read_text(encoding="utf-8")
    assert run(["diagnose", str(models / "deep.model"), "--html", str(page)]) == 2
    assert "is there already" in capsys.readouterr().err
    assert run(["diagnose", str(models / "deep.model"), "--html", str(page), "--force"]) == 0


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["nothing.model"], 4, "there is no such file"),
        (["deep.model", "--fail-on", "all"], 2, "--fail-on"),
        (["deep.model", "--data", "rows.csv"], 2, "takes no tables"),
        (["table.model", "--data", "none.csv"], 3, "none.csv"),
    ],
)
def test_what_cannot_be_used_is_said(models, arguments, code, said, capsys):
    words = [str(models / word) if word.endswith((".model", ".csv")) else word for word in arguments]
    assert run(["diagnose", *words]) == code
    assert said in capsys.readouterr().err


def test_a_model_that_was_not_measured_is_judged_by_its_records(tmp_path, capsys):
    X, y = rows()
    model = MLPClassifier((8,), tol=0.01, n_iter_no_change=3, learning_rate_init=0.02, probes=False, random_state=0)
    model.fit(X, y).save(tmp_path / "a.model")
    assert load(tmp_path / "a.model").probes_ is None
    assert run(["diagnose", str(tmp_path / "a.model")]) == 0
    assert "measured 0 times" in capsys.readouterr().out


def test_training_writes_a_report_where_asked(models, tmp_path, capsys):
    page = tmp_path / "report.html"
    words = ["train", str(models / "rows.csv"), "--target", "y", "--preset", "fast", "-q", "--report", str(page)]
    assert run(words) == 0
    assert "<!DOCTYPE html>" in page.read_text(encoding="utf-8")
    assert run(words) == 2
    capsys.readouterr()


def test_help_loads_neither_numba_nor_sklearn():
    code = (
        "import sys; from chainrule.cli.main import run; run(['diagnose', '--help']); "
        "print(sorted({n.partition('.')[0] for n in sys.modules} & {'numba', 'sklearn', 'matplotlib', 'starlette'}))"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said.rstrip().endswith("[]")
