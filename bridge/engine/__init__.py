"""The real-time process. Imports the standard library and its own pure core, nothing else."""
