"""Diagnosis: probes measure a training, findings judge it, remedies mend it."""
