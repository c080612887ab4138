"""Bugs in how tables come in: files, frames, kinds of columns, and their encoding."""

from bug import Bug

BUGS = [
    # From columns to numbers
    Bug(
        "tables/encoder.py",
        "rare >= least",
        "rare > least",
        "tests/tables/test_encoder.py",
        "exactly as many rare rows as a level needs make no rare level",
    ),
    Bug(
        "tables/encodings.py",
        "absent = self.count - 1 if self.absent else self.unknown",
        "absent = len(self.levels) if self.absent else self.unknown",
        "tests/tables/test_encoder.py",
        "where there are rare words and missing ones, a missing one is taken as rare",
    ),
    Bug(
        "tables/encodings.py",
        "(np.floor(days) + 3) % 7",
        "(np.floor(days) + 4) % 7",
        "tests/tables/test_encoder.py",
        "the weekday is off by one: the week begins with Sunday",
    ),
    Bug(
        "tables/encodings.py",
        "lambda days: days % 1 * 24",
        "lambda days: np.floor(days % 1 * 24)",
        "tests/tables/test_encoder.py",
        "the hour of a time has lost its minutes",
    ),
    Bug(
        "tables/numbers.py",
        "float(np.median(scale(known)))",
        "float(np.mean(scale(known)))",
        "tests/tables/test_encoder.py",
        "the mean, not the median, stands in for a missing number",
    ),
    Bug(
        "tables/numbers.py",
        "np.cumsum(np.where(sizes > 0, seen.counts, 0.0)[order])",
        "np.cumsum(seen.counts[order])",
        "tests/tables/test_encoder.py",
        "zeros count for the unit of a logarithm, which is 0 where there are many of them",
    ),
    Bug(
        "tables/kinds.py",
        "distinct == 1 and not missing",
        "distinct == 1",
        "tests/tables/test_encoder.py",
        "a column of one value that is missing in some rows is left out as constant",
    ),
    Bug(
        "tables/targets.py",
        "y.min(axis=0), y.max(axis=0)",
        "seen.min(axis=0), seen.max(axis=0)",
        "tests/tables/test_encoder.py",
        "predictions of a target with log are held within the range of its logarithm",
    ),
    Bug(
        "tables/describe.py",
        'one.units or about["inputs"]',
        'about["inputs"]',
        "tests/tables/test_describe.py",
        "an embedding is told to give one input, however many units it has",
    ),
    Bug(
        "tables/reading.py",
        "row = column.first + int((column.values == bad).argmax())",
        "row = int((column.values == bad).argmax())",
        "tests/tables/test_frames.py",
        "a word that is no number is named by its row within the part",
    ),
    # From frames and files to tables
    Bug(
        "tables/table.py",
        "[*(levels[w] for w in part.levels), -1]",
        "[levels[w] for w in part.levels]",
        "tests/tables/test_frames.py",
        "a missing word becomes the last level of its part when parts are joined",
    ),
    Bug(
        "tables/frames.py",
        '.dt.convert_time_zone("UTC")',
        "",
        "tests/tables/test_types.py",
        "times with a zone are taken by the clock on the wall there",
    ),
    Bug(
        "tables/frames.py",
        "sorted(set(series.drop_nulls().unique().to_list()).difference(MISSING))",
        "sorted(series.drop_nulls().unique().to_list())",
        "tests/tables/test_frames.py",
        "in a frame, words that stand for a missing value are levels like others",
    ),
    Bug(
        "tables/files.py",
        "[ending.lower() for ending in place.suffixes]",
        "list(place.suffixes)",
        "tests/tables/test_files.py",
        "a file whose name ends in capitals, as .CSV, is refused",
    ),
    Bug(
        "tables/csv_file.py",
        '"utf-8-sig"',
        '"utf-8"',
        "tests/tables/test_files.py",
        "a byte order mark, as Excel writes it, becomes part of the first name",
    ),
    Bug(
        "tables/arrow_files.py",
        'self.path.rglob("*")',
        'self.path.glob("*")',
        "tests/tables/test_files.py",
        "Parquet files in folders of a folder are not read",
    ),
    Bug(
        "tables/table_file.py",
        ".at(first + done)",
        ".at(first)",
        "tests/tables/test_files.py",
        "every part of a row group has the row numbers of the first",
    ),
    Bug(
        "tables/survey.py",
        "np.append(row, rows + mine)",
        "np.append(row, mine)",
        "tests/estimators/test_table_streaming.py",
        "rows of the sample are numbered within their part, not among all",
    ),
]
