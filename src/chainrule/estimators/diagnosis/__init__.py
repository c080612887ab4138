"""Diagnosis of estimators: what is known of them and of rows, put before the rules."""
