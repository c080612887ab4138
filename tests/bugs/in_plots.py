"""Bugs in the pictures and in the report."""

from bug import Bug

BUGS = [
    Bug(
        "plots/calibration.py",
        "z**2 / (4 * n**2)",
        "z**2 / (4 * n)",
        "tests/plots/test_parts.py",
        "intervals of the observed share are too wide",
    ),
    Bug(
        "plots/heat_map.py",
        "(start - 0.5, end - start)",
        "(start, end - start)",
        "tests/plots/test_sizes.py",
        "the hatching lies half a cell beside what is missing",
    ),
    Bug(
        "plots/learning_curve.py",
        "self._mark(ax, self.best, curves[-1])",
        "self._mark(ax, self.best, curves[0])",
        "tests/plots/test_contract.py",
        "the dot of the best epoch lies on the training loss, not on that of the held-out rows",
    ),
    Bug(
        "plots/decision_boundary.py",
        "np.meshgrid(x_axis, y_axis)",
        'np.meshgrid(x_axis, y_axis, indexing="ij")',
        "tests/plots/test_parts.py",
        "the plane is drawn with its two axes exchanged",
    ),
    Bug(
        "plots/style.py",
        "bool((values < low).any()), bool((values > high).any())",
        "bool((values > high).any()), bool((values < low).any())",
        "tests/plots/test_parts.py",
        "the scale of colours is pointed at the wrong end",
    ),
    Bug(
        "plots/neurons.py",
        "for w in W.ravel()]",
        "for w in W.T.ravel()]",
        "tests/plots/test_contract.py",
        "edges have the colours of other weights",
    ),
    Bug(
        "plots/report/course.py",
        "one.score != -(one.validation_loss or 0)",
        "one.score != one.validation_loss",
        "tests/report/test_drawing.py",
        "a score that is the loss by another sign has a curve of its own",
    ),
    Bug(
        "plots/report/subject.py",
        "diagnose(estimator, X_val=X, y_val=y)",
        "diagnose(estimator, X, y)",
        "tests/report/test_report.py",
        "rows that training did not see are diagnosed as those that it was trained on",
    ),
    Bug(
        "plots/report/charts.py",
        "Axis(y.label, y.high, y.low, y.ticks)",
        "Axis(y.label, y.low, y.high, y.ticks)",
        "tests/report/test_drawing.py",
        "names of the layers beside a map of cells stand upside down",
    ),
    Bug(
        "plots/report/sections/scores.py",
        "measures.confusion(scored.codes, scored.predicted, len(classes))",
        "measures.confusion(scored.predicted, scored.codes, len(classes))",
        "tests/report/test_report.py",
        "true and predicted classes are exchanged in the confusion",
    ),
]
