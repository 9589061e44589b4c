"""Have CodeBuild build the product's container image when a stack is deployed."""
