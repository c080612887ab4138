"""How a network learns: optimisers, batches, stopping, records, and the loop that yields them."""
