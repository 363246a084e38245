"""router: what to play. A request becomes a pattern at the lowest cost that does the job.

Its records say `eq=False` where nobody compares them: to be comparable costs half a millisecond of the import each.
"""
