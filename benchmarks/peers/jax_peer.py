"""JAX: an epoch is one compiled call, which shuffles and scans over the batches."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import pairwise
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import lax

from benchmarks.cases import Case, Labels, Rows
from benchmarks.timing import seconds

Tree = Any  # what jax.tree maps over
RATE, DECAY, BETA1, BETA2, EPSILON = 1e-3, 0.01, 0.9, 0.999, 1e-8
MOMENTUM, DROPPED = 0.1, 0.1


class State(NamedTuple):
    """All that changes from step to step."""

    params: Tree
    running: Tree
    first: Tree
    second: Tree
    steps: jax.Array
    key: jax.Array


def start(sizes: tuple[int, ...], rich: bool, key: jax.Array) -> State:
    """He's initial weights, zero moments; `running` is one mean and variance a hidden layer."""
    params, running = [], []
    for layer, (inputs, units) in enumerate(pairwise(sizes)):
        key, drawn = jax.random.split(key)
        W = jax.random.normal(drawn, (inputs, units)) * (2 / inputs) ** 0.5
        params.append({"W": W, "b": jnp.zeros(units)})
        if rich and layer < len(sizes) - 2:
            params[-1] |= {"scale": jnp.ones(units), "shift": jnp.zeros(units)}
            running.append({"mean": jnp.zeros(units), "variance": jnp.ones(units)})
    zeros = partial(jax.tree.map, jnp.zeros_like)
    return State(params, running, zeros(params), zeros(params), jnp.zeros(()), key)


def rich_hidden(layer: Tree, running: Tree, z: jax.Array, key: jax.Array) -> tuple[jax.Array, Tree]:
    """Batch normalisation, exact GELU and dropout of z, and the running statistics moved."""
    mean, variance = z.mean(0), z.var(0)
    unbiased = variance * (len(z) / (len(z) - 1))
    running = jax.tree.map(
        lambda old, new: old + MOMENTUM * (lax.stop_gradient(new) - old),
        running,
        {"mean": mean, "variance": unbiased},
    )
    z = (z - mean) * (layer["scale"] * lax.rsqrt(variance + 1e-5)) + layer["shift"]
    kept = jax.random.bernoulli(key, 1 - DROPPED, z.shape)
    a = 0.5 * z * (1 + lax.erf(z * 0.5**0.5))
    return jnp.where(kept, a / (1 - DROPPED), 0.0), running


def loss(params: Tree, running: Tree, x: jax.Array, y: jax.Array, key: jax.Array) -> tuple[jax.Array, Tree]:
    """Mean softmax cross-entropy of a batch in nats, and the running statistics moved."""
    *hidden, last = params
    moved = []
    for index, layer in enumerate(hidden):
        z = x @ layer["W"] + layer["b"]
        if running:
            x, statistics = rich_hidden(layer, running[index], z, jax.random.fold_in(key, index))
            moved.append(statistics)
        else:
            x = jax.nn.relu(z)
    logits = x @ last["W"] + last["b"]
    chosen = jax.nn.one_hot(y, logits.shape[1])
    return -(chosen * jax.nn.log_softmax(logits)).sum(1).mean(), moved


def adamw(state: State, gradients: Tree) -> tuple[Tree, Tree, Tree]:
    """Parameters, first and second moments after one step of AdamW."""
    count = state.steps + 1
    rate, root = RATE / (1 - BETA1**count), (1 - BETA2**count) ** -0.5
    mix = jax.tree.map
    first = mix(lambda m, g: BETA1 * m + (1 - BETA1) * g, state.first, gradients)
    second = mix(lambda v, g: BETA2 * v + (1 - BETA2) * g * g, state.second, gradients)
    params = mix(
        lambda p, m, v: (1 - RATE * DECAY) * p - rate * m / (jnp.sqrt(v) * root + EPSILON),
        state.params,
        first,
        second,
    )
    return params, first, second


@partial(jax.jit, static_argnames="batch", donate_argnames="state")
def train_epoch(state: State, X: jax.Array, y: jax.Array, batch: int) -> tuple[State, jax.Array]:
    """The state after an epoch, and the mean loss of its batches."""

    def step(state: State, picked: jax.Array) -> tuple[State, jax.Array]:
        key, drawn = jax.random.split(state.key)
        (value, running), gradients = jax.value_and_grad(loss, has_aux=True)(
            state.params, state.running, X[picked], y[picked], drawn
        )
        params, first, second = adamw(state, gradients)
        return State(params, running, first, second, state.steps + 1, key), value

    key, drawn = jax.random.split(state.key)
    order = jax.random.permutation(drawn, len(X)).reshape(-1, batch)
    state, losses = lax.scan(step, state._replace(key=key), order)
    return state, losses.mean()


def make(case: Case, X: Rows, y: Labels, rich: bool = False) -> Callable[[], float]:
    """Seconds per epoch."""
    rows, labels = jnp.asarray(X), jnp.asarray(y)
    state = start(case.sizes, rich, jax.random.key(0))

    def epoch() -> None:
        nonlocal state
        state, value = train_epoch(state, rows, labels, case.batch)
        jax.block_until_ready((state, value))

    epoch()
    return lambda: seconds(epoch)
