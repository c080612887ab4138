"""Ray Tune draws from a published search space."""

import chainrule
from chainrule.estimators.search_space import OneOf, Span


def drawn(one, size=300):
    from ray import tune

    return one.tune(tune).sample(size=size)


def test_ray_tune_draws_within():
    assert set(drawn(Span(1, 3, whole=True))) == {1, 2, 3}
    assert set(drawn(Span(1, 3, log=True, whole=True))) == {1, 2, 3}
    assert all(1e-4 <= number <= 1 for number in drawn(Span(1e-4, 1.0, log=True)))
    assert all(-2 <= number <= 6 for number in drawn(Span(-2.0, 6.0)))
    sizes = OneOf(((64,), (64, 64), "auto"))
    assert set(drawn(sizes)) == set(sizes.values)


def test_what_it_draws_an_estimator_takes():
    from ray import tune

    for kind in (chainrule.TableClassifier, chainrule.MLPRegressor):
        for _ in range(5):
            found = {name: one.tune(tune).sample() for name, one in chainrule.search_space(kind).items()}
            made = kind(**found)
            made._check_parameters(made.get_params(deep=False))
