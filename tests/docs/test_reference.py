"""Every public object has a page in the reference: the lists of `docs/_site/public.py` against what modules name."""

import importlib
import importlib.util
import inspect
import subprocess
import sys
import zlib
from pathlib import Path

import pytest

import chainrule

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture(scope="module")
def site():
    """The folder of the site's own modules, importable, without Sphinx."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(DOCS))
        yield importlib.import_module("_site.public"), importlib.import_module("_site.reference")


def named():
    """Full names of what `chainrule` and its public modules name, or define where they have no `__all__`."""
    for name in chainrule.__all__:
        thing = getattr(chainrule, name)
        if not inspect.ismodule(thing):
            yield f"chainrule.{name}"
            continue
        listed = getattr(thing, "__all__", None) or [
            one
            for one, held in vars(thing).items()
            if not one.startswith("_") and getattr(held, "__module__", None) == thing.__name__
        ]
        yield from (f"{thing.__name__}.{one}" for one in listed)


def test_every_public_object_has_a_page(site):
    public, _ = site
    pages = set(public.names())
    assert not [name for name in named() if name not in pages and name != "chainrule.__version__"]


def test_every_error_has_a_page(site):
    public, _ = site
    from chainrule import errors

    raised = [
        n for n, e in vars(errors).items() if inspect.isclass(e) and not n.startswith("_") and issubclass(e, Exception)
    ]
    assert {f"chainrule.errors.{name}" for name in raised} <= set(public.names())


def test_no_page_is_listed_twice_and_all_are_there(site):
    public, reference = site
    names = public.names()
    assert len(names) == len(set(names)) > 150
    for name in names:
        assert reference.first(name), name
        assert reference.page(name).startswith(reference.short(name)), name


def test_a_page_names_methods_and_what_is_read_off_a_model(site):
    public, reference = site
    listed = reference.members(public.found("chainrule.TableClassifier"))
    for method in ("fit", "predict", "predict_proba", "importances", "save", "classes_", "n_iter_"):
        assert method in listed, method
    assert "set_fit_request" not in listed  # scikit-learn's own


def test_a_missing_name_is_found(site, tmp_path):
    """The check of a build, on an inventory that lacks all but one object."""
    pytest.importorskip("sphinx")
    check = importlib.import_module("_site.check")
    lines = b"chainrule.load py:function 1 x.html -\n"
    head = b"# Sphinx inventory version 2\n# Project: chainrule\n# Version: 1\n"
    head += b"# The remainder of this file is compressed using zlib.\n"
    (tmp_path / "objects.inv").write_bytes(head + zlib.compress(lines))
    missing = check.without_page(tmp_path / "objects.inv")
    assert "chainrule.load" not in missing and "chainrule.Model" in missing


def test_dead_links_are_found(site, tmp_path):
    pytest.importorskip("sphinx")
    check = importlib.import_module("_site.check")
    (tmp_path / "a.html").write_text('<a href="b.html#here">x</a><a href="b.html#gone">x</a><a href="c.html">x</a>')
    (tmp_path / "b.html").write_text('<p id="here"></p><a href="https://elsewhere.example/x">x</a>')
    assert check.dead_links(tmp_path, ["a", "b"]) == ["a.html: b.html#gone", "a.html: c.html"]


def test_the_lists_need_no_sphinx():
    code = f"import sys; sys.path.insert(0, {str(DOCS)!r}); import _site.reference; assert 'sphinx' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
