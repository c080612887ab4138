"""Pictures of a network and of its training, in scikit-learn's form. matplotlib is imported when one is drawn."""

from chainrule.plots.activation_functions import ActivationFunctionsDisplay
from chainrule.plots.activation_health import ActivationHealthDisplay
from chainrule.plots.architecture import ArchitectureDisplay
from chainrule.plots.beeswarm import BeeswarmDisplay
from chainrule.plots.calibration import CalibrationDisplay
from chainrule.plots.decision_boundary import DecisionBoundaryDisplay
from chainrule.plots.dependence import DependenceDisplay
from chainrule.plots.display import Display
from chainrule.plots.gradient_flow import GradientFlowDisplay
from chainrule.plots.importances import ImportanceDisplay
from chainrule.plots.learning_curve import LearningCurveDisplay
from chainrule.plots.learning_rate_finder import LearningRateFinderDisplay
from chainrule.plots.shapley_scatter import ShapleyScatterDisplay
from chainrule.plots.svg import svg
from chainrule.plots.update_ratio import UpdateRatioDisplay
from chainrule.plots.waterfall import WaterfallDisplay
from chainrule.plots.weight_histogram import WeightHistogramDisplay

__all__ = [
    "ActivationFunctionsDisplay",
    "ActivationHealthDisplay",
    "ArchitectureDisplay",
    "BeeswarmDisplay",
    "CalibrationDisplay",
    "DecisionBoundaryDisplay",
    "DependenceDisplay",
    "Display",
    "GradientFlowDisplay",
    "ImportanceDisplay",
    "LearningCurveDisplay",
    "LearningRateFinderDisplay",
    "ShapleyScatterDisplay",
    "UpdateRatioDisplay",
    "WaterfallDisplay",
    "WeightHistogramDisplay",
    "svg",
]
