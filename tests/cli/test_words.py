"""What is said to a person: help, mistakes and their exit codes, configuration."""

import os
import shlex
import subprocess
import sys
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from chainrule import datasets
from chainrule.cli import exits, options
from chainrule.cli.first_words import PYTHON, first_words
from chainrule.cli.main import COMMANDS

HEAVY = {"numpy", "numba", "scipy", "sklearn", "pyarrow", "narwhals", "rich"}


@pytest.mark.parametrize("command", [[], *([name] for name in COMMANDS)])
@pytest.mark.one_in(3)
def test_help_is_light(models, command):
    code = (
        "import sys\nfrom chainrule.cli.main import run\n"
        f"run({[*command, '--help']!r})\nprint('loaded:', *sorted({{n.partition('.')[0] for n in sys.modules}}))"
    )
    done = subprocess.run([sys.executable, "-c", code], env=models.environment(), capture_output=True, text=True)
    said, loaded = done.stdout.split("loaded:")
    assert said.startswith("Usage: chainrule")
    assert not HEAVY & set(loaded.split())


@pytest.mark.skipif(os.name == "nt", reason="descriptors are another thing there")
@pytest.mark.parametrize(
    ("output", "code", "said"),
    [
        (">&-", exits.USAGE, "standard output is closed"),
        (">/dev/full", exits.DATA, "No space left on device. Make room."),
    ],
)
def test_where_output_cannot_go(models, output, code, said):
    if "full" in output and not os.path.exists("/dev/full"):
        pytest.skip("no such device here")
    words = f"{shlex.quote(sys.executable)} -m chainrule inspect kind.model {output}"
    environment = models.environment() | {"PYTHONUNBUFFERED": ""}  # held back, output is written at the end
    done = subprocess.run(words, shell=True, env=environment, cwd=models.folder, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (code, "") and "Exception ignored" not in done.stderr
    assert said in done.stderr and "standard output" in done.stderr and "defect" not in done.stderr


def test_a_folder_that_cannot_be_written_to_is_told_before_the_work(inside, models, monkeypatch):
    monkeypatch.setattr("chainrule.cli.shared.os", SimpleNamespace(W_OK=os.W_OK, access=lambda place, how: False))
    done = inside("train", models.folder / "train.csv", "--target", "kind", "-o", "m.model")
    assert done.code == exits.USAGE and "cannot be written to" in done.err and not list(models.folder.glob("m.model"))


def test_interrupted_while_its_modules_are_read(models):
    code = (
        "import builtins, sys\nimport chainrule.__main__ as program\nread = builtins.__import__\n"
        "def interrupted(name, *rest):\n    if name == 'click':\n        raise KeyboardInterrupt\n"
        "    return read(name, *rest)\nbuiltins.__import__ = interrupted\nprogram.main()"
    )
    done = subprocess.run([sys.executable, "-c", code], env=models.environment(), capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (exits.INTERRUPTED, "chainrule: interrupted\n")


def test_letters_that_a_terminal_lacks(models):
    words = [sys.executable, "-m", "chainrule", "train", "日.csv", "--target", "y", "--print-config"]
    environment = models.environment() | {"PYTHONIOENCODING": "latin-1"}
    done = subprocess.run(words, env=environment, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert r"\u65e5.csv" in done.stdout


def test_help_tells_commands_and_exit_codes(shell):
    done = shell("--help")
    assert done.code == 0
    for command in COMMANDS:
        assert f"\n  {command} " in done.out
    for code, meaning in exits.MEANINGS.items():
        assert f"{code}  {meaning}" in done.out
    assert "..." not in done.out.replace("[ARGS]...", "")  # nothing is cut off


def test_without_a_command_it_says_how_to_begin(shell):
    alone = shell()
    assert (alone.code, alone.err, alone.out) == (0, "", f"{first_words()}\n")
    assert "\x1b" not in alone.out


@pytest.mark.parametrize("commands", [True, False])
def test_the_first_words_fit_a_screen(commands):
    lines = first_words(commands).splitlines()
    assert len(lines) <= 24 and max(map(len, lines)) < 80


def test_commands_of_the_first_words_are_there(inside):
    """Every one of them, with every option that it has."""
    ways = [line.split()[1:] for line in first_words().splitlines() if line.startswith("    chainrule ")]
    assert len(ways) >= 6 and {way[0] for way in ways} >= {"demo", "train", "lab", "--help"}
    for command, *rest in ways:
        options = inside(command, "--help").out if command != "--help" else ""
        assert all(word in options for word in rest if word.startswith("-") and word != "--help")


def test_python_of_the_first_words_runs(numpy_kernels, monkeypatch, capsys):
    whole = datasets.load_adult()
    kept = np.arange(200)
    few = replace(
        whole, columns={name: column[kept] for name, column in whole.columns.items()}, target=whole.target[kept]
    )
    monkeypatch.setattr(datasets, "load_adult", lambda: few)
    there = {}
    assert "\n    ".join(PYTHON) in first_words(commands=False)
    exec("\n".join(PYTHON), there)
    assert there["model"].score(few.columns, few.target) > 0.7


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ("trian", 2, "No such command 'trian'. Did you mean 'train'?"),
        ("frobnicate", 2, "There are demo, train, evaluate,"),
        ("train", 2, "Missing argument 'DATA...'"),
        ("train train.csv", 2, "Missing option '--target'"),
        ("train train.csv --taget kind", 2, "--target"),
        ("train train.csv --target knd", 2, "has no column 'knd'. Did you mean 'kind'?"),
        ("train train.csv --target kind --columns colour=category", 2, "Did you mean 'color'?"),
        ("train train.csv --target kind --columns color=colour", 2, "is not COLUMN=KIND"),
        ("train train.csv --target kind --monotone size=up", 2, "is no direction"),
        ("train train.csv --target kind --monotone sice=1", 2, "Did you mean 'size'?"),
        ("train train.csv --target kind --max-iter 0", 2, "--max-iter"),
        ("train train.csv --target kind --hidden-layer-sizes 8,x", 2, "no list of units"),
        ("train train.csv --target kind --activation rleu", 2, "Did you mean 'relu'?"),
        ("train train.csv --target kind --loss huber", 2, "--loss belongs to regression"),
        ("train train.csv --target kind --delimiter ab", 2, "no single character"),
        ("train train.csv --target kind -o no/where.model", 2, "there is no folder 'no'. Make it first."),
        ("train train.csv --target kind -o . --force", 2, "Name a file."),
        ("export kind.model --onnx . --force", 2, "Name a file."),
        ("train none.csv --target kind", 3, "none.csv: expected a file or a folder"),
        ("train train.csv --target color --task regression", 3, "train.csv, target"),
        ("train train.csv --target size", 3, "missing, the first in row"),
        ("evaluate none.model test.csv", 4, "none.model: expected a model file"),
        ("evaluate kind.model test.csv --target color", 3, "expected a class of the model: big, small"),
        ("evaluate kind.model other.csv --target a", 3, "Add them"),
        ("evaluate kind.model other.csv", 3, "other.csv, target: expected a column 'kind', the truth to score by"),
        ("predict kind.model test.csv -o out.xlsx", 2, "ends in none of .csv.gz, .csv, .parquet"),
        ("predict kind.model test.csv --keep colour", 3, "received 'colour'. Did you mean 'color'?"),
        ("predict kind.model test.csv --keep kind", 3, "names of their own"),
        ("predict kind.model test.csv --json", 2, "name it with --output"),
        ("predict price.model test.csv --proba", 2, "predicts numbers, not classes"),
        ("predict kind.model empty.csv", 3, "empty.csv"),
        ("explain kind.model test.csv --rows none", 2, "no number of rows"),
        ("explain kind.model test.csv --rows 0", 2, "no number of rows"),
        ("explain kind.model test.csv --of big", 2, "expected one of 'small'"),
        ("explain kind.model test.csv --permutations 1", 2, "--permutations"),
        ("explain kind.model test.csv -o out.xlsx", 2, "ends in none of .csv.gz, .csv, .parquet"),
        ("explain kind.model test.csv --background none.csv", 3, "none.csv"),
        ("explain kind.model test.csv --background other.csv", 3, "other.csv: expected columns"),
        ("explain kind.model empty.csv", 3, "empty.csv"),
        ("export kind.model", 2, "Missing option '--onnx'"),
        ("completion tcsh", 2, "'tcsh'"),
    ],
)
def test_mistakes(models, inside, words, code, said):
    models.write("other.csv", "a,b\n1,2\n")
    models.write("empty.csv", "size,color,kind,price\n")
    done = inside(*words.split(), folder=models.folder)
    assert (done.code, done.out) == (code, "")
    last = done.err.splitlines()[-1]
    assert last.startswith("chainrule") and said in last
    assert "Traceback" not in done.err


def test_debugging_shows_where(models):
    plain, traced = (models("predict", "kind.model", "none.csv", CHAINRULE_DEBUG=said) for said in ("", "1"))
    assert plain.code == traced.code == 3
    assert len(plain.err.splitlines()) == 1
    assert traced.err.startswith("Traceback") and traced.err.endswith(plain.err)


def without_click(*words):
    code = "import sys; sys.modules['click'] = None; from chainrule.__main__ import main; main()"
    return subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True)


def test_without_click_a_command_says_what_to_install():
    done = without_click("train", "--help")
    assert (done.returncode, done.stdout) == (exits.USAGE, "")
    assert "pip install 'chainrule[cli]'" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("words", [[], ["--help"], ["-h"]])
def test_without_click_it_says_what_there_is(words):
    done = without_click(*words)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{first_words(commands=False)}\n", "")


def test_flags_before_environment_before_file_before_defaults(shell):
    shell.write(
        "run.toml",
        '[train]\ndata = "a.csv"\ntarget = "kind"\nseed = 1\nmax-iter = 2\ndropout = 0.5\nhidden-layer-sizes = [8, 4]\n'
        '[train.columns]\n"a b" = "leave out"\n[predict]\nproba = true\n',
    )  # fmt: skip
    settings = ("--config", "run.toml", "--max-iter", 4, "--print-config")
    done = shell("train", *settings, CHAINRULE_TRAIN_MAX_ITER="3", CHAINRULE_TRAIN_SEED="3")
    assert (done.code, done.err) == (0, "")
    lines = done.out.splitlines()
    assert lines[0] == "[train]"
    for line in (
        'target = "kind"', 'preset = "default"', "seed = 3", "max-iter = 4", "dropout = 0.5",
        "hidden-layer-sizes = [8, 4]", 'columns = {"a b" = "leave out"}',
    ):  # fmt: skip
        assert line in lines
    shell.write("again.toml", done.out)
    assert shell("train", "--config", "again.toml", "--print-config").out == done.out
    assert shell.names() == ["again.toml", "run.toml"]


def test_zero_and_false_are_settings(shell):
    shell.write("run.toml", '[train]\ndata = "a.csv"\ntarget = "kind"\nseed = 0\ndropout = 0.0\nquiet = false\n')
    lines = shell("train", "--config", "run.toml", "--print-config").out.splitlines()
    for line in ("seed = 0", "dropout = 0.0", "quiet = false"):
        assert line in lines


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("[train]\nmax-itr = 3", "[train] has no setting 'max-itr'. Did you mean 'max-iter'?"),
        ("[trian]\n", "'trian' is no table of a command. Did you mean 'train'?"),
        ("target = 'kind'", "Settings of this command stand under [train]."),
        ("[train", "run.toml: "),
        ("[train]\nmax-iter = 'many'", "max-iter"),
        ("[train.columns]\nage = 'number of years'", "is not COLUMN=KIND"),
        ("[train]\nhidden-layer-sizes = 8", "no list of units"),
    ],
)
@pytest.mark.one_in(3)
def test_a_configuration_that_cannot_be_used(shell, content, said):
    shell.write("run.toml", content)
    done = shell("train", "a.csv", "--target", "kind", "--config", "run.toml")
    assert (done.code, done.out) == (2, "")
    assert said in done.err


def test_options_are_parameters_of_the_estimators():
    from chainrule import TableClassifier, TableRegressor
    from chainrule.tables.numbers import HOW

    for estimator, own in ((TableClassifier, options.CLASSIFICATION), (TableRegressor, options.REGRESSION)):
        assert {name for name, *_ in (*options.BOTH, *own)} <= set(estimator().get_params())
    encoding = next(kind for name, kind, _ in options.BOTH if name == "numbers")
    assert list(encoding.names.choices) == list(HOW)
