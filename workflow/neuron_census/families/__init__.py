"""One module per family of models, named after its model_type; `adapter/` says what a family must know."""
