"""`chainrule lab`: the list, a run, its picture, and what is refused before the work is done."""

import sys
from dataclasses import replace

import pytest

from chainrule import labs


def test_the_list(shell):
    done = shell("lab")
    assert (done.code, done.err) == (0, "")
    lines = done.out.splitlines()
    assert [line.split()[0] for line in lines] == list(labs.LABS)
    assert all(line.endswith(lab.claim) for line, lab in zip(lines, labs.LABS.values(), strict=True))
    assert [one["name"] for one in shell("lab", "--json").json["labs"]] == list(labs.LABS)


def test_a_run_with_its_picture(shell):
    done = shell("lab", "linear-collapse", "--short", "-o", "a.png")
    assert done.code == 0, done.err
    assert done.out.startswith(labs.LABS["linear-collapse"].claim)
    assert "from the product" in done.out and "The claim holds." in done.out
    assert "a.png written" in done.err
    assert (shell.folder / "a.png").read_bytes().startswith(b"\x89PNG")
    assert shell.names() == ["a.png"]


def test_one_document(inside):
    done, again = (inside("lab", "linear-collapse", "--short", "--seed", 3, "--json") for _ in range(2))
    assert (done.code, done.err) == (0, "")
    assert done.out == again.out
    found = done.json
    assert (found["lab"], found["seed"], found["short"], found["picture"]) == ("linear-collapse", 3, True, None)
    assert found["holds"] is True
    assert {len(row) for row in found["rows"]} == {len(found["columns"])}
    for condition in found["conditions"]:
        assert condition["holds"]
        assert condition["low"] is None or condition["low"] <= found["figures"][condition["figure"]]
        assert condition["high"] is None or condition["high"] >= found["figures"][condition["figure"]]
    other = inside("lab", "linear-collapse", "--short", "--json").json
    assert other["figures"] != found["figures"]


def test_a_claim_that_does_not_hold(inside, monkeypatch):
    lab = labs.LABS["linear-collapse"]
    first, *others = lab.conditions
    monkeypatch.setitem(labs.LABS, lab.name, replace(lab, conditions=(replace(first, high=-1.0), *others)))
    done = inside("lab", lab.name, "--short")
    assert done.code == 1
    assert "The claim does NOT hold." in done.out
    assert f"FAILS  {first.figure}: " in done.out
    found = inside("lab", lab.name, "--short", "--json")
    assert found.code == 1
    assert [one["holds"] for one in found.json["conditions"]] == [False, True, True]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("vanishin", "Did you mean 'vanishing'?"),
        ("-o a.png", "-o wants the NAME of the lab"),
        ("linear-collapse -o a.jpg", "ends in one of .png, .svg, .pdf; received a.jpg"),
        ("linear-collapse -o there.svg", "'there.svg' is there already"),
        ("linear-collapse -o no/a.svg", "there is no folder 'no'"),
        ("linear-collapse --seed -1", "--seed"),
    ],
)
def test_what_is_refused_before_the_work(inside, shell, monkeypatch, words, said):
    shell.write("there.svg", "mine")
    monkeypatch.setattr(labs.Lab, "run", None)
    done = inside("lab", *words.split())
    assert (done.code, done.out) == (2, "")
    assert said in done.err
    assert shell.names() == ["there.svg"]


def test_force_replaces(inside, shell):
    shell.write("there.svg", "mine")
    assert inside("lab", "linear-collapse", "--short", "-o", "there.svg", "--force").code == 0
    assert (shell.folder / "there.svg").read_text().startswith("<?xml")


def test_without_matplotlib(inside, shell, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    assert inside("lab", "linear-collapse", "--short").code == 0
    monkeypatch.setattr(labs.Lab, "run", None)
    done = inside("lab", "linear-collapse", "-o", "a.png")
    assert (done.code, done.out) == (2, "")
    assert "pip install 'chainrule[plots]'" in done.err
    assert shell.names() == []


def test_names_are_completed(shell):
    done = shell(_CHAINRULE_COMPLETE="bash_complete", COMP_WORDS="chainrule lab li", COMP_CWORD="2")
    assert done.out == "plain,linear-collapse\n"


def test_from_a_configuration(shell):
    shell.write("run.toml", '[lab]\nname = "vanishing"\nshort = true\n')
    done = shell("lab", "--config", "run.toml", "--print-config")
    assert done.code == 0, done.err
    assert 'name = "vanishing"' in done.out and "short = true" in done.out
