"""Pictures of records, probes and findings: Displays, and the one-file report."""
