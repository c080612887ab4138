"""What a network is: layers, activations, initialisers and losses, as data and mathematics."""
