"""bridge: when and where it sounds. Ports, clock, timeline, control channel, page and command line."""

__version__ = "0.1.0"
