"""`inspect`, `check`, `completion`: looks that change nothing."""

import json
from dataclasses import replace

import pytest

import chainrule


def test_a_model_of_tables(models):
    done = models("inspect", "kind.model", "--json")
    assert (done.code, done.err) == (0, "")
    found, model = done.json, chainrule.load(models.folder / "kind.model")
    assert found["estimator"] == "TableClassifier"
    assert (found["target"], found["classes"]) == ("kind", ["big", "small"])
    assert [one["name"] for one in found["columns"]] == list(model.encoder_.names)
    assert sum(one["inputs"] for one in found["columns"]) == found["network"]["inputs"]
    assert found["network"]["numbers"] == model.parameters_.vector.size
    assert found["written"]["chainrule"] == chainrule.__version__
    assert found["training"]["epochs"] == model.n_iter_
    assert found["settings"]["preset"] == "fast"
    said = " ".join(models("inspect", "kind.model").out.split())
    assert "color category indicators 3 inputs 3 levels" in said
    assert "Dense(units=16)" in said
    assert f"best {found['training']['best_epoch']}: loss" in said and "the held-out rows that stopped training" in said
    assert found["chosen"]["batch_size"] == model.model_.progress.outlook.batch_size
    assert "None" not in str(found["chosen"]) and not set(found["chosen"]) & {"max_iter", "hidden_layer_sizes"}
    assert "learning_rate_init=0.008" in said and "members together" not in said
    assert found["given"]["y"] == "kind" and found["given"]["X"].endswith("train.csv")


@pytest.mark.usefixtures("numpy_kernels")
def test_what_json_does_not_have(shell):
    """Settings that are code, and a record with NaN in it, as of a fit that diverged."""
    model = chainrule.TableRegressor(
        preset="fast", columns={"x0": "number"}, loss=chainrule.losses.Huber(2.0), max_iter=2
    )
    model.fit([[float(k)] for k in range(40)], [float(k) for k in range(40)])
    model.history_[-1] = replace(model.history_[-1], validation_loss=float("nan"))
    model.save(shell.folder / "a.model")
    done = shell("inspect", "a.model", "--json")
    assert done.code == 0, done.err
    assert done.json["settings"]["columns"] == {"x0": "number"}
    assert done.json["settings"]["loss"].startswith("Huber")
    assert done.json["history"]["validation_loss"][-1] is None
    assert done.json["training"]["best_epoch"] == 1
    assert done.json["target"] is None
    assert "loss=Huber" in shell("inspect", "a.model").out


@pytest.mark.usefixtures("numpy_kernels")
def test_a_model_of_arrays(shell):
    model = chainrule.MLPRegressor(hidden_layer_sizes=(3,), solver="lbfgs", random_state=0).fit(
        [[0.0], [1.0]], [0.0, 1.0]
    )
    model.save(shell.folder / "line.model")
    done = shell("inspect", "line.model", "--json")
    assert done.code == 0, done.err
    assert done.json["estimator"] == "MLPRegressor"
    assert "columns" not in done.json
    refused = shell("predict", "line.model", "line.model")
    assert refused.code == 4
    assert "expected a TableClassifier or a TableRegressor; received MLPRegressor" in refused.err


def test_only_what_describes_a_model_is_read(models, shell):
    content = (models.folder / "kind.model").read_bytes()
    (shell.folder / "hurt.model").write_bytes(content[:-4] + bytes(byte ^ 1 for byte in content[-4:]))
    assert shell("inspect", "hurt.model").code == 0
    done = shell("predict", "hurt.model", models.folder / "test.csv")
    assert done.code == 4
    assert "changed since it was written" in done.err


@pytest.mark.parametrize("content", [b"", b"no model", b"\xff" * 100])
def test_what_is_no_model(shell, inside, content):
    (shell.folder / "a.model").write_bytes(content)
    for command in (("inspect", "a.model"), ("predict", "a.model", "x.csv"), ("export", "a.model", "--onnx", "x")):
        done = inside(*command)
        assert (done.code, done.out) == (4, "")
        assert done.err.startswith(f"chainrule {command[0]}: a.model")
    assert shell.names() == ["a.model"]


@pytest.mark.slow
def test_check(shell):
    done = shell("check", "--json", CHAINRULE_KERNELS="numba")
    assert done.code == 0, done.out
    found = done.json
    assert found["sound"] and found["kernels"]["sound"]
    assert 0 < found["kernels"]["difference"] < 1e-4  # two sets of kernels, not one twice
    assert found["versions"]["numpy"]
    assert {"files", "cli"} <= {name for name, there in found["extras"].items() if there}
    assert all(one["gflops"] > 0 for one in found["products"])
    assert found["threads"]["used"] >= 1


@pytest.mark.parametrize("shell_name", ["bash", "zsh", "fish"])
def test_completion(shell, shell_name):
    done = shell("completion", shell_name)
    assert done.code == 0
    assert "_CHAINRULE_COMPLETE" in done.out


def test_completed_words(shell):
    done = shell(_CHAINRULE_COMPLETE="bash_complete", COMP_WORDS="chainrule tr", COMP_CWORD="1")
    assert done.out == "plain,train\n"


def test_names_in_a_file_do_not_command_the_terminal(shell):
    shell.write("t.csv", "a\x1b[31m,kind\n" + "".join(f"{k % 7},{'xy'[k % 2]}\n" for k in range(60)))
    done = shell("train", "t.csv", "--target", "kind", "--preset", "fast", "--max-iter", 1, "-o", "m", "--quiet")
    assert done.code == 0, done.err
    assert "a\ufffd[31m" in shell("inspect", "m").out
    wrong = shell("train", "t.csv", "--target", "knd")
    assert "\x1b" not in wrong.err + shell("inspect", "m").out


@pytest.mark.parametrize("change", [
    lambda model: model["written"].pop("date"),
    lambda model: model["content"].pop("network"),
    lambda model: model["content"]["history"].update(seconds="long"),
    lambda model: model["content"].update(encoder={"type": "Encoder"}),
    lambda model: model["content"]["network"]["layers"].append({"type": "os.system"}),
])  # fmt: skip
def test_what_was_changed_is_a_broken_file(models, monkeypatch, capsys, change):
    """The header is a stranger's; the listing is changed where it would be read."""
    from chainrule.cli.main import run
    from chainrule.formats import model_file

    whole = model_file.inspect(models.folder / "kind.model")
    changed = json.loads(json.dumps(whole.model))
    change(changed)
    monkeypatch.setattr(model_file, "inspect", lambda path: whole._replace(model=changed))
    assert run(["inspect", str(models.folder / "kind.model")]) == 4
    out, err = capsys.readouterr()
    assert (out, len(err.splitlines())) == ("", 1)
    assert "kind.model" in err
