"""What is kept of the activations of a layer, each kind by a recorder of its own."""
