"""What is kept of the pre-activations of a layer, each kind by a recorder of its own.

Each recorder observes the streaming forward (`neuron_census.forward.stream`), takes what one study
needs and writes it into its arrays of the recording store. On a CPU compiled loops read the values
where they are. On a GPU results gather there, and leave by the outbox when a layer is done.
"""
