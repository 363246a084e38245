"""MIDI ports: rtmidi, JACK and their scripted twin. Foreign errors end here."""
