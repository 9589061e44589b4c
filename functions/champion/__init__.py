"""Custom resource that lets a deployment of the stack keep the model that was promoted."""
