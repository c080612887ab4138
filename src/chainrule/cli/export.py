"""`chainrule export`."""

from __future__ import annotations

from pathlib import Path

import click

from chainrule.cli import shared
from chainrule.cli.config import Configured


@click.command(cls=Configured)
@shared.model_file
@click.option("--onnx", type=shared.PATH, required=True, help="File to write: one ONNX graph, encodings included.")
@shared.force
@shared.as_json
@shared.quiet
def export(model: Path, onnx: Path, force: bool, as_json: bool, quiet: bool) -> None:
    """Write a model as ONNX.

    The graph runs without chainrule, with onnxruntime for one.
    """
    shared.check_free("--onnx", onnx, force)
    from chainrule.files import write_whole
    from chainrule.models.model import Model

    made = Model.load(model).to_onnx()
    content = made.SerializeToString()
    write_whole(onnx, content)
    names = {"inputs": [one.name for one in made.graph.input], "outputs": [one.name for one in made.graph.output]}
    if as_json:
        shared.document("export", {"model": model, "onnx": onnx, "bytes": len(content), **names})
    elif not quiet:
        shared.tell(f"{onnx} written, {len(content):,} bytes, with inputs {', '.join(names['inputs'])}")
