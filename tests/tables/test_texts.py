"""Texts: the vocabulary that is made of them, their codes, what is a text at all, and what a model learns."""

import pickle
from dataclasses import replace

import numpy as np
import pytest

from chainrule import TableClassifier, TableRegressor, datasets, load
from chainrule.errors import InputError
from chainrule.tables import column, texts
from chainrule.tables.column import Column, words
from chainrule.tables.evidence import Evidence
from chainrule.tables.settle import settle
from chainrule.tables.texts import Text, encode
from chainrule.tables.written.words import END, MARKS, spellings, split
from chainrule.warn import DataWarning

SAID = Text("said", ("so so", "good", "very good", "very", "so"), 5)


def named(text, encoding=SAID):
    """The terms that an encoding finds in a text."""
    (codes,) = encoding.code(words([text]))
    return {encoding.terms[int(code)] for code in codes if code >= 0}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("very good", {"very", "good", "very good"}),
        ("good very", {"very", "good"}),
        ("Very GOOD!!", {"very", "good", "very good"}),
        ("veRy good", {"good"}),
        ("so, so ... very", {"so", "so so", "very"}),
        ("very  good", {"very", "good"}),  # two spaces: no neighbours
        ("very\ngood", {"very", "good"}),
        ("very\tgood", {"very"}),  # a word ends at the mark
        ("very bad good", {"very", "good"}),
        ("(good", set()),
        ("goodness", set()),
        ("", set()),
        (" \n ", set()),
        (f"good{MARKS}very", {"good"}),
    ],
)
def test_words_end_at_marks_and_neighbours_are_pairs(text, found):
    assert named(text) == found


@pytest.mark.parametrize(
    "piece", ["iphone", "Iphone", "IPHONE", "iPhone", "IPhone", "STRASSE", "Straße", "straße", "İ"]
)
def test_a_word_is_found_as_the_one_that_fit_counted(piece):
    """Also where another of the vocabulary has the same capitals."""
    (counted,) = encode("said", words([piece])).terms
    known = Text("said", tuple(dict.fromkeys(["iphone", "iPhone", "strasse", "straße", counted])), 1)
    assert named(piece, known) == {counted}
    assert piece in spellings(counted)
    assert all(piece not in spellings(other) for other in known.terms if other != counted)


def test_codes_are_rising_each_once_and_the_first_of_them_count():
    codes = SAID.code(words(["so so so good very good", None]))
    np.testing.assert_array_equal(codes, [[0, 1, 2, 3, 4], [-1] * 5])
    short = replace(SAID, most=2)
    np.testing.assert_array_equal(short.code(words(["very good so so", "so"])), [[0, 1], [4, -1]])


def test_a_missing_text_has_a_code_where_fit_saw_one():
    text = ["it is good", None] * 3
    known = encode("said", words(text))
    assert known.absent and known.count == len(known.terms) + 1
    np.testing.assert_array_equal(known.code(words([None]))[0, 0], len(known.terms))
    assert not encode("said", words(text[::2])).absent


def test_a_vocabulary_holds_what_stands_in_enough_texts_the_rarest_first():
    found = encode(
        "said",
        words(
            [
                "a good one",
                "A good day.",
                "a Good day",
                "good grief",
                "of McDonald",
                "by McDonald",
                "McDonald",
                "mcdonald",
            ]
        ),
    )
    assert found.terms == ("McDonald", "a", "a good", "good")
    assert found.most == 3


def test_texts_that_stand_in_many_rows_count_as_often():
    assert set(encode("said", words(["well done"] * 3 + ["not so"])).terms) == {"well", "done", "well done"}


def test_ties_are_broken_by_the_terms_not_by_their_order(monkeypatch):
    monkeypatch.setattr(texts, "MOST_TERMS", 3)
    said = ["c d", "d c", "a b", "b a"] * 3
    assert encode("said", words(said)).terms == encode("said", words(said[::-1])).terms == ("a", "b", "c")


def test_a_vocabulary_that_is_full_holds_the_most_frequent_terms(monkeypatch):
    monkeypatch.setattr(texts, "MOST_TERMS", 2)
    assert encode("said", words([f"often {word}" for word in "abc"] * 3)).terms == ("a", "often")


def test_a_vocabulary_is_never_empty_and_never_too_large(monkeypatch):
    assert encode("said", words(["one two", "three four"])).count > 0
    marks = encode("said", words(["...", "!!", None]))
    assert marks.terms == () and marks.absent and named("...", marks) == set()
    monkeypatch.setattr(texts, "MOST_TERMS", 5)
    monkeypatch.setattr(texts, "MOST_OF_ONE", 2)
    found = encode("said", words([f"w{k} w{k + 1} w{k + 2}" for k in range(40)]))
    assert len(found.terms) == 5 and found.most == 2


def test_texts_without_a_common_word_are_warned_of():
    japanese = [f"これは{k}番目の映画です" for k in range(50)]
    with pytest.warns(DataWarning, match="^X, column 'said': no word stands in 3 texts or more"):
        found = encode("said", words(japanese))
    assert found.count == 50
    encode("said", words(japanese[1:]))  # of few texts one says it anyway
    encode("said", words([f"{text} good" if k < 3 else text for k, text in enumerate(japanese)]))
    with pytest.warns(DataWarning, match="no word"):
        encode("said", words([f"{text} good" if k < 2 else text for k, text in enumerate(japanese)]))


def test_a_long_column_is_learned_from_some_of_its_texts(monkeypatch):
    monkeypatch.setattr(texts, "MOST_TEXTS", 10)
    found = encode("said", words([f"no {k:03d} here" for k in range(95)]))
    assert {"no", "here"} <= set(found.terms)


def test_fit_splits_its_texts_once(monkeypatch):
    seen = []
    monkeypatch.setattr(column, "split", lambda texts: seen.append(len(texts)) or split(texts))
    said = words(["so good", "very good", None])
    encode("said", said).code(said)
    assert seen == [2]


@pytest.mark.parametrize("most", [1, 2, 3, 4])
def test_texts_are_split_by_parts_where_there_are_many(monkeypatch, most):
    said = ["very good", None, "so so", "good", "so so", None, "good very"]
    codes = replace(SAID, absent=True).code(words(said))
    monkeypatch.setattr(texts, "MOST_TEXTS", most)
    np.testing.assert_array_equal(replace(SAID, absent=True).code(words(said)), codes)


def test_texts_that_no_row_has_are_not_learned_from(monkeypatch):
    monkeypatch.setattr(texts, "MOST_TEXTS", 4)
    levels = tuple(f"{k} is here" for k in range(9))
    rows = np.array([0, 2, 4, 6], np.int32)
    found = encode("said", Column("words", rows, levels))
    assert found.terms == encode("said", words([levels[k] for k in rows])).terms


@pytest.mark.parametrize("terms", [("a b c",), ("a", "a"), ("",), (" a",), ("a.",), (f"a{END}",), (1,)])
def test_a_vocabulary_that_is_none_is_refused(terms):
    with pytest.raises(InputError, match="words and pairs"):
        Text("said", terms, 1)
    with pytest.raises(InputError):
        Text("said", ("a",), 2)  # more columns than codes


# what is a text


def of(cells, said=""):
    seen = Evidence(("", "NA"))
    seen.add(words(cells))
    return settle("said", seen, "X", said).field.kind


def sentences(rows, different, length):
    """Texts of this many words, so many of them different."""
    return [" ".join(f"w{(k % different) * 7 + j}" for j in range(length)) for k in range(rows)]


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        (sentences(100, 31, 3), "text"),
        (sentences(100, 30, 3), "category"),  # each in three rows: levels
        (sentences(100, 89, 2), "category"),
        (sentences(100, 91, 2), "id"),  # of two words
        (sentences(49, 49, 5), "category"),  # too few rows to tell
        (sentences(50, 50, 5), "text"),
    ],
)
def test_texts_have_several_words_and_differ(cells, kind):
    assert of(cells) == kind


def test_what_is_said_to_be_a_text_is_one():
    assert of(["a", "b", "b"], "text") == "text"
    model = TableClassifier(columns={"workclass": "text"}, preset="fast", max_iter=1, random_state=0)
    adult = datasets.load_adult()
    model.fit({name: column[:500] for name, column in adult.columns.items()}, adult.target[:500])
    assert {one.name: one.kind for one in model.encoder_.encodings}["workclass"] == "text"
    with pytest.raises(InputError, match="'text'"):
        TableRegressor(columns={"a": "text"}).fit({"a": [1.0, 2.0, 3.0], "b": [1, 2, 1]}, [1.0, 2.0, 3.0])


# what is learned


@pytest.fixture(scope="module")
def reviews():
    """Texts whose words, or a pair of them, say what follows, beside a column that says nothing."""
    draw = np.random.default_rng(0)
    plain = [f"thing{k}" for k in range(60)]
    said, y = [], []
    for _ in range(1500):
        good, found = draw.random() < 0.5, list(draw.choice(plain, 8))
        found[draw.integers(8)] = draw.choice(["lovely", "superb"] if good else ["dreadful", "awful"])
        said.append(" ".join(found).capitalize() + ".")
        y.append("kept" if good else "returned")
    return {"size": draw.integers(0, 9, 1500), "review": said}, np.array(y)


def test_a_model_reads_its_texts(reviews, tmp_path):
    X, y = reviews
    first, rest = ({name: column[part] for name, column in X.items()} for part in (slice(1000), slice(1000, None)))
    model = TableClassifier(preset="fast", random_state=0).fit(first, y[:1000])
    assert model.score(rest, y[1000:]) > 0.98
    assert model.importances(rest, y[1000:], n_repeats=1, random_state=0)[0][0] == "review"
    p = model.predict_proba(rest)
    path = tmp_path / "model"
    model.save(path)
    np.testing.assert_array_equal(load(path).predict_proba(rest), p)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(model)).predict_proba(rest), p)
    one = {name: column[0] for name, column in rest.items()}
    np.testing.assert_allclose(model.predict_proba([one]), p[:1], atol=1e-6)


def test_a_table_of_texts_alone_is_learned(reviews):
    X, y = reviews
    model = TableClassifier(preset="fast", random_state=0, max_iter=12).fit({"review": X["review"]}, y)
    assert model.score({"review": X["review"]}, y) > 0.98
