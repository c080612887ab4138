"""The public face: what is imported is what tools see, and what they see is there."""

import ast
import importlib
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import chainrule
from chainrule import activations, averaging, callbacks, losses, optimisers, schedules

DOORS = {door.__name__: door for door in (activations, averaging, callbacks, losses, optimisers, schedules)}


def seen_by_tools():
    """Names that `chainrule` binds where only tools look: {name: module}."""
    tree = ast.parse(Path(chainrule.__file__).read_text())
    block = next(node for node in tree.body if isinstance(node, ast.If))
    found = {}
    for node in block.body:
        for alias in node.names:
            assert alias.asname == alias.name  # which is what makes it public
            found[alias.name] = node.module
    return found


def test_tools_see_what_is_there():
    assert set(seen_by_tools()) | {"__version__"} == set(chainrule.__all__)
    for name, module in seen_by_tools().items():
        if module == "chainrule":
            assert getattr(chainrule, name) is importlib.import_module(f"chainrule.{name}")
        else:
            assert getattr(chainrule, name) is getattr(importlib.import_module(module), name)


@pytest.mark.parametrize("door", DOORS)
def test_what_a_door_names_is_there(door):
    assert all(hasattr(DOORS[door], name) for name in DOORS[door].__all__)
    assert len(set(DOORS[door].__all__)) == len(DOORS[door].__all__)


def test_doors_leave_no_kind_out():
    kinds = [(optimisers, optimisers.OPTIMISERS.values()), (schedules, schedules.SCHEDULES)]
    kinds += [(losses, map(type, losses.LOSSES.values())), (averaging, averaging.Averaging.__subclasses__())]
    for door, classes in kinds:
        assert {kind.__name__ for kind in classes} <= set(door.__all__)


PUBLIC = {
    f"{door.__name__}.{name}": getattr(door, name)
    for door in (chainrule, *DOORS.values())
    for name in door.__all__
    if inspect.isclass(getattr(door, name)) or inspect.isfunction(getattr(door, name))
}


@pytest.mark.parametrize("name", PUBLIC)
def test_what_is_public_has_an_example_and_tells_its_parameters(name):
    """Examples are run by test_doctests."""
    thing, told = PUBLIC[name], inspect.getdoc(PUBLIC[name])
    assert ">>> " in told
    if inspect.isfunction(thing) and inspect.signature(thing).parameters:
        assert "Parameters\n---" in told


#: Attributes that hold a function: what it is given is told where the kind is documented.
HELD = ("entry", "rule")


def methods(thing):
    """Public methods that a class brings along, and its public properties."""
    for name, found in vars(thing).items():
        if not name.startswith("_") and name not in HELD:
            if isinstance(found, property):
                yield name, found, False
            elif inspect.isfunction(plain := getattr(found, "__func__", found)):
                yield name, getattr(thing, name), bool(set(inspect.signature(plain).parameters) - {"self", "cls"})


@pytest.mark.parametrize("name", [name for name, thing in PUBLIC.items() if inspect.isclass(thing)])
def test_every_method_is_told_with_its_parameters(name):
    """A method that does what its kind does may leave that to the kind."""
    for method, found, takes in methods(PUBLIC[name]):
        told = inspect.getdoc(found) or ""
        assert told, method
        assert not takes or "Parameters\n---" in told or "are those of `" in told, method


IMPORTS = """
import sys, chainrule
assert not {"numpy", "chainrule.training"} & set(sys.modules), sorted(sys.modules)
from chainrule.optimisers import AdamW
import chainrule.losses as losses
assert chainrule.optimisers.AdamW is AdamW and chainrule.losses is losses
assert "Cosine" in dir(chainrule.schedules) and "schedules" in dir(chainrule)
try:
    chainrule.nonexistent
except AttributeError as error:
    assert "nonexistent" in str(error)
else:
    raise AssertionError
"""


def test_names_and_modules_are_imported_as_people_write_it():
    subprocess.run([sys.executable, "-c", IMPORTS], check=True)


@pytest.mark.parametrize("name", optimisers.OPTIMISERS)
def test_a_name_stands_for_an_optimisers_defaults(name):
    assert optimisers.get(name) == optimisers.OPTIMISERS[name]()
    assert type(optimisers.get(name)).__name__.lower() == name


def test_every_schedule_that_needs_no_number_has_a_name():
    for kind in schedules.SCHEDULES:
        needs = [p for p in inspect.signature(kind).parameters.values() if p.default is p.empty]
        assert (kind in schedules.NAMED.values()) == (not needs), kind
    for name in schedules.NAMED:
        assert isinstance(schedules.get(name), schedules.Schedule)
