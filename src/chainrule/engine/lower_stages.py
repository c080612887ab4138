"""How a stage is computed, and its way back: one product, then one pass for all that follows it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from chainrule.engine.builder import Builder
from chainrule.engine.draws import NOTHING
from chainrule.engine.program import (
    Argument,
    ColumnsFrom,
    Everyones,
    InPlace,
    Numbers,
    Out,
    Own,
    Start,
    Transposed,
    Value,
    Weight,
    Zeros,
)
from chainrule.engine.stages import IDENTITY, Stage
from chainrule.network import activations
from chainrule.network.layers import GLU, Norm
from chainrule.network.layers.norms import BatchNorm, LayerNorm


def lower_stage(b: Builder, stage: Stage, x: Value, prefix: str) -> Value:
    """product -> norm -> f -> draw, the last three in one pass."""
    if not b.draws:
        stage = replace(stage, draw=NOTHING)
    pointwise = stage.norm or stage.activation != IDENTITY or stage.draw
    name = f"{prefix}{stage.last}"
    if stage.dense is None:
        if not pointwise:
            return _unchanged(b, x, name) if b.inspect else x
        z = b.copy(x, f"{name}.in")
        return _pointwise(b, stage, z, Zeros(x.width or 1), prefix)
    layer = f"{prefix}{stage.dense_at}"
    W = Weight(f"{layer}.W")
    z = Value(f"{layer}.xW", x.space, stage.dense.units)
    product(b, x, W, z)

    def back() -> None:
        dz = b.gradient(z)
        b.tap(layer, "dz", dz)
        product_backward(b, x, dz, W)

    b.behind(back)
    bias = Weight(f"{layer}.b") if stage.dense.bias else Zeros(stage.dense.units)
    if stage.norm is None:
        b.tap(layer, "z", z, bias=bias)
    a = _pointwise(b, stage, z, bias, prefix) if pointwise or stage.dense.bias else z
    if stage.norm is not None:
        at = f"{prefix}{stage.norm_at}"
        x_hat = Value(f"{at}.x_hat", z.space, z.width)
        offset = Weight(f"{at}.offset") if isinstance(stage.norm, BatchNorm | LayerNorm) else None
        b.tap(layer, "z", x_hat, Weight(f"{at}.gain"), offset)
    elif a == z:
        b.layer_values[f"{name}.z"] = z
    b.tap(layer, "a", a)
    return a


def _pointwise(b: Builder, stage: Stage, z: Value, bias: Weight | Zeros, prefix: str) -> Value:
    """norm -> f -> draw of z + bias."""
    name, at = f"{prefix}{stage.last}", f"{prefix}{stage.norm_at}"
    if isinstance(stage.norm, BatchNorm):
        return _batch_norm(b, stage, stage.norm, z, bias, at, name)
    if stage.norm is not None:
        return _row_norm(b, stage, stage.norm, z, bias, at, name)
    return _activation(b, stage, z, bias, name)


def _unchanged(b: Builder, x: Value, name: str) -> Value:
    """A layer that does nothing, seen in an inspection: its value and its gradient have names of their own."""
    a = Value(f"{name}.a", x.space, x.width)
    b.emit("copy", Out(a), x, text=f"{a.name} = {x.name}")

    def back() -> None:
        da = b.layer_values[f"{name}.dz"] = b.gradient(a)
        b.contribute(x, da)

    b.behind(back)
    return a


def product(b: Builder, x: Value, W: Weight, z: Value) -> None:
    """z = x @ W', and of what stands in front of x by terms."""
    front = b.fronts.get(x)
    if front is None:
        b.emit("dot", x, Transposed(W), Out(z), text=f"{z.name} = {x.name} @ {W}'")
        return
    first = front.terms.inputs
    into: Argument = Out(z)
    if x.width:
        of_x = Value(f"{z.name} behind terms", z.space, z.width)
        columns, said = _columns(W, first)
        b.emit("dot", x, Transposed(columns), Out(of_x), text=f"{of_x.name} = {x.name} @ {said}'")
        into = InPlace(of_x, z)
    sums = Value(f"sums of {W}", "none", first * (z.width or 1))
    b.emit(
        "running_sums", Out(sums), W, Numbers(front.terms.sums), text=f"{sums.name} = running sums of {W}[:, :{first}]"
    )
    b.emit(
        "add_terms", into, front.places, front.shares, sums, int(not x.width),
        text=f"{z.name} {'+' if x.width else ''}= shares of {sums.name}[places]",
    )  # fmt: skip


def product_backward(b: Builder, x: Value, dz: Value, W: Weight) -> None:
    """dW = dz' @ x and dx = dz @ W, of those columns of x that ask for it."""
    b.layer_values.setdefault(f"{W.name.removesuffix('.W')}.dz", dz)
    dW, front = Weight(W.name, gradient=True), b.fronts.get(x)
    behind = 0 if front is None else front.terms.inputs
    if front is not None:
        sums = Own(f"d sums of {W}", behind * (dz.width or 1))
        b.emit(
            "terms_backward", dz, front.places, front.shares, sums,
            text=f"{sums.name}[places] += shares of {dz.name}",
        )  # fmt: skip
        b.emit(
            "running_sums_backward", dW, Everyones(sums), Numbers(front.terms.sums),
            text=f"{dW}[:, :{behind}] = sums of {sums.name} from the last on",
        )  # fmt: skip
    if x.width:
        into, said = _columns(dW, behind)
        b.emit("dot", Transposed(dz), x, into, text=f"{said} = {dz.name}' @ {x.name}")
    if b.wants_gradient(x):
        first = b.first_wanted(x)
        dx = Value(f"d{x.name} by {W.name}", x.space, (x.width or 1) - first)
        columns, said = _columns(W, behind + first)
        b.emit("dot", dz, columns, Out(dx), text=f"{dx.name} = {dz.name} @ {said}")
        b.contribute(x, dx)


def _columns(W: Weight, first: int) -> tuple[Weight | ColumnsFrom, str]:
    """The columns of W from this one on, and how a listing calls them."""
    return (ColumnsFrom(W, first), f"{W}[:, {first}:]") if first else (W, str(W))


def _functions(stage: Stage) -> dict[str, Any]:
    """The functions that a stage's kernels take in place of their placeholders."""
    f = stage.activation
    return {"value": f.value, "draw": stage.draw.kind, "scalar": f.scalar, "label": f.name}


def _slopes(stage: Stage) -> dict[str, Any]:
    f = stage.activation
    return _functions(stage) | {"value": None, "slope": f.derivative, "slope_reads": f.reads}


def _said(stage: Stage, inner: str) -> str:
    """f(inner), drawn: how a listing shows a stage."""
    said = inner if stage.activation == IDENTITY else f"{stage.activation.name}({inner})"
    return f"{stage.draw.kind}({said}, {stage.draw.amount:g})" if stage.draw else said


def _combine(b: Builder, *sums: tuple[Own, Weight | Zeros]) -> None:
    """Add up what every part has summed over its rows, where somebody asks for it."""
    for own, parameter in sums:
        if isinstance(parameter, Weight):
            total = Weight(parameter.name, gradient=True)
            b.emit("combine", Everyones(own), total, Start(), text=f"{total} = sum of {own.name}")


def _activation(b: Builder, stage: Stage, z: Value, bias: Weight | Zeros, name: str) -> Value:
    f, noise = stage.activation, b.site(stage.draw)
    a = Value(f"{name}.a", z.space, z.width)
    plus = f"{z.name} + {bias.name}" if isinstance(bias, Weight) else z.name
    functions = _functions(stage)
    passes = f == IDENTITY and stage.draw.adds_only
    needs_z = b.returns and f.reads == "z"
    text = f"{a.name} = {_said(stage, plus)}"
    if needs_z or (b.inspect and (f != IDENTITY or stage.draw)):
        biased = Value(f"{name}.z", z.space, z.width)
        b.emit("activate", InPlace(z, biased), bias, Out(a), noise, Start(), text=text, **functions)
    else:
        biased = a
        b.emit("activate_inplace", InPlace(z, a), bias, noise, Start(), text=text, **functions)
    b.layer_values[f"{name}.z"] = biased
    if biased == a and not passes:
        b.needed.add(a)

    def back() -> None:
        da = b.gradient(a)
        db = Own(f"{name}.db", z.width or 1)
        if passes:
            if isinstance(bias, Weight):
                b.emit("column_sums", da, db, text=f"{db.name} = sum of {da.name}")
                _combine(b, (db, bias))
            b.layer_values[f"{name}.dz"] = da
            b.contribute(z, da)
            return
        dz = Value(f"d{z.name}", z.space, z.width)
        read = biased if f.reads == "z" else a
        b.emit(
            "activate_backward", InPlace(da, dz), read, read, db, noise, Start(),
            text=f"{dz.name} = {da.name} * {f.name}'({read.name})", **_slopes(stage),
        )  # fmt: skip
        _combine(b, (db, bias))
        b.layer_values[f"{name}.dz"] = dz
        b.contribute(z, dz)

    b.behind(back)
    return a


def _batch_norm(b: Builder, stage: Stage, norm: BatchNorm, z: Value, bias: Weight | Zeros, at: str, name: str) -> Value:
    gain, offset = Weight(f"{at}.gain"), Weight(f"{at}.offset")
    mean, variance = Weight(f"{at}.mean"), Weight(f"{at}.variance")
    width = z.width or 1
    a = Value(f"{name}.a", z.space, z.width)
    b.needed.add(a)
    text = f"{a.name} = {_said(stage, f'batch_norm({z.name})')}"
    if not (b.returns or b.draws):
        b.emit(
            "batch_norm_predict", InPlace(z, a), bias, gain, offset, mean, variance, Own(f"{at}.slant", width),
            norm.eps, text=text, **_functions(stage),
        )  # fmt: skip
        return a
    noise = b.site(stage.draw)
    x_hat, rstd = Value(f"{at}.x_hat", z.space, z.width), Value(f"{at}.rstd", "none", width)
    frozen = int(b.mode != "train")
    sums, moments = Own(f"{at}.sums", 2 * width + 1), Own(f"{at}.moments", 2 * width)
    if not frozen:
        b.emit("batch_norm_sums", z, sums, text=f"{sums.name} = sums over {z.name}")
    b.emit(
        "batch_norm", InPlace(z, x_hat), bias, Out(rstd), gain, offset, mean, variance, Everyones(sums), moments,
        Out(a), noise, norm.momentum, norm.eps, frozen, Start(), text=text, **_functions(stage),
    )  # fmt: skip

    def back() -> None:
        da, dz = b.gradient(a), Value(f"d{z.name}", z.space, z.width)
        dy = Value(f"d{z.name} before the norm", z.space, z.width)
        b.emit(
            "batch_norm_slopes", InPlace(da, dy), x_hat, a, gain, offset, sums, noise, Start(),
            text=f"{dy.name} = {da.name} * {stage.activation.name}'", **_slopes(stage),
        )  # fmt: skip
        db: Argument = Weight(bias.name, gradient=True) if isinstance(bias, Weight) else Own(f"{name}.db", width)
        b.emit(
            "batch_norm_backward", InPlace(dy, dz), x_hat, rstd, gain, Everyones(sums), moments,
            Weight(gain.name, True), Weight(offset.name, True), db, frozen, Start(),
            text=f"{dz.name} = batch_norm'({dy.name})",
        )  # fmt: skip
        b.layer_values[f"{name}.dz"] = dz
        b.contribute(z, dz)

    b.behind(back)
    return a


def _row_norm(b: Builder, stage: Stage, norm: Norm, z: Value, bias: Weight | Zeros, at: str, name: str) -> Value:
    """A normalisation of each row by itself."""
    kernel = "layer_norm" if isinstance(norm, LayerNorm) else "rms_norm"
    scale = [Weight(f"{at}.{p.name}") for p in norm.parameters(z.width or 1)]
    a = Value(f"{name}.a", z.space, z.width)
    b.needed.add(a)
    text = f"{a.name} = {_said(stage, f'{kernel}({z.name})')}"
    if not (b.returns or b.draws):
        b.emit(f"{kernel}_predict", InPlace(z, a), bias, *scale, norm.eps, text=text, **_functions(stage))
        return a
    noise = b.site(stage.draw)
    x_hat, rstd = Value(f"{at}.x_hat", z.space, z.width), Value(f"{at}.rstd", z.space, None)
    b.emit(
        kernel, InPlace(z, x_hat), bias, Out(rstd), *scale, Out(a), noise, norm.eps, Start(),
        text=text, **_functions(stage),
    )  # fmt: skip

    def back() -> None:
        da, dz = b.gradient(a), Value(f"d{z.name}", z.space, z.width)
        *d_scale, db = (Own(f"{name}.d {of}", z.width or 1) for of in (*(w.name for w in scale), "b"))
        b.emit(
            f"{kernel}_backward", InPlace(da, dz), x_hat, a, rstd, *scale, *d_scale, db, noise, Start(),
            text=f"{dz.name} = {kernel}'({da.name})", **_slopes(stage),
        )  # fmt: skip
        _combine(b, *zip(d_scale, scale, strict=True), (db, bias))
        b.layer_values[f"{name}.dz"] = dz
        b.contribute(z, dz)

    b.behind(back)
    return a


def lower_gate(b: Builder, layer: GLU, x: Value, name: str) -> Value:
    """A product for gates and values, then f(gates) * values in one pass."""
    f, W = activations.get(layer.activation), Weight(f"{name}.W")
    bias = Weight(f"{name}.b") if layer.bias else Zeros(2 * layer.units)
    xW = Value(f"{name}.xW", x.space, 2 * layer.units)
    z, a = Value(f"{name}.z", x.space, xW.width), Value(f"{name}.a", x.space, layer.units)
    product(b, x, W, xW)
    b.emit(
        "gate", InPlace(xW, z), bias, Out(a), text=f"{a.name} = {f.name}(gates) * values of {z.name}",
        value=f.value, scalar=f.scalar, label=f.name,
    )  # fmt: skip
    b.layer_values[f"{name}.z"] = z
    b.tap(name, "z", z)
    b.tap(name, "a", a)

    def back() -> None:
        da, dz, db = b.gradient(a), Value(f"d{z.name}", z.space, z.width), Own(f"{name}.db", z.width or 1)
        b.emit(
            "gate_backward", Out(dz), da, z, db, text=f"{dz.name} = {da.name} * slopes of gates and values",
            value=f.value, slope=f.derivative, slope_reads=f.reads, scalar=f.scalar, label=f.name,
        )  # fmt: skip
        _combine(b, (db, bias))
        b.tap(name, "dz", dz)
        product_backward(b, x, dz, W)

    b.behind(back)
    return a
