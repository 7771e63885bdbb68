"""Chance from the operating system."""

import secrets


class SystemTokens:
    """Tokens nobody can guess."""

    def token(self, octets: int) -> bytes:
        return secrets.token_bytes(octets)

    def fraction(self) -> float:
        return int.from_bytes(secrets.token_bytes(6)) / 2**48
