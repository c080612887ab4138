"""How a network runs: parameters, kernels, programs, plans, threads, and `Network`."""
