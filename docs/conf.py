"""The site: `make docs`. Pages in .md are plain Markdown, also for a repository's page; .rst is of the site alone."""

from __future__ import annotations

import os
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

from _site import accessible, check, components, dependencies, diagram, gallery, llms, markdown, reference  # noqa: E402

import chainrule  # noqa: E402

project = "chainrule"
author = "The founders of chainrule"
copyright = author
version = release = chainrule.__version__

extensions = [
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.intersphinx",
    "sphinx.ext.mathjax",
    "sphinx_copybutton",
    "sphinx_design",
    "sphinx_gallery.gen_gallery",
]
exclude_patterns = [
    "_build",
    "_site",
    "_static",
    "_templates",
    "generated/lab_scripts",
    "generated/*.txt",
    "**/GALLERY_HEADER.rst",
]
templates_path = ["_templates"]
root_doc = "index"
nitpicky = True
nitpick_ignore = [("py:obj", "entry")]  # an attribute that the text of Loss names, and kernels alone read
default_role = "literal"

# Inventories are fetched where a network is meant to be there; without them names of other packages stay code.
ONLINE = bool(os.environ.get("CHAINRULE_DOCS_ONLINE"))
intersphinx_mapping = (
    {
        "python": ("https://docs.python.org/3", None),
        "numpy": ("https://numpy.org/doc/stable", None),
        "scipy": ("https://docs.scipy.org/doc/scipy", None),
        "sklearn": ("https://scikit-learn.org/stable", None),
        "pandas": ("https://pandas.pydata.org/docs", None),
        "matplotlib": ("https://matplotlib.org/stable", None),
    }
    if ONLINE
    else {}
)

SECURITY = ":doc:`Security </generated/security>`"
LATER = "Not to be written in public: tell the founders of chainrule, by the address of the package's page."
PYTHONS = [one.rpartition(" :: ")[2] for one in metadata.metadata("chainrule").get_all("Classifier") if ":: 3." in one]
rst_epilog = f"""
.. |security| replace:: {SECURITY if (HERE.parent / "SECURITY.md").exists() else LATER}
.. |python| replace:: Python {PYTHONS[0]} to {PYTHONS[-1]}
"""

intersphinx_timeout = 10

myst_heading_anchors = 4
myst_enable_extensions = ["html_image"]
suppress_warnings = ["config.cache"]

toc_object_entries_show_parents = "hide"
autodoc_typehints = "none"
autodoc_preserve_defaults = True
autodoc_class_signature = "mixed"
numpydoc_show_class_members = False
numpydoc_xref_param_type = False

sphinx_gallery_conf = {
    "examples_dirs": ["../examples", "generated/lab_scripts"],
    "gallery_dirs": ["gallery/examples", "gallery/labs"],
    "filename_pattern": r"\.py$",
    "within_subsection_order": "FileNameSortKey",
    "reset_argv": "_site.gallery.arguments",
    "reset_modules": ("matplotlib", "_site.gallery.named_after"),
    "backreferences_dir": None,
    "download_all_examples": False,
    "show_memory": False,
    "write_computation_times": False,
    "show_signature": False,
    "min_reported_time": 0,
    "plot_gallery": "True",
    "abort_on_example_error": False,
    "only_warn_on_example_error": False,
    "default_thumb_file": str(HERE / "plots" / "architecture.png"),
    "thumbnail_size": (400, 280),
    "copyfile_regex": r"$^",
}

html_theme = "pydata_sphinx_theme"
html_title = "chainrule"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sourcelink = False
html_theme_options: dict[str, Any] = {
    "logo": {"text": "chainrule"},
    "navbar_align": "left",
    "header_links_before_dropdown": 6,
    "show_toc_level": 2,
    "navigation_with_keys": False,
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": ["theme-version"],
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
    "back_to_top_button": False,
}
html_sidebars = {"index": []}
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True
copybutton_exclude = ".linenos, .gp, .go"

linkcheck_timeout = 20
linkcheck_ignore = [r"http://localhost.*", r"http://127\.0\.0\.1.*"]


def setup(app: Any) -> None:
    """Pages that are written from the objects, plain Markdown, and what is looked at when all is built."""
    generated = HERE / "generated"
    reference.write(generated / "reference")
    reference.put(generated / "components.rst", components.page())
    reference.put(generated / "dependencies.txt", dependencies.text())
    markdown.write_root_pages(HERE)
    gallery.write_labs(generated / "lab_scripts")
    app.connect("source-read", markdown.lead_links)
    app.connect("doctree-read", diagram.draw)
    app.connect("doctree-read", markdown.link_names)
    app.connect("missing-reference", markdown.leave_quiet, priority=900)
    app.connect("build-finished", llms.write)
    app.connect("build-finished", accessible.mend)
    app.connect("build-finished", check.finished, priority=900)
