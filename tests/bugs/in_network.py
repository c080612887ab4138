"""Bugs in what a network is made of: initialisers, activations, layers, losses, and their look as data."""

from bug import Bug

BUGS = [
    # How weights begin
    Bug(
        "network/initialisers.py",
        "q *= np.sign(np.diagonal(r))  # makes the draw uniform over the orthogonal matrices\n        ",
        "",
        "tests/network/test_initialisers.py",
        "the signs of R are forgotten, so that some orthogonal matrices are drawn more often than others",
    ),
    Bug(
        "network/initialisers.py",
        "fan_out, fan_in = shape",
        "fan_in, fan_out = shape",
        "tests/network/test_initialisers.py",
        "weights are scaled by the units that they lead to, not by those that they come from",
    ),
    Bug(
        "network/layers/stack.py",
        "layers[place + 1 :]",
        "layers[place:]",
        "tests/network/test_initialisers.py",
        "weights in front of an Activation begin as in front of none",
    ),
    Bug(
        "network/layers/embedding.py",
        "(SUMMED if count > 1 else 1) / sqrt(units)",
        "(SUMMED if count > 1 else 1) / sqrt(levels)",
        "tests/network/test_layers.py",
        "vectors of a column with many levels begin too short",
    ),
    # Functions
    Bug(
        "network/activations.py",
        "where(z < 0.0, 0.0, z)  #",
        "where(z > 0.0, z, 0.0)  #",
        "tests/network/test_activations.py",
        "ReLU turns NaN into 0",
    ),
    Bug(
        "network/activations.py",
        '"f\'(z)", "z", "your own"',
        '"f\'(z)", "a", "your own"',
        "tests/network/test_activations.py",
        "the derivative of an activation of one's own is given a in place of z",
    ),
    Bug(
        "network/special.py",
        "(order - 2) * derivatives[-2]",
        "(order - 1) * derivatives[-2]",
        "tests/network/test_special.py",
        "erf without SciPy has wrong coefficients from the third power on",
    ),
    # Layers
    Bug(
        "network/layers/dense.py",
        "4 * self.units * inputs",
        "2 * self.units * inputs",
        "tests/network/test_layers.py",
        "a GLU counts one of its two products only",
    ),
    Bug(
        "network/layers/residual.py",
        "any(layer.draws for",
        "all(layer.draws for",
        "tests/network/test_layers.py",
        "a Residual of a Dense and a Dropout says that it draws nothing",
    ),
    Bug(
        "network/layers/noise.py",
        "RATE = Number(0, 1, open_high=True, mend",
        "RATE = Number(0, 1, mend",
        "tests/network/test_layers.py",
        "a dropout of all units is taken",
    ),
    Bug(
        "network/layers/norms.py",
        "momentum: float = 0.1",
        "momentum: float = 0.9",
        "tests/network/test_layers.py",
        "running statistics follow the last batch by default, as if momentum were the share of the old ones",
    ),
    Bug(
        "network/describe.py",
        "placed(one.layers, sizes[k],",
        "placed(one.layers, sizes[k + 1],",
        "tests/network/test_describe.py",
        "layers inside a Residual are shown with the width behind it as their input",
    ),
    Bug(
        "network/serial.py",
        "ACTIVATIONS.get(function.name) != function",
        "function.name not in ACTIVATIONS",
        "tests/network/test_serial.py",
        "an activation of one's own is written as the built-in one of the same name",
    ),
    # Losses
    Bug(
        "network/losses/regression.py",
        "averaged(exp(s), shares) + averaged((mean - middle) ** 2, shares)",
        "averaged(exp(s), shares)",
        "tests/engine/test_ensemble.py",
        "the variance of a mixture leaves out how far its means are apart",
    ),
    Bug(
        "network/losses/regression.py",
        "np.sort(by_level, axis=1)",
        "np.sort(by_level, axis=2)",
        "tests/network/test_losses.py",
        "targets are sorted in place of quantiles",
    ),
    Bug(
        "network/losses/positive.py",
        "1.0)), 0.0) - y, m - y",
        "1.0)), 0.0), m - y",
        "tests/engine/test_losses.py",
        "the Poisson deviance is not 0 where the mean is met",
    ),
    Bug(
        "network/losses/labels.py",
        "y + c[0] * (0.5 - y)",
        "y - c[0] * y",
        "tests/engine/test_losses.py",
        "smoothing moves labels towards 0, not towards a half",
    ),
    Bug(
        "network/losses/domains.py",
        "(y < outputs)",
        "(y <= outputs)",
        "tests/network/test_losses.py",
        "a code one beyond the last class is taken",
    ),
]
