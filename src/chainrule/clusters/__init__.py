"""More than one machine: `cluster()`, by which fits and predictions take their work to an engine such as Ray."""
