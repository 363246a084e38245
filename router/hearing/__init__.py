"""Reads audio: tempo, bars and drum onsets. Never in the engine, never on the way to the ready line."""
