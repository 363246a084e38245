"""What lasts: cache and ledger. Thin over SQLite, memory and Redis; no policy lives here."""
