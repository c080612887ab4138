"""Files that a model is kept in. They know no estimators, and need no scikit-learn."""
