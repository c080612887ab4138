"""Models over HTTP: the Open Inference Protocol, plain rows, and what a server owes its clients."""
