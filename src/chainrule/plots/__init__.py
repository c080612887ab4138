"""Pictures of a network and of its training, in scikit-learn's form. matplotlib is imported when one is drawn."""

from chainrule.plots.display import Display
from chainrule.plots.gradient_flow import GradientFlowDisplay
from chainrule.plots.learning_curve import LearningCurveDisplay
from chainrule.plots.svg import svg

__all__ = ["Display", "GradientFlowDisplay", "LearningCurveDisplay", "svg"]
