"""Keep the model card current: the latest evaluation of each monitor, and the model in service."""
