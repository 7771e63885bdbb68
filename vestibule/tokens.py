"""Randomness for the wire, in one place."""

import secrets


class WireTokens:
    """Unpredictable text from the operating system: tags, branches, call ids."""

    def token(self) -> str:
        """32 hexadecimal digits: 128 bits."""
        return secrets.token_hex(16)
