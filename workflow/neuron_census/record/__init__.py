"""Record: from windows and a checkpoint to what every neuron does; the only verb that runs the model."""
