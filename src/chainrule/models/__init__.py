"""What was learned, and how: a model, its input and its answer, a fit. Nothing here needs scikit-learn."""
