"""SageMaker Pipelines: definitions whose steps are run for real, in the order they depend on each other."""
