"""Measurements held against constraints: how a number becomes a verdict."""
