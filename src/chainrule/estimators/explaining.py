"""Why an estimator predicts what it does: explanations of its model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from chainrule.estimators.fitted import Fitted, reads_once
from chainrule.explanations import Explanation, PartialDependence
from chainrule.models import explained


class Explaining(Fitted):
    """Shapley values and partial dependence of estimators of rows."""

    n_threads: int | None

    @reads_once
    def explain(
        self,
        X: Any,
        background: Any = None,
        *,
        method: Literal["auto", "exact", "permutation"] = "auto",
        permutations: int = 2,
        background_rows: int = explained.BACKGROUND,
        link: Literal["identity", "logit"] = "identity",
        random_state: int = 0,
        progress: Callable[[float], object] | None = None,
    ) -> Explanation:
        """What each column adds to each prediction: Shapley values against rows of a background.

        Parameters
        ----------
        X : rows to explain, as in `predict`
        background : rows that they are explained against, such as those of training; None is X itself
        method, permutations, background_rows, link, random_state, progress : as in `Model.explain`, which tells more

        Returns
        -------
        Explanation : values, (rows, columns) or (rows, columns, outputs), that add up to the predictions with the mean
            prediction of the background; `plots.BeeswarmDisplay` and `WaterfallDisplay` draw them

        Raises
        ------
        InputError, InputTypeError
            As `predict`; of sequences; of a single row without a background; of 'exact' with more than 12 columns.

        Examples
        --------
        >>> from chainrule import TableRegressor
        >>> homes = {"rooms": [2.0, 3.0, 4.0, 5.0] * 10, "town": ["a", "b"] * 20}
        >>> model = TableRegressor(preset="fast", random_state=0).fit(homes, [20.0, 30.0, 40.0, 50.0] * 10)
        >>> found = model.explain({"rooms": [5.0], "town": ["b"]}, background=homes)
        >>> found.importances()[0].name
        'rooms'
        """
        return self.model_.explain(
            X, background, method=method, permutations=permutations, background_rows=background_rows, link=link,
            random_state=random_state, n_threads=self.n_threads, progress=progress,
        )  # fmt: skip

    @reads_once
    def partial_dependence(
        self,
        X: Any,
        columns: explained.ByName | tuple[explained.ByName, explained.ByName],
        *,
        points: int = 20,
        rows: int = explained.AVERAGED,
        link: Literal["identity", "logit"] = "identity",
        random_state: int = 0,
    ) -> PartialDependence:
        """How predictions go with one column or two, the others as they are; of two, how strongly they interact.

        Parameters
        ----------
        X : rows whose predictions are averaged, as in `predict`
        columns : name or number of a column, or of two; columns of an array without names are x0, x1, ...
        points, rows, link, random_state : as in `Model.partial_dependence`, which tells more

        Returns
        -------
        PartialDependence

        Raises
        ------
        InputError, InputTypeError
            As `predict`; of sequences, and for a column that is not there.

        Examples
        --------
        >>> import numpy as np
        >>> from chainrule import MLPRegressor
        >>> X = np.random.default_rng(0).uniform(-1, 1, (200, 2))
        >>> model = MLPRegressor(solver="lbfgs", tol=1e-2, random_state=0).fit(X, X[:, 0] ** 2 + X[:, 1])
        >>> found = model.partial_dependence(X, "x0", points=5)
        >>> bool(found.mean[0] > found.mean[2] < found.mean[4])
        True
        """
        return self.model_.partial_dependence(
            X, columns, points=points, rows=rows, link=link, random_state=random_state, n_threads=self.n_threads
        )
