"""The layers: frozen values that say what a layer is, never how it runs.

Sizes are pure functions of a layer and of the width that comes in.
"""

from chainrule.network.layers.base import Kind, Layer, Parameter
from chainrule.network.layers.dense import GLU, PRODUCTS, Activation, Dense
from chainrule.network.layers.embedding import Embedding
from chainrule.network.layers.noise import AlphaDropout, Dropout, GaussianNoise
from chainrule.network.layers.norms import NORMS, Norm
from chainrule.network.layers.periodic import Periodic
from chainrule.network.layers.pool import Pool
from chainrule.network.layers.residual import Residual, leaves
from chainrule.network.layers.stack import check_layers, named_parameters, widths

__all__ = [
    "GLU", "LAYERS", "NORMS", "PRODUCTS", "Activation", "AlphaDropout", "Dense", "Dropout", "Embedding",
    "GaussianNoise", "Kind", "Layer", "Norm", "Parameter", "Periodic", "Pool", "Residual",
    "check_layers", "leaves", "named_parameters", "widths",
]  # fmt: skip

#: Every kind of layer.
LAYERS: tuple[type[Layer], ...] = (
    Dense, Activation, GLU, *NORMS.values(), Dropout, AlphaDropout, GaussianNoise, Residual, Pool, Embedding,
    Periodic,
)  # fmt: skip
