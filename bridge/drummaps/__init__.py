"""Kits: which note each voice plays in a given sampler. Data, and the one place that reads it."""
