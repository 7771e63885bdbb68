"""Who speaks: human recordings, a synthetic voice in its own process, tones; and their frames."""
