"""Estimators of raw tables: a declared encoding of columns, and a network behind it."""
