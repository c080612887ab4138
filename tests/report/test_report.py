"""The report: every section of every kind of estimator is sound and reads well aloud, and data stays data."""

import re
import warnings
from dataclasses import replace

import numpy as np
import pytest

import chainrule
from chainrule import Dense, LayerNorm, Residual
from chainrule.errors import InputError, InputTypeError
from chainrule.plots.report import document
from chainrule.plots.report.sections import ALL
from chainrule.plots.report.sections.scores import scores
from chainrule.plots.report.subject import ScoredClasses, subject
from chainrule.training.optimisers import AdamW
from chainrule.training.schedules import Cosine

pytestmark = pytest.mark.usefixtures("numpy_kernels")

KINDS = ("table", "two classes", "three classes", "labels", "hinge", "number", "two numbers")
#: Sections that a report of anything has; others stand and fall with probes and rows.
ALWAYS = {"findings", "learning", "data", "network", "reproduce"}


@pytest.fixture(scope="module")
def pages(fitted, hand_made):
    """kind -> the page with all that it can have."""
    made = {}
    for kind, (estimator, X, y) in fitted.items():
        about = hand_made.probes(3 if kind != "number" else 20)
        with hand_made.probed(estimator, about):
            made[kind] = document(estimator, X, y, hand_made.findings())
    return made


@pytest.mark.parametrize("kind", KINDS)
def test_every_page_is_sound(kind, pages, read):
    page = read(pages[kind])
    ids = [attributes["id"] for _, attributes, _ in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert {section.id for section in ALL} <= set(ids)
    assert page.of("html") == [{"lang": "en"}]
    for landmark in ("header", "nav", "main", "footer", "h1"):
        assert len(page.of(landmark)) == 1
    for link in page.of("a"):
        assert link["href"].removeprefix("#") in ids
    for section in page.of("section"):
        assert section["aria-labelledby"] in ids
    for label in page.of("label"):
        assert label["for"] in ids
    assert page.text("title").endswith("report")
    assert len(pages[kind].encode()) < 2**20


@pytest.mark.parametrize("kind", KINDS)
def test_tables_and_pictures_are_told(kind, pages, read):
    page = read(pages[kind])
    assert len(page.of("caption")) == len(page.of("table")) > 4
    heads = page.of("th")
    assert heads
    assert all(head["scope"] in ("col", "row") for head in heads)
    assert page.text("caption")
    pictures = page.of("svg")
    assert len([one for one in pictures if one.get("role") == "img" and len(one["aria-label"]) > 10]) >= 6
    assert all(one.get("role") == "img" or one["aria-hidden"] == "true" for one in pictures)
    levels = [int(tag[1]) for tag, _, _ in page.tags if re.fullmatch("h[1-6]", tag)]
    assert all(b - a <= 1 for a, b in zip(levels, levels[1:], strict=False))
    assert "nan" not in page.text("main").lower().replace("alternan", "").replace("covenan", "")


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_asked_of_a_network(kind, pages, read):
    page = read(pages[kind])
    assert not page.of("link") and not page.of("img") and not page.of("iframe")
    for _, attributes, _ in page.tags:
        assert not {"src", "srcset", "style", "action", "xlink:href"} & set(attributes)
        assert not [name for name in attributes if name.startswith("on")]
    policy = next(one["content"] for one in page.of("meta") if one.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "connect-src 'none'" in policy
    assert "unsafe" not in policy
    assert "://" not in re.sub("<script.*?</script>", "", pages[kind], flags=re.DOTALL)


def test_text_from_data_stays_text(pages, read, hand_made):
    page = read(pages["table"])
    scripts = page.of("script")
    assert [one.get("type") for one in scripts] == ["application/json", None]
    said = page.text()
    for word in hand_made.HOSTILE.values():
        assert "".join(c if c.isprintable() else "\ufffd" for c in word) in said or "\ud800" in word
    names = [attributes for tag, attributes, inside in page.tags if tag == "bdi" and "th" in inside]
    assert len(names) > 8
    assert "\u202e" not in pages["table"]


def test_frames_of_the_slider(pages, read, hand_made):
    import json

    page = read(pages["two classes"])
    frames = json.loads(page.text("script").split("\n")[0].split('"use strict"')[0])
    slider = page.of("input")[0]
    assert (slider["min"], slider["max"], slider["value"]) == ("0", "11", "11")
    assert len(frames["paths"]) == len(frames["said"]) == 12
    assert frames["said"][-1] in page.text("output") == slider["aria-valuetext"]
    drawn = [one["d"] for one in page.of("path") if one["class"] == "line s0"]
    assert frames["paths"][-1] in drawn  # what stands without a script
    slopes = [float(said.split()[2].replace("−", "-")) for said in frames["said"]]
    assert all(-1.2 < slope < -0.1 for slope in slopes)


def test_findings(pages, read, hand_made, fitted):
    text = read(pages["number"]).text("article")
    one = hand_made.finding()
    for word in (one.title, one.rule, one.reason, one.source, one.remedies[0].text, "−0.63", "97%", "layers 0, 1"):
        assert word in text
    page = document(fitted["number"][0], findings=replace(hand_made.findings(), found=()))
    assert "Nothing found" in page
    hostile = hand_made.finding(title=hand_made.HOSTILE["end"])
    page = read(document(fitted["number"][0], findings=replace(hand_made.findings(), found=(hostile,))))
    assert not page.of("img")
    assert hand_made.HOSTILE["end"] in page.text("h3")


@pytest.mark.parametrize("kind", KINDS)
def test_without_findings_diagnosis_is_asked(kind, fitted, read):
    estimator, X, y = fitted[kind]
    found = chainrule.diagnose(estimator, X_val=X, y_val=y)
    said = read(document(estimator, X, y)).text("section")
    assert all(f"{one.rule} · {one.when} training" in said for one in found)
    assert ("Nothing found" in said) == (not found)


def test_scores(pages, read, fitted):
    text = read(pages["two classes"]).text("section")
    estimator, X, y = fitted["two classes"]
    assert f"{estimator.score(X, y):.4g}" in text
    assert "expected calibration error" in text
    assert "calibration error" not in read(pages["hinge"]).text("section")
    assert "of target 1" in read(pages["two numbers"]).text("section")
    estimator, X, y = fitted["number"]
    assert f"{estimator.score(X, y):.4g}" in read(pages["number"]).text("dl")


def test_in_the_confusion_true_classes_go_down_and_predicted_ones_across(fitted):
    estimator, X, y = fitted["three classes"]
    scored = ScoredClasses(np.array([0, 0, 0, 1, 2, 2]), np.array([1, 1, 0, 1, 2, 0]), None)
    drawn = scores(replace(subject(estimator, X, y), scored=scored))
    table = re.search('class="confusion">(.*?)</table>', drawn, flags=re.DOTALL)[1]
    assert "true, down · predicted, across" in table
    lines = [re.findall(r"<td[^>]*>(\d+)</td>", line) for line in table.split("<tr>")]
    assert [line for line in lines if line] == [["1", "2", "0"], ["0", "1", "0"], ["1", "0", "1"]]


def test_what_is_not_known_is_left_out(fitted, read, tmp_path):
    estimator = fitted["hinge"][0]
    assert {one["id"] for one in read(document(estimator)).of("section")} == ALWAYS
    estimator.save(tmp_path / "a.model")
    page = read(document(chainrule.load(tmp_path / "a.model")))
    assert {one["id"] for one in page.of("section")} == ALWAYS
    assert "rows trained on" not in page.text("section")
    assert "rows trained on" in read(document(estimator)).text("section")


def test_rows_of_a_table_as_files_and_columns(fitted, table_rows, tmp_path):
    estimator, X, y = fitted["table"]
    said = subject(estimator, X, y).scored
    assert np.array_equal(subject(estimator, X.drop(columns=y), X[y].to_numpy()).scored.codes, said.codes)
    assert said.shares.shape == (200, 2)


def test_truth_that_cannot_be_scored(fitted):
    estimator, X, y = fitted["two classes"]
    with pytest.raises(InputError, match="classes of the fit"):
        document(estimator, X, np.arange(len(y)))
    with pytest.raises(InputError, match="the truth of the rows"):
        document(estimator, X)
    with pytest.raises(InputError, match="as predicted"):
        document(estimator, X, y[1:])


def test_the_file(fitted, tmp_path):
    estimator = fitted["number"][0]
    path = chainrule.report(estimator, tmp_path / "r.html")
    assert path.read_text(encoding="utf-8").endswith("</html>\n")
    with pytest.raises(InputError, match="overwrite=True"):
        chainrule.report(estimator, path)
    path.write_text("mine")
    assert chainrule.report(estimator, path, overwrite=True).stat().st_size > 10_000
    with pytest.raises(InputError, match="Make the folder first"):
        chainrule.report(estimator, tmp_path / "none" / "r.html")
    with pytest.raises(InputError, match="before fit. Call fit"):
        chainrule.report(chainrule.MLPClassifier(), tmp_path / "s.html")
    with pytest.raises(InputTypeError, match="an estimator of chainrule"):
        chainrule.report({}, tmp_path / "s.html")
    assert [one.name for one in tmp_path.iterdir()] == ["r.html"]


@pytest.mark.parametrize(
    "chosen",
    [
        {"hidden_layer_sizes": (8,), "early_stopping": True},
        {
            "layers": [Dense(8, "tanh"), Residual([LayerNorm(), Dense(8, "relu")])],
            "solver": AdamW(0.01, weight_decay=0.1),
            "learning_rate": Cosine(),
        },
    ],
    ids=["plain", "values"],
)
def test_lines_that_reproduce_run(chosen, fitted, read):
    X, y = fitted["two classes"][1:]
    estimator = chainrule.MLPClassifier(**chosen, max_iter=3, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        lines = read(document(estimator.fit(X, y))).text("pre")
        names = {"X": X, "y": y}
        exec(lines, names)
    assert np.array_equal(names["model"].parameters_.vector, estimator.parameters_.vector)
    assert "random_state=0" in lines
