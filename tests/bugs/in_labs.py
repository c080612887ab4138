"""Bugs in the labs."""

from bug import Bug

BUGS = [
    Bug(
        "labs/signals.py",
        ".sum(axis=1)) + top",
        ".sum(axis=1))",
        "tests/labs/test_labs.py -k gradient",
        "the cross-entropy forgets the largest logit that it has taken out",
    ),
    Bug(
        "labs/lab.py",
        "return self.low <= figures[self.figure] <= self.high",
        "return not (figures[self.figure] < self.low or figures[self.figure] > self.high)",
        "tests/labs/test_labs.py -k 'noticed or otherwise or conditions'",
        "a figure that is NaN fulfils its condition",
    ),
    Bug(
        "labs/regularisation.py",
        '"gap, strongest l2 over none": l2.gap',
        '"gap, strongest l2 over none": l1.gap',
        "tests/labs/test_labs.py -k regularisation",
        "the gap of l1 is judged for that of l2",
    ),
    Bug(
        "labs/backprop_cost.py",
        "2 * _forward_flops(network) - network.layers[0].flops(network.inputs)",
        "2 * _forward_flops(network)",
        "tests/labs/test_labs.py -k backprop",
        "the first layer is counted with a gradient for its input that nobody needs",
    ),
    Bug(
        "labs/vanishing.py",
        "accuracies[depths.index(JUDGED)]",
        "accuracies[-1]",
        "tests/labs/test_labs.py -k vanishing",
        "accuracies at the largest depth are told as those at the depth that is judged",
    ),
]
