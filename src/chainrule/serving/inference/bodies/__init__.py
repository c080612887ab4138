"""Bodies of requests as tables, and outputs as bodies of answers: JSON, CSV, Arrow, tensors."""
