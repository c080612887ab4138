"""Raw tables: the presets of the table estimators, and variants of them, beside other libraries with their defaults.

    python -m benchmarks.tables                       # Adult, California housing, diamonds
    python -m benchmarks.tables SETS.toml --folder DATA --models default lightgbm --out today.json
    python -m benchmarks.tables SETS.toml --folder DATA --variant few='{"bins": 16}' --out today.json --resume
    python -m benchmarks.tables SETS.toml --out today.json --print --compare earlier.json

A TOML file has a table for each set (`sets.py`; `packaged.toml` and `development.toml` are two). Scores are those of a
fifth of the training rows that is held out, or with `--score test` of the test rows: each such look is counted in the
JSON. Every run (set, model, seed) is a process of its own on `--threads` threads, and is in the JSON once it is done.
"""
