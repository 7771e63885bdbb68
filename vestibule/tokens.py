"""Randomness, in one place."""

import secrets


class SystemTokens:
    """Unpredictable tokens from the operating system."""

    def token(self) -> str:
        """32 hexadecimal digits: 128 bits."""
        return secrets.token_hex(16)
