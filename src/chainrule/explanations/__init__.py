"""Why a prediction: Shapley values of columns, and how predictions go with one or two of them."""

from chainrule.explanations.dependence import PartialDependence
from chainrule.explanations.explanation import Explanation, Importance

__all__ = ["Explanation", "Importance", "PartialDependence"]
