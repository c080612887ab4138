"""PyTorch, eager, with its fused AdamW and its default number of threads."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import torch
from torch import nn
from torch.nn import functional

from benchmarks.cases import Case, Labels, Rows
from benchmarks.timing import seconds


def network(sizes: tuple[int, ...], rich: bool = False) -> nn.Sequential:
    """Hidden layers of ReLU, or when rich of batch normalisation, exact GELU and dropout."""
    *hidden, classes = sizes
    layers: list[nn.Module] = []
    for inputs, units in pairwise(hidden):
        layers.append(nn.Linear(inputs, units))
        if rich:
            layers += [nn.BatchNorm1d(units, momentum=0.1), nn.GELU(), nn.Dropout(0.1)]
        else:
            layers.append(nn.ReLU())
    return nn.Sequential(*layers, nn.Linear(hidden[-1], classes))


def make(case: Case, X: Rows, y: Labels, rich: bool = False) -> Callable[[], float]:
    """Seconds per epoch."""
    torch.manual_seed(0)
    rows, labels = torch.from_numpy(X), torch.from_numpy(y)
    model = network(case.sizes, rich).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.01, fused=True)

    def epoch() -> None:
        for picked in torch.randperm(len(rows)).split(case.batch):
            optimizer.zero_grad(set_to_none=True)
            functional.cross_entropy(model(rows[picked]), labels[picked]).backward()
            optimizer.step()

    epoch()
    return lambda: seconds(epoch)
