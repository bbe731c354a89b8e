from neuron_census.model_tables import ModelTables as ModelTables
