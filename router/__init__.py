"""router: what to play. A request becomes a pattern at the lowest cost that does the job.

What keeps its import short, a millisecond here and there: records say `eq=False` where nobody compares them, and each
has a docstring (without one `dataclass` works out a signature to stand there); what reads a player's words is compiled
when the first words come (`router.regex`).
"""
