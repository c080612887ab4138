"""`chainrule train`, and what it leaves behind."""

import os
import re
import signal
import subprocess
import warnings

import pytest

import chainrule

pytestmark = pytest.mark.usefixtures("numpy_kernels")

QUICK = ("--preset", "fast", "--max-iter", 3, "--hidden-layer-sizes", "8")


@pytest.fixture
def data(models):
    return models.folder / "train.csv"


def test_model_summary_and_progress(shell, data):
    done = shell("train", data, "--target", "kind", "-o", "a.model", *QUICK)
    assert done.code == 0, done.err
    assert "classification of 'kind', 2 different words" in done.out
    assert "epochs           3" in done.out
    assert "epoch 1/3" in done.err
    assert "\x1b" not in done.err + done.out  # colours are for terminals
    assert shell.names() == ["a.model"]
    model = chainrule.load(shell.folder / "a.model")
    assert model.preset == "fast" and model.max_iter == 3 and model.hidden_layer_sizes == (8,)
    assert model.callbacks is None


def test_json(shell, data):
    found = shell("train", data, "--target", "kind", "--json", *QUICK).json
    assert (found["schema_version"], found["command"], found["task"]) == (1, "train", "classification")
    assert (found["rows"] + found["held_out"], found["held_out"] > 0) == (300, True)
    assert (found["classes"], found["output"]) == (["big", "small"], None)
    assert [(one["name"], one["kind"]) for one in found["columns"]] == [
        ("size", "number"), ("color", "category"), ("price", "number"),
    ]  # fmt: skip
    assert found["training"]["epochs"] == 3
    assert found["ended"] == "all epochs trained"


def test_the_error_of_a_number_is_told_in_its_units(inside, data):
    done = inside("train", data, "--target", "price", *QUICK)
    assert "  RMSE " in done.err and "  R2 " in done.err
    assert re.search(r"^validation RMSE +[\d.]+$", done.out, re.M)
    assert re.search(r"^validation R2 +-?[\d.]+$", done.out, re.M)
    found = inside("train", data, "--target", "price", "--json", *QUICK).json["training"]
    assert 0 < found["best_validation_rmse"] < 10 and found["best_validation_r2"] < 1
    assert "best_validation_rmse" not in inside("train", data, "--target", "kind", "--json", *QUICK).json["training"]


def test_nothing_is_written_unless_asked(shell, data):
    done = shell("train", data, "--target", "kind", *QUICK)
    assert done.code == 0
    assert "No model was written" in done.err
    assert shell.names() == []


def test_nothing_is_overwritten_without_force(shell, data):
    shell.write("a.model", "mine")
    command = ("train", data, "--target", "kind", "-o", "a.model", *QUICK)
    done = shell(*command)
    assert (done.code, done.out) == (2, "")
    assert "'a.model' is there already. Choose another name, or --force." in done.err
    assert (shell.folder / "a.model").read_text() == "mine"
    assert shell(*command, "--force").code == 0
    assert chainrule.load(shell.folder / "a.model").max_iter == 3


@pytest.mark.parametrize(
    ("target", "options", "kind"),
    [
        ("price", (), "TableRegressor"),
        ("stars", (), "TableClassifier"),
        ("stars", ("--task", "regression"), "TableRegressor"),
        ("flag", ("--class-weight", "balanced"), "TableClassifier"),
        ("price", ("--loss", "huber", "--log-target"), "TableRegressor"),
    ],
)
def test_the_target_decides_the_task(shell, inside, target, options, kind):
    lines = [f"{k % 7},{k % 5 + 1},{k % 3 == 0},{k * 0.5 + 1}" for k in range(120)]
    shell.write("t.csv", "\n".join(["a,stars,flag,price", *lines, ""]))
    done = inside("train", "t.csv", "--target", target, "-o", "m", *options, *QUICK)
    assert done.code == 0, done.err
    assert type(chainrule.load(shell.folder / "m")).__name__ == kind


def test_columns_validation_and_seed(shell, inside, data):
    shell.write("v.csv", data.read_text())
    common = ("train", data, "--target", "kind", "--quiet", "--json", *QUICK)
    said = inside(*common, "--columns", "size=category", "--columns", "price=leave out").json
    assert [(one["name"], one["kind"]) for one in said["columns"]] == [("size", "category"), ("color", "category")]
    assert said["left_out"] == [
        {"name": "price", "kind": "number", "why": "as said", "example": said["left_out"][0]["example"]}
    ]
    held_out = inside(*common, "--validation", "v.csv", "--threads", 1).json["training"]["best_validation_loss"]
    other = inside(*common, "--validation", "v.csv", "--seed", 1).json["training"]["best_validation_loss"]
    assert held_out != other


def test_a_delimiter_and_a_table_larger_than_its_memory(shell, data):
    shell.write("t.csv", data.read_text().replace("dark, green", "green").replace(",", ";"))
    common = ("train", "t.csv", "--target", "kind", "--quiet", "--json", *QUICK)
    read, streamed = shell(*common, "--delimiter", ";"), shell(*common, "--memory", 1000)
    assert (read.code, streamed.code) == (0, 0), streamed.err
    for done in (read, streamed):
        assert done.json["rows"] + done.json["held_out"] == 300
    assert read.json["columns"] == streamed.json["columns"]
    refused = shell(*common, "--memory", 1000, "--class-weight", "balanced")
    assert refused.code == 2
    assert "too large for memory" in refused.err


@pytest.mark.skipif(os.name == "nt", reason="a process cannot send another SIGINT alone")
def test_interrupted_it_writes_the_best_model(shell, data):
    endless = ("--max-iter", 10**6, "--n-iter-no-change", 10**6, "--hidden-layer-sizes", "8")
    with shell.begin("train", data, "--target", "kind", "-o", "a.model", "--json", *endless) as process:
        for line in process.stderr:
            if line.startswith("epoch"):
                break
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=shell.long)
    assert process.returncode == 130, err
    assert "interrupted" in out
    assert "warning: Training interrupted by user" in err
    assert shell.names() == ["a.model"]
    assert len(chainrule.load(shell.folder / "a.model").predict(data)) == 300


def test_interrupted_before_an_epoch_is_over_it_writes_nothing(models, monkeypatch, tmp_path, capsys):
    from chainrule.cli.main import run

    def epoch(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("chainrule.training.trainer.Trainer.epoch", epoch)
    out = tmp_path / "a.model"
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        code = run(["train", str(models.folder / "train.csv"), "--target", "kind", "-o", str(out), *map(str, QUICK)])
    assert code == 130
    assert "a.model was not written: no epoch left a model behind" in capsys.readouterr().err
    assert not out.exists()


def test_a_fit_that_diverges_says_so_by_its_code(shell, data):
    done = shell("train", data, "--target", "price", "-o", "a.model", "--learning-rate-init", 1e38, *QUICK)
    assert done.code == 5, done.err
    assert "Traceback" not in done.err
    assert "diverged" in done.err
    assert ("a.model was not written" in done.err) != (shell.names() == ["a.model"])


@pytest.mark.skipif(os.name == "nt", reason="there are no pseudo-terminals")
def test_on_a_terminal_one_line_is_kept_up_to_date(shell, data):
    import pty

    outer, inner = pty.openpty()
    command = [*shell.command, "train", str(data), "--target", "kind", *map(str, QUICK)]
    with subprocess.Popen(
        command, cwd=shell.folder, env=shell.environment(TERM="xterm"), stdout=subprocess.PIPE, stderr=inner
    ) as process:
        os.close(inner)
        shown = b""
        try:
            while part := os.read(outer, 4096):
                shown += part
        except OSError:  # Linux says so that the other end is closed
            pass
        out = process.stdout.read()
    os.close(outer)
    assert process.returncode == 0
    assert b"\x1b[2K" in shown and b"epoch 3/3" in shown
    assert b"\x1b" not in out and b"epochs           3" in out
