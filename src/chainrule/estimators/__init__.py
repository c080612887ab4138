"""The scikit-learn face: the only floor that imports scikit-learn."""
