"""What is counted: requests, rows, and how far these are from those of training."""

import os
import subprocess
import sys

import numpy as np
from tests.serving.inference.cases import Client, objects, rows


def samples(ask):
    """The values of metrics by their names and labels, as a scrape gives them."""
    lines = ask.get("/metrics").body.decode().splitlines()
    return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in lines if line[:1] not in ("#", "")}


def of(name, column):
    return f'chainrule_{name}{{column="{column}",model="kinds",version="1"}}'


def test_shares_of_cells_that_training_did_not_have(client):
    ask = client("kinds")
    strange = objects(rows(10))
    for row, more in zip(
        strange, [{"size": 99.0}, {"size": None}, {"color": "pink"}, {"day": "1999-01-01"}], strict=False
    ):
        row.update({"size": 0.5, **more})
    for row in strange[4:]:
        row["size"] = 0.5
    ask.post("/predict", strange)
    for row in strange:  # one by one, which is counted alike
        ask.post("/predict", [row])
    found = samples(ask)
    assert found['chainrule_rows_total{model="kinds",version="1"}'] == 20
    for name, column, count in (
        ("out_of_range", "size", 1), ("missing", "size", 1), ("unknown_level", "color", 1), ("out_of_range", "day", 1),
        ("missing", "color", 0), ("unknown_level", "new", 0), ("out_of_range", "day", 1),
    ):  # fmt: skip
        assert found[of(f"cells_{name}_total", column)] == 2 * count
        assert np.isclose(found[of(f"{name}_share", column)], count / 10)


def test_requests_are_counted_by_what_became_of_them(client):
    ask = client("kinds")
    ask.post("/predict", objects(rows(2)))
    ask.post("/predict", b"{")
    ask.get("/nowhere")
    ask.get("/v2", host="evil.example")
    found = samples(ask)
    assert found['chainrule_requests_total{route="predict",status="200"}'] == 1
    assert found['chainrule_requests_total{route="predict",status="400"}'] == 1
    assert found['chainrule_requests_total{route="none",status="404"}'] == 1
    assert found['chainrule_requests_total{route="none",status="421"}'] == 1
    assert found['chainrule_request_seconds_count{route="predict"}'] == 2
    assert found["chainrule_requests_under_way"] == 0
    assert found['chainrule_model_loaded_seconds{model="kinds",version="1"}'] > 1e9


def test_processes_count_together(tmp_path):
    code = """
from chainrule.serving.inference.metrics import Metrics
metrics = Metrics()
metrics.rows.labels("m", "1").inc(4)
metrics._cells["unknown"].labels("m", "1", "x").inc(1)
metrics.under_way.inc()
print(metrics.text()[0].decode())
"""
    environment = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path), "PYTHONPATH": os.pathsep.join(sys.path)}
    for _ in range(2):
        found = subprocess.run(
            [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
        )
    lines = found.stdout.splitlines()
    assert 'chainrule_rows_total{model="m",version="1"} 8.0' in lines
    assert 'chainrule_unknown_level_share{column="x",model="m",version="1"} 0.25' in lines


def test_a_column_has_what_it_can_have_and_a_new_model_begins_anew(client, folder, tmp_path):
    path = tmp_path / "m.model"
    path.write_bytes((folder / "kinds.model").read_bytes())
    ask = Client(f"m={path}")
    ask.post("/predict", [{**row, "color": "pink"} for row in objects(rows(4))])
    share = 'chainrule_unknown_level_share{column="color",model="m",version="1"}'
    assert samples(ask)[share] == 1
    assert not any("unreadable_total" in name or 'level_share{column="size"' in name for name in samples(ask))
    path.write_bytes((folder / "vectors.model").read_bytes())
    ask.repository.reload()
    ask.post("/predict", [{"v": [1, 2], "w": 1e9}])
    found = samples(ask)
    assert share not in found
    assert found['chainrule_rows_total{model="m",version="1"}'] == 1
    assert found['chainrule_out_of_range_share{column="w",model="m",version="1"}'] == 1
    ask.close()
