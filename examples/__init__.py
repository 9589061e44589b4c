"""One folder per example; each is also a synthesis, lint and deploy test."""
