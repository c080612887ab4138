"""The report: every section of every kind of estimator is sound and reads well aloud, and data stays data."""

import math
import re
import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import ShuffleSplit

import chainrule
from chainrule import Dense, LayerNorm, Residual
from chainrule.errors import InputError, InputTypeError
from chainrule.plots.report import document, explained
from chainrule.plots.report.markup import number
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
    assert {section.id for section in ALL} - ({"importances"} if kind != "table" else set()) <= set(ids)
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
    assert page.text("section") == read(document(estimator)).text("section")  # all of it stands in the file


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


def test_columns_that_matter(fitted, read):
    estimator, X, y = fitted["table"]
    page = read(document(estimator, X, y))
    found = subject(estimator, X, y).importances
    assert {one.name for one in found} == {one.name for one in estimator.encoder_.encodings}
    labels = [one["aria-label"] for one in page.of("svg") if "where a column is shuffled" in one.get("aria-label", "")]
    assert len(labels) == 1 and "What accuracy loses" in labels[0] and f"{found[0].mean:.3g}" in labels[0]
    assert 'id="importances"' not in document(estimator)


@pytest.mark.parametrize("kind", KINDS)
def test_explanations_add_up_to_predictions(kind, fitted, read):
    estimator, X, y = fitted[kind]
    about = subject(estimator, X, y)
    one = about.explained.explanation
    whole = estimator.explain(X.drop(columns=y) if kind == "table" else X, background_rows=2)
    assert one.output_names[0] in whole.output_names and about.explained.outputs == len(whole.output_names)
    assert one.values.ndim == 2 and 12 <= len(one) <= 60 and one.background == 50
    everywhere = whole.predictions if whole.values.ndim == 2 else whole.of(one.output_names[0]).predictions
    assert np.abs(one.predictions[:, None] - everywhere).min(axis=1).max() < 1e-5
    page = read(document(estimator, X, y))
    labels = [each["aria-label"] for each in page.of("svg") if "aria-label" in each]
    for which, value in (("lowest", one.predictions.min()), ("highest", one.predictions.max())):
        assert [said for said in labels if said.startswith(f"The {which} prediction") and number(float(value)) in said]
    along = [said for said in labels if said.startswith("Mean prediction by")]
    assert len(along) == len(about.explained.dependences) == min(3, len(one.feature_names))
    assert "not what causes what" in page.text("section")


def test_the_output_that_is_explained_is_the_most_probable(fitted):
    estimator, X, y = fitted["three classes"]
    found = subject(estimator, X, y).explained
    mean = dict(zip(map(str, estimator.classes_), estimator.predict_proba(X).mean(axis=0), strict=True))
    assert found.explanation.output_names == (max(mean, key=mean.get),)
    assert "of 3 outputs: the most probable" in document(estimator, X, y)


def test_explanations_are_left_out_where_they_say_nothing_or_take_too_long(fitted, monkeypatch):
    estimator, X, y = fitted["number"]
    assert subject(estimator, X[:1], y[:1]).explained is None
    assert len(subject(estimator, X[:2], y[:2]).explained.explanation) == 2
    monkeypatch.setattr(explained, "WORK", 1e6)
    assert subject(estimator, X, y).explained is None
    assert 'id="explanations"' not in document(estimator, X, y)


def test_explanations_predict_no_more_rows_than_they_may(fitted, monkeypatch):
    estimator, X, y = fitted["table"]
    predicted, raw = [], type(estimator.model_).raw
    monkeypatch.setattr(
        type(estimator.model_),
        "raw",
        lambda self, rows, *more: predicted.append(rows.shape[0]) or raw(self, rows, *more),
    )
    explained.explained(estimator.model_, X.drop(columns=y), 1)
    most = explained.WORK / max(estimator.model_.predictor.trained, explained.OF_ROW)
    of_columns = explained.COLUMNS * explained.POINTS * explained.AVERAGED
    assert 0 < sum(predicted) <= most + of_columns + explained.ROWS + explained.BACKGROUND


def test_columns_of_times_levels_and_gaps_are_explained(read):
    rng, rows = np.random.default_rng(0), 90
    X = pd.DataFrame({
        "when": pd.date_range("2020-01-01", periods=rows, freq="7h"), "number": rng.normal(size=rows),
        "level": rng.choice(["a", "b", None], rows),
    })  # fmt: skip
    y = (X["level"] == "a") + X["number"] + np.arange(rows) / 30
    X.loc[::4, "number"], X.loc[::5, "when"] = np.nan, pd.NaT
    model = chainrule.TableRegressor(preset="fast", max_iter=5, random_state=0, n_threads=1).fit(X, y)
    page = read(document(model, X, y))
    styles = {one.get("class") for one in page.of("path")}
    assert {"low0", "low4", "unordered", "gone", "band", "thin"} <= styles
    assert "2020-01-" in page.text("text") and "missing" in page.text("bdi")


def test_a_report_of_sequences_has_no_explanations():
    X, y = np.random.default_rng(0).normal(size=(20, 3, 2)), np.arange(20.0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = chainrule.SequenceRegressor(
            hidden_layer_sizes=(4,), head_layer_sizes=(4,), max_iter=2, n_threads=1
        ).fit(X, y)
    assert subject(model, X, y).explained is None


@pytest.mark.parametrize("members", [1, 3])
def test_parameters_of_all_members_are_counted(members, fitted, read):
    _, X, y = fitted["number"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = chainrule.MLPRegressor(hidden_layer_sizes=(4,), n_members=members, max_iter=2).fit(X, y)
    assert f"parameters{members * (3 * 4 + 4 + 4 + 1)}" in read(document(model)).text("dl")
    assert model.model_.progress.outlook.parameters == members * 21


STOPPED = {
    "a table": (chainrule.TableRegressor, {"preset": "fast"}),
    "an ensemble, calibrated": (chainrule.TableRegressor, {"preset": "fast", "n_members": 2, "calibration": True}),
    "rows of numbers": (chainrule.MLPRegressor, {}),
}


@pytest.mark.parametrize("name", STOPPED)
def test_rows_that_stopped_training_are_told(name, tmp_path, read):
    kind, parameters = STOPPED[name]
    generator = np.random.default_rng(0)
    X, others = generator.normal(size=(2, 80, 3))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = kind(max_iter=5, random_state=0, **parameters).fit(X, X[:, 0], X_val=others, y_val=others[:, 0])
    model.save(tmp_path / "a.model")
    for one in (model, chainrule.load(tmp_path / "a.model")):
        assert "rows that stopped training: the best epoch" in document(one, others, others[:, 0])
        assert "rows that stopped training: the best epoch" not in document(one, X, X[:, 0])


def padded(lengths):
    return np.where(np.arange(5)[None, :, None] < np.asarray(lengths)[:, None, None], 1.0, 0.0)


#: Estimator, names and what they stand for, how fit is called, and what is left to the reader.
LENGTHS = np.arange(30) % 5 + 1
REPRODUCED = {
    "plain": ("MLPClassifier", {"hidden_layer_sizes": (8,), "early_stopping": True}, "X, y", ""),
    "values": (
        "MLPClassifier",
        {
            "layers": [Dense(8, "tanh"), Residual([LayerNorm(), Dense(8, "relu")])],
            "solver": AdamW(0.01, weight_decay=0.1),
            "learning_rate": Cosine(),
        },
        "X, y", "",
    ),
    "infinite, NumPy's, and a splitter": (
        "MLPClassifier",
        {
            "n_iter_no_change": math.inf, "alpha": np.float64(0.1), "dtype": np.float32, "batch_size": np.int64(20),
            "validation_split": ShuffleSplit(1, test_size=0.25, random_state=3), "class_weight": {False: 1, True: 2.0},
        },
        "X, y", "",
    ),
    "weights, and rows to validate on": (
        "MLPClassifier", {}, "X, y, sample_weight=sample_weight, X_val=X_val, y_val=y_val", "",
    ),
    "code": ("MLPClassifier", {"early_stopping": True, "scoring": lambda m, X, y: 0.5}, "X, y", "# scoring=...,"),
    "padded sequences": ("SequenceRegressor", {}, "X=padded, y=numbers, lengths=lengths", ""),
    "a frame": ("TableRegressor", {"preset": "fast"}, "frame, 'b'", ""),
    "files": ("TableRegressor", {"preset": "fast"}, "'rows.csv', 'b', X_val='others.csv'", ""),
    "a file, weights": ("TableRegressor", {"preset": "fast", "columns": {"a": "number"}},
                        "'rows.csv', 'b', sample_weight='w'", ""),
}  # fmt: skip


@pytest.mark.parametrize("again", [False, True], ids=["fitted", "loaded"])
@pytest.mark.parametrize("name", REPRODUCED)
def test_lines_that_reproduce_run(name, again, fitted, read, tmp_path, monkeypatch):
    kind, chosen, call, left = REPRODUCED[name]
    X, y = fitted["two classes"][1:]
    frame = pd.DataFrame(X[:, :2], columns=["a", "b"]).assign(w=np.arange(len(X)) % 3)
    monkeypatch.chdir(tmp_path)
    frame.to_csv("rows.csv", index=False)
    frame[60:].to_csv("others.csv", index=False)
    given = {
        "X": X, "y": y, "X_val": X[:40], "y_val": y[:40], "sample_weight": np.arange(len(X)) % 4, "frame": frame,
        "padded": padded(LENGTHS), "numbers": LENGTHS * 1.0, "lengths": LENGTHS,
    }  # fmt: skip
    estimator = getattr(chainrule, kind)(**chosen, max_iter=3, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exec(f"estimator.fit({call})", {**given, "estimator": estimator})
        if again:
            estimator.save("a.model")
        lines = read(document(chainrule.load("a.model") if again else estimator)).text("pre")
        names = given | {"X": frame if name == "a frame" else given["padded"] if "padded" in name else X}
        names |= {"y": given["numbers"]} if "padded" in name else {}
        exec(lines, names)
    same = np.array_equal(names["model"].parameters_.vector, estimator.parameters_.vector)
    lost = left or (again and "validation_split" in chosen and "# validation_split=...,")  # which no file has
    assert lost in lines if lost else same and "#     " not in lines
    assert "random_state=0" in lines


def test_training_over_several_calls_promises_nothing(fitted):
    _, X, y = fitted["two classes"]
    model = chainrule.MLPClassifier((4,), random_state=0).partial_fit(X, y, classes=[False, True])
    assert "several calls" in document(model.partial_fit(X, y))


def test_what_really_trained(fitted, read):
    said = read(document(fitted["table"][0])).text("td")
    for open_, chosen in (("None", "(128, 128)"), ("None", "0.008"), ("'auto'", "'binary_cross_entropy'")):
        assert open_ + chosen in said
