"""Randomness for the wire, in one place."""

import secrets


def draw_key() -> bytes:
    """Master key and salt of one encrypted stream (RFC 3711): 30 octets."""
    return secrets.token_bytes(30)


class WireTokens:
    """Unpredictable text from the operating system: tags, branches, call ids."""

    def token(self) -> str:
        """32 hexadecimal digits: 128 bits."""
        return secrets.token_hex(16)
