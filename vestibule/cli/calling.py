"""placeholder"""


def call() -> None: ...
