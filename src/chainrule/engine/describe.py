"""A network as a table: layers, shapes, parameter counts, flops."""

from __future__ import annotations

from collections.abc import Sequence

from chainrule.network.layers import Layer, widths


def describe(layers: Sequence[Layer], inputs: int) -> str:
    """One line per layer, then the totals. Flops are those of the matrix products, forward, per row."""
    lines = [f"{'layer':<44}{'in -> out':<16}{'parameters':>12}{'flops/row':>12}"]
    sizes = widths(layers, inputs)
    total = flops = 0
    for place, layer in enumerate(layers):
        count = 0
        for p in layer.parameters(sizes[place]):
            size = 1
            for n in p.shape:
                size *= n
            count += size
        cost = layer.flops(sizes[place])
        name = repr(layer)
        name = name if len(name) <= 40 else name[:37] + "..."
        arrow = f"{sizes[place]} -> {sizes[place + 1]}"
        lines.append(f"{place} {name:<42}{arrow:<16}{count:>12,}{cost:>12,}")
        total, flops = total + count, flops + cost
    lines.append(f"{'total':<60}{total:>12,}{flops:>12,}")
    return "\n".join(lines)
