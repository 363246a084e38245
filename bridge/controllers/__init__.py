"""Controllers: which control means what on a given device. Data files."""
