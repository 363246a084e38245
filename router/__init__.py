"""router: what to play. A request becomes a pattern at the lowest cost that does the job.

What keeps its import short, a millisecond here and there: records say `eq=False` where nobody compares them, and each
has a docstring (without one `dataclass` works out a signature to stand there); what words mean is kept as plain texts,
which `re` compiles, and keeps, when the first words are read.
"""
