"""People by their names as somebody types them: accents and capitals are not looked at. Pure."""

import unicodedata


def folded(name: str) -> str:
    """A name without accents and capitals, and with single spaces."""
    plain = unicodedata.normalize("NFKD", name.replace("-", " ").casefold())
    return " ".join("".join(c for c in plain if not unicodedata.combining(c)).split())


def begins(name: str, typed: str) -> bool:
    """Whether each word typed begins a word of the name."""
    parts, words = folded(name).split(), folded(typed).split()
    return bool(words) and all(any(part.startswith(word) for part in parts) for word in words)
