"""router: what to play. A request becomes a pattern at the lowest cost that does the job."""
