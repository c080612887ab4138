"""`chainrule inspect`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from chainrule.cli import describe, shared
from chainrule.cli.config import Configured
from chainrule.cli.describe import STOPPED_BY
from chainrule.errors import InputError, InputTypeError

#: In front of the names of the arrays that are weights, as `save` writes them.
WEIGHTS = "parameters."

if TYPE_CHECKING:
    from chainrule.formats.document import Listing

#: What code that is given untrusted values raises where it has no check of its own for them.
_STRANGE = (TypeError, ValueError, LookupError, ArithmeticError, AttributeError, RecursionError)


@click.command(cls=Configured)
@shared.model_file
@shared.as_json
def inspect(model: Path, as_json: bool) -> None:
    """Show what is in a model file.

    Columns and their encodings, the network, training, versions. Only what describes the MODEL is read: not its
    weights, and so not whether they are whole.
    """
    from chainrule.errors import ModelFileError
    from chainrule.formats import model_file

    listing = model_file.inspect(model)
    try:
        content = _content(model, listing)
        said = "\n".join(_said(model, content))
    except (InputError, InputTypeError) as error:
        raise model_file.refusal(model, error) from error
    except _STRANGE as error:
        raise ModelFileError(str(model), "a model that save() wrote", f"{error!r}"[:200], "Save it anew.") from error
    if as_json:
        shared.document("inspect", {"model": model, "bytes": model.stat().st_size, **content})
    else:
        click.echo(said)


def _content(path: Path, listing: Listing) -> dict[str, Any]:
    from chainrule.network import serial
    from chainrule.network.describe import layer
    from chainrule.training.serial import CONFIGURATION

    envelope = listing.model
    content = envelope["content"]
    inside = content.get("inside", content)
    network = inside["network"]
    layers = serial.from_data(network["layers"])
    settings, history = (
        {name: CONFIGURATION.back(f"content, {what}", value) for name, value in found.items()}
        for what, found in (("parameters", content["parameters"]), ("history", inside["history"]))
    )
    chosen = {k: CONFIGURATION.back("content, chosen", v) for k, v in content.get("chosen", {}).items()}
    about = {
        "format_version": listing.version,
        "estimator": envelope["estimator"],
        "written": dict(envelope["written"]),
        "settings": {k: _plain(v) for k, v in settings.items() if v is not None},
        "chosen": {k: _plain(v) for k, v in chosen.items()},
        **_table(path, listing, content),
        "network": {
            "inputs": network["inputs"],
            "members": network["members"],
            "layers": [layer(one) for one in layers],
            "loss": inside["loss"],
            "numbers": sum(prod(one.shape) for name, one in listing.tensors.items() if name.startswith(WEIGHTS)),
        },
        "history": history,
    }
    about["given"] = content.get("given", {})
    about["training"] = describe.training_of(history["validation_loss"], sum(history["seconds"]))
    if "mixture" in inside:
        about["networks"] = list(_kinds(inside, about.pop("views")))
        about["training"]["loss_together"] = inside["learned"].get("mixed_")
    about.pop("views", None)
    return about


def _kinds(inside: Mapping[str, Any], views: list[str]) -> Iterator[dict[str, Any]]:
    """Of each kind of networks of a mixture: how it reads numbers, its layers, members, and part of a prediction."""
    from chainrule.network import serial
    from chainrule.network.describe import layer

    for one in inside["mixture"]:
        network = one.get("network", inside["network"])
        yield {
            "reads": views[one["view"]], "inputs": network["inputs"], "members": network["members"],
            "share": sum(one["shares"]), "layers": [layer(found) for found in serial.from_data(network["layers"])],
        }  # fmt: skip


def _plain(value: Any) -> Any:
    """A setting as JSON has it, or as its code is written."""
    return value if isinstance(value, (bool, int, float, str, tuple, dict)) else repr(value)


def _table(path: Path, listing: Listing, content: Mapping[str, Any]) -> dict[str, Any]:
    """What only a model of tables has."""
    found: dict[str, Any] = {}
    if "classes" in content:
        found["classes"] = content["classes"]["values"]
    if "encoder" not in content:
        return found
    from chainrule.formats import model_file
    from chainrule.models.document import ENCODED
    from chainrule.tables.describe import columns_of, left_out_of
    from chainrule.tables.serial import ENCODINGS

    encoder = ENCODINGS.back("content, encoder", content["encoder"], model_file.array(path, listing, ENCODED))
    columns, left_out = columns_of(encoder), left_out_of(encoder)
    views = [way.said for way in encoder.ways]
    return {"target": content["target_name"], **found, "columns": columns, "left_out": left_out, "views": views}


def _said(model: Path, content: Mapping[str, Any]) -> Iterator[str]:
    written, training, network = content["written"], content["training"], content["network"]
    yield f"{model}: {content['estimator']}, {model.stat().st_size:,} bytes"
    yield shared.lines([
        ("written", f"{written['date']} by chainrule {written['chainrule']}, numpy {written['numpy']}, "
                    f"Python {written['python']}"),
        *([("target", content["target"])] if "target" in content else []),
        *([("classes", ", ".join(map(str, content["classes"])))] if "classes" in content else []),
        ("settings", ", ".join(f"{k}={v}" for k, v in content["settings"].items() if k not in content["chosen"])),
        *([("chosen", ", ".join(f"{k}={v}" for k, v in content["chosen"].items()))] if content["chosen"] else []),
    ])  # fmt: skip
    if "columns" in content:
        from chainrule.tables.describe import levels_of

        yield "Columns"
        rows = [
            (c["name"], c["kind"], c["encoding"], f"{c['inputs']} inputs", levels_of(c), c["why"])
            for c in content["columns"]
        ]
        yield shared.lines([*rows, *((c["name"], "left out", "", "", "", c["why"]) for c in content["left_out"])])
    kinds = content.get("networks", [])
    count = sum(one["members"] for one in kinds) or network["members"]
    members = f", of {count} members together" if count > 1 else ""
    yield f"Network{'s' if kinds else ''}: {network['inputs']} inputs, {network['numbers']:,} numbers{members}"
    for one in kinds:
        yield f"  {one['members']} of {one['inputs']} inputs, {one['reads']}, {one['share']:.0%} of a prediction"
        yield shared.lines([("", layer) for layer in one["layers"]])
    if not kinds:
        yield shared.lines([(layer,) for layer in network["layers"]])
    best = training["best_epoch"]
    by = "" if best is None else f", best {best}: loss {training['best_validation_loss']:.6g} on {STOPPED_BY}"
    if training.get("loss_together") is not None:
        by += f"; of all networks {training['loss_together']:.6g}"
    yield f"Training: {training['epochs']} epochs in {training['fit_seconds']:.1f} s{by}"
