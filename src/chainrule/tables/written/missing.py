"""Words that stand for a missing value."""

from __future__ import annotations

#: In any column: those of pandas, of spreadsheets, and of people.
WORDS = (
    *("", "?", "NA", "N/A", "n/a", "n.a.", "<NA>", "#N/A", "#N/A N/A", "#NA", "NULL", "null", "None", "NaT"),
    *("NaN", "nan", "-NaN", "-nan", "1.#IND", "-1.#IND", "1.#QNAN", "-1.#QNAN"),
    *("#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#NULL!"),
)

#: In a column of numbers or of dates, too; elsewhere these may mean something.
BLANKS = ("-", "--", "---", ".", "..", "...", "–", "—")
