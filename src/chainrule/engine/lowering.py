"""From layers to a program: forward instructions in order, and after each, on a tape, the way back.

The tape is the chain rule: played in reverse, each entry turns the gradient of what its stage made into the
gradient of what the stage was given.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from chainrule.engine.builder import Builder, Mode
from chainrule.engine.lower_stages import lower_gate, lower_stage, product, product_backward
from chainrule.engine.program import (
    Argument,
    Everyones,
    InPlace,
    Noise,
    Numbers,
    Out,
    Own,
    Program,
    Start,
    Value,
    Weight,
    Whole,
    Zeros,
)
from chainrule.engine.stages import Stage, stages
from chainrule.engine.terms import Terms
from chainrule.errors import InputError
from chainrule.network import losses
from chainrule.network.layers import GLU, Embedding, Layer, Periodic, Pool, Residual
from chainrule.network.losses import Loss

#: Sequence s of a batch holds the rows boundaries[s] to boundaries[s + 1].
BOUNDARIES = Value("boundaries", "boundaries", None, "int64")
#: What the loss adds up over batches: [sum of w * loss, sum of w].
TOTAL = Value("total", "none", 2, "float64")
#: The same of one part's rows of a batch.
SUMS = Own("loss", 2, "float64")


def lower(
    layers: Sequence[Layer],
    inputs: int,
    mode: Mode,
    loss: Loss | None = None,
    inspect: bool = False,
    temperature: float = 1.0,
    terms: Terms | None = None,
) -> Program:
    """The program of a network.

    "train" with a loss: forward, loss, backward to every parameter. "predict" and "sample" with a loss: forward, z
    divided by the temperature, and the loss's link. "loss": forward as in "predict", then the loss of z, which `total`
    adds up. With `inspect`, every layer stands alone, all its values are kept, and the way back starts from a given
    d_output and goes down to d_input. With `terms`, x is what those do not stand for: codes.
    """
    if mode == "loss" and loss is None:
        raise InputError("plan(loss=)", "a loss, for mode='loss'", "None", "For example loss='squared_error'.")
    sequential = any(isinstance(layer, Pool) for layer in layers)
    b = Builder(mode, inspect)
    x = b.give(Value("x", "rows", inputs - (terms.inputs if terms else 0)))
    if terms is not None:
        b.front_of(x, terms)
    if sequential:
        b.give(BOUNDARIES)
    z = lower_layers(b, layers, x, "")
    if z == x or (b.returns and loss is not None and z in b.needed):
        z = b.copy(z, "output")  # the loss and its link overwrite what they are given
    output = z
    if mode in ("predict", "sample"):
        output = _link(b, _tempered(b, z, temperature), loss)
    elif loss is not None:
        _loss(b, z, loss)
    else:
        b.gradients[z] = [b.give(Value("d_output", z.space, z.width))]
    b.go_back()
    d_input = b.gradient(x) if x in b.gradients else None
    return b.program(output, d_input)


def lower_layers(b: Builder, layers: Sequence[Layer], x: Value, prefix: str) -> Value:
    for stage in stages(layers, fuse=not b.inspect):
        before = x
        if isinstance(stage, Stage):
            x = lower_stage(b, stage, x, prefix)
        else:
            x = _BLOCKS[type(stage.layer)](b, stage.layer, x, f"{prefix}{stage.last}")
        b.layer_values[f"{prefix}{stage.last}.a"] = x
        b.layer_values.setdefault(f"{prefix}{stage.last}.z", before)
    return x


def _residual(b: Builder, residual: Residual, x: Value, name: str) -> Value:
    """x + layers(x), or P x + layers(x) where the widths differ."""
    skip = x
    units = residual.width(x.width or 1)
    if units != x.width:
        P = Weight(f"{name}.projection.W")
        projected = skip = Value(f"{name}.skip", x.space, units)
        product(b, x, P, skip)
        b.behind(lambda: product_backward(b, x, b.gradient(projected), P))
    inner = lower_layers(b, residual.layers, x, f"{name}.")
    out = Value(f"{name}.a", x.space, units)
    b.emit("add", inner, skip, Out(out), text=f"{out.name} = {inner.name} + {skip.name}")

    def back() -> None:
        d_out = b.gradient(out)
        # The layers overwrite the gradient they are given, and the skip still needs it.
        b.layer_values[f"{name}.dz"] = d_out
        d_inner = Value(f"d{inner.name} by sum", out.space, units)
        b.emit("copy", Out(d_inner), d_out, text=f"{d_inner.name} = {d_out.name}")
        b.contribute(inner, d_inner)
        if b.wants_gradient(skip):
            b.contribute(skip, d_out)

    b.behind(back)
    return out


def _embedding(b: Builder, embedding: Embedding, x: Value, name: str) -> Value:
    """Columns that pass through, then the vectors of one kind of code after the other."""
    plain, width = embedding.plain(x.width or 1), embedding.width(x.width or 1)
    a = Value(f"{name}.plain", x.space, width)
    b.emit("embed_plain", Out(a), x, plain, text=f"{a.name} = the first {plain} of {x.name}")
    places, column, start = [], plain, plain
    for k, (units, count) in enumerate(zip(embedding.units, embedding.counts, strict=True)):
        before, a, E = a, Value(f"{name}.{k}", x.space, width), Weight(f"{name}.E{k}")
        b.emit(
            "embed", InPlace(before, a), x, E, column, column + count, start,
            text=f"{a.name} = {before.name}, {E}[{x.name}]",
        )  # fmt: skip
        places.append((E, column, column + count, start))
        column += count
        start += units
    b.needed.add(a)
    if x in b.fronts:
        b.fronts[a] = b.fronts[x]
    if not b.wants_gradient(x):
        b.passed[a] = plain

    def back() -> None:
        da = b.layer_values[f"{name}.dz"] = b.gradient(a)
        behind = width - (da.width or width)  # columns of a whose gradient nobody asks for
        for E, first, stop, start in places:
            dE = Weight(E.name, gradient=True)
            b.emit(
                "embed_backward", da, x, dE, first, stop, start - behind, text=f"{dE} = sums of {da.name} by {x.name}"
            )
        if b.wants_gradient(x):
            dx = Value(f"d{x.name} by embedding", x.space, x.width)
            b.emit("embed_plain_backward", Out(dx), da, plain, text=f"{dx.name} = {da.name}, 0 of codes")
            b.contribute(x, dx)

    b.behind(back)
    return a


def _periodic(b: Builder, periodic: Periodic, x: Value, name: str) -> Value:
    """What comes in, and behind it the combined waves of its first columns."""
    inputs, width = x.width or 1, periodic.width(x.width or 1)
    F, P, V, bias = (Weight(f"{name}.{parameter}") for parameter in "FPVb")
    a = Value(f"{name}.a", x.space, width)
    b.emit("waves", Out(a), x, F, P, V, bias, text=f"{a.name} = {x.name}, {V} cos({x.name} {F} + {P}) + {bias}")
    b.needed |= {x, a}
    b.passed[a] = b.passed.get(x, 0) if b.wants_gradient(x) else inputs

    def back() -> None:
        da = b.layer_values[f"{name}.dz"] = b.gradient(a)
        start = (da.width or width) - (width - inputs)  # in front of it the gradients of inputs that somebody asks for
        entries = 2 * periodic.columns * periodic.waves + (width - inputs) * (periodic.waves + 1)
        sums = Own(f"d {name}", entries)
        b.emit("waves_backward", da, x, F, P, V, sums, start, text=f"{sums.name} = sums of {da.name} by waves")
        gradients = [Weight(one.name, gradient=True) for one in (F, P, V, bias)]
        b.emit("waves_gradients", Everyones(sums), *gradients, text=f"d {F}, {P}, {V}, {bias} = sum of {sums.name}")
        if b.wants_gradient(x):
            dx = Value(f"d{x.name} by waves", x.space, inputs)
            b.emit(
                "waves_input", Out(dx), da, x, F, P, V, start, text=f"{dx.name} = {da.name}, and by {V} sin(...) {F}"
            )
            b.contribute(x, dx)

    b.behind(back)
    return a


def _pool(b: Builder, pool: Pool, x: Value, name: str) -> Value:
    y = Value(f"{name}.a", "sequences", x.width)
    dx = Value(f"d{x.name} by pool", x.space, x.width)
    text = f"{y.name} = {pool.how} over time of {x.name}"
    argument: Argument
    if pool.how == "max":
        winners = Value(f"{name}.winners", "sequences", x.width, "int64")
        b.emit("pool_max", x, BOUNDARIES, Out(y), Out(winners), text=text)
        kernel, argument = "pool_max_backward", winners
    else:
        argument = int(pool.how == "mean")
        b.emit("pool_sum", x, BOUNDARIES, Out(y), argument, text=text)
        kernel = "pool_sum_backward"

    def back() -> None:
        dy = b.layer_values[f"{name}.dz"] = b.gradient(y)
        if b.wants_gradient(x):
            b.emit(kernel, dy, BOUNDARIES, Out(dx), argument, text=f"{dx.name} = spread {dy.name}")
            b.contribute(x, dx)

    b.behind(back)
    return y


#: How a layer that stands alone is computed: (builder, layer, what comes in, its place) -> what comes out.
_BLOCKS: dict[type[Layer], Callable[[Builder, Any, Value, str], Value]] = {
    Residual: _residual,
    Embedding: _embedding,
    Periodic: _periodic,
    Pool: _pool,
    GLU: lower_gate,
}


def _loss(b: Builder, z: Value, loss: Loss) -> None:
    width = None if loss.target == "classes" else loss.targets(z.width or 1)
    y = b.give(Value("y", z.space, width, "int64" if loss.target == "classes" else "float"))
    w = b.give(Value("w", z.space, None))
    b.give(TOTAL)
    dz = Value("d_output", z.space, z.width)
    b.emit(
        loss.kernel, InPlace(z, dz), y, w, Numbers(loss.numbers), Whole(w), SUMS, Start(),
        text=f"{dz.name} = d {loss.name}({z.name}, y)", value=loss.entry, scalar=loss.scalar, label=loss.name,
    )  # fmt: skip
    b.contribute(z, dz)
    b.at_last(lambda: b.emit("tally", Everyones(SUMS), TOTAL, text="total += sums of the loss and of w"))


def _tempered(b: Builder, z: Value, temperature: float) -> Value:
    if temperature == 1:
        return z
    cooled = Value("tempered z", z.space, z.width)
    b.emit(
        "scale", InPlace(z, cooled), Numbers(((1 / temperature,),)), text=f"{cooled.name} = {z.name} / {temperature:g}"
    )
    return cooled


def _link(b: Builder, z: Value, loss: Loss | None) -> Value:
    """From the last layer's z to a prediction."""
    if loss is None or loss.link == "identity":
        return z
    p = Value("prediction", z.space, z.width)
    if loss.link == "softmax":
        b.emit("softmax", InPlace(z, p), text=f"p = softmax({z.name})")
    else:
        f = losses.LINKS[loss.link]
        b.emit(
            "activate_inplace", InPlace(z, p), Zeros(z.width or 1), Noise(-1), Start(),
            text=f"p = {loss.link}({z.name})", value=f, label=loss.link,
        )  # fmt: skip
    return p
