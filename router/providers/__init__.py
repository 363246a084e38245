"""One file for each provider: its SDK, its quirks, its errors translated. Nothing imports an SDK at load time."""
