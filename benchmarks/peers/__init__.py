"""One module a library, each with `make(case, X, y, rich)`: a function that trains one epoch."""
