"""A company set up as its administrator does: settings in a file, mailboxes by command."""

from dataclasses import dataclass
from pathlib import Path

from tests.acceptance.server import command
from tests.ports import free_port

SETTINGS = """\
[company]
name = "Vestibule"
operator = "101"

[[numbers]]
number = "5145550100"
flow = "main_attendant"

[[numbers]]
number = "8500"
flow = "voicemail_main"

[[numbers]]
number = "*XXX"
flow = "extension"

[sip]
listen = "{listen}"
max_calls = {max_calls}
drain_s = {drain_s}

[media]
first_port = 0
last_port = 0

[storage]
data = "{data}"
"""


@dataclass(frozen=True)
class Company:
    """Where a company's settings and data are, and where it will answer."""

    config: Path
    listen: str
    data: Path

    async def hires(self, number: str, name: str, pin: str, *options: str) -> None:
        """Make a mailbox."""
        status, _, complaints = await command(
            "mailbox", "add", number, name, "--pin", pin, *options, "--config", str(self.config)
        )
        assert status == 0, complaints


def found(folder: Path, *, max_calls: int = 50, drain_s: float = 30, more: str = "") -> Company:
    """Write the settings of a company that has nobody yet; `more` is put after them."""
    company = Company(folder / "vestibule.toml", f"127.0.0.1:{free_port()}", folder / "data")
    settings = SETTINGS.format(
        listen=company.listen, data=company.data, max_calls=max_calls, drain_s=drain_s
    )
    company.config.write_text(settings + more, encoding="utf-8")
    return company
