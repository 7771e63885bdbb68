"""Numbers as logs may show them: enough to recognise a call, not enough to call back."""


def masked(number: str) -> str:
    """The last four characters of a telephone number, or of the user part of a URI.

    An extension is short enough to be shown whole.
    """
    user = number.partition("@")[0].rpartition(":")[2]
    return f"…{user[-4:]}" if len(user) > 4 else user
