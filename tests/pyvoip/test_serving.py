"""`vestibule serve` with a `[pyvoip]` section: what a company with a PBX of its own runs."""

import asyncio
import email
import email.policy
import io
import sys
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest
import soundfile

from call.errors import Unavailable
from tests.acceptance.server import Server, command, configured_server
from tests.line.plane import FakePlane
from tests.ports import free_port
from tests.pyvoip.registrar import gets_through, kamailio
from tests.pyvoip.test_voicemail import leave
from tests.wire import hearing
from tests.wire.phone import CallRefused, Phone
from tests.wire.sounds import speech_like
from vestibule.pbx_line import open_pbx_line
from vestibule.reception import Reception
from vestibule.settings import BadSettings, PyVoipLine

SETTINGS = """
[sip]
listen = "127.0.0.1:{listen}"
[media]
first_port = 0
[storage]
data = "{data}"
[[numbers]]
number = "5145550100"
flow = "voicemail_leave"
with = {{ mailbox = "101" }}
[pyvoip]
server = "127.0.0.1:{pbx}"
username = "600"
password = "{password}"
listen = "{local}"
dials = "{dials}"
"""


class Company:
    """Settings of a company whose extension 600 on its PBX is answered by us."""

    def __init__(self, folder: Path, pbx: int, *, password: str = "secret", **other: str) -> None:
        self.data = folder / "data"
        self.listen = f"127.0.0.1:{free_port()}"
        self.config = folder / "vestibule.toml"
        changes = {"local": f"127.0.0.1:{free_port()}", "dials": "5145550100"} | other
        self.config.write_text(
            SETTINGS.format(
                listen=self.listen.rpartition(":")[2], data=self.data, pbx=pbx, password=password,
                **changes,
            )
        )  # fmt: skip

    async def has_mailbox(self) -> None:
        config = str(self.config)
        words = ("mailbox", "add", "101", "Camille", "--pin", "4711", "--email", "c@example.org")
        status, _, complaint = await command(*words, "--config", config)
        assert status == 0, complaint

    def served(self) -> AbstractAsyncContextManager[Server]:
        return configured_server(self.config, self.listen, self.data)


@pytest.mark.peer
@pytest.mark.wire
async def test_a_call_to_our_extension_of_the_pbx_is_mailed_as_a_message(tmp_path: Path) -> None:
    async with kamailio(tmp_path) as registrar:
        company = Company(tmp_path, registrar.port)
        await company.has_mailbox()
        sentence = speech_like(3.0, 5)
        async with company.served() as server, Phone("5145550123", display="Aimée") as phone:
            await registrar.until_registrations(1)
            call = await gets_through(phone, ("127.0.0.1", registrar.port))
            await leave(call, sentence)
            await call.hang_up()
            mail = await mailed(server)
            assert server.complaints() == []
        await registrar.until_deregistered()
    message = email.message_from_bytes(mail.read_bytes(), policy=email.policy.default)
    (attachment,) = list(message.iter_attachments())
    stored, _ = soundfile.read(io.BytesIO(attachment.get_content()), dtype="int16")
    assert hearing.find(stored, sentence).score >= 0.98


async def mailed(server: Server) -> Path:
    """The only e-mail, once it is written."""
    async with asyncio.timeout(60):
        while not server.mails():  # noqa: ASYNC110 - another process writes it
            await asyncio.sleep(0.1)
    (mail,) = server.mails()
    return mail


@pytest.mark.peer
@pytest.mark.wire
async def test_a_wrong_password_is_told_in_one_line_and_other_callers_are_answered(
    tmp_path: Path,
) -> None:
    async with kamailio(tmp_path) as registrar:
        company = Company(tmp_path, registrar.port, password="wrong")
        await company.has_mailbox()
        async with company.served() as server, Phone("5145550123") as phone:
            call = await phone.gets_through("5145550100", server.address)
            assert not call.ended.is_set()
            refused = [line for line in server.logged().splitlines() if "not register us" in line]
            assert refused
            assert "WARNING" in refused[0]
            assert "answer=401" in refused[0]
            assert "user=600" in refused[0]
            assert "wrong" not in server.logged()
            assert server.complaints() == []


@pytest.mark.peer
@pytest.mark.wire
async def test_a_call_of_the_pbx_may_end_by_itself_when_the_server_is_told_to_stop(
    tmp_path: Path,
) -> None:
    async with kamailio(tmp_path) as registrar:
        company = Company(tmp_path, registrar.port)
        await company.has_mailbox()
        pbx = ("127.0.0.1", registrar.port)
        async with company.served() as server, Phone("5145550123") as phone, Phone("1") as late:
            await registrar.until_registrations(1)
            call = await gets_through(phone, pbx)
            server.stop()
            async with asyncio.timeout(60):
                while "line draining" not in server.logged():  # noqa: ASYNC110 - another process
                    await asyncio.sleep(0.05)
            with pytest.raises(CallRefused) as refused:
                await late.call("600", pbx)
            assert refused.value.status == 486
            await leave(call, speech_like(3.0, 6))
            assert not call.ended.is_set()
            await call.hang_up()
            assert await server.status() == 0
        status, kept, _ = await command("message", "list", "101", "--config", str(company.config))
        assert status == 0
        assert "5145550123" in kept


async def refusal(company: Company) -> str:
    """What `vestibule serve` says when it does not start."""
    status, _, complaint = await command("serve", "--config", str(company.config))
    assert status == 1
    return complaint.splitlines()[-1]


@pytest.mark.wire
async def test_a_number_that_leads_nowhere_stops_the_start(tmp_path: Path) -> None:
    said = await refusal(Company(tmp_path, free_port(), dials="999"))
    assert said == "vestibule: pyvoip.dials: 999 leads nowhere; give it a [[numbers]]"


@pytest.mark.wire
async def test_the_doctor_looks_at_the_line_of_the_pbx(tmp_path: Path) -> None:
    examined = []
    for dials in ("5145550100", "999"):
        config = str(Company(tmp_path, 5060, dials=dials).config)
        examined.append((await command("doctor", "--config", config))[1])
    assert "good  pyvoip 127.0.0.1:5060: extension 600 leads to 5145550100" in examined[0]
    assert "bad   pyvoip 127.0.0.1:5060: 999 leads nowhere. Write a [[numbers]]" in examined[1]


async def opened(server: str, listen: str) -> None:
    """Open a line that must not open."""
    settings = PyVoipLine.model_validate(
        {"server": server, "username": "600", "password": "secret", "listen": listen, "dials": "1"}
    )
    nobody = Reception.__new__(Reception)  # no call gets that far
    async with open_pbx_line(settings, FakePlane(), nobody, lambda dialed: True):
        raise AssertionError("the line opened")


async def test_without_the_extra_the_command_that_installs_it_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in [each for each in sys.modules if each.startswith("telephony.adapters.pyvoip")]:
        monkeypatch.delitem(sys.modules, name)
    for name in [each for each in sys.modules if each.split(".")[0] == "pyVoIP"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "meta_path", [NotInstalled(), *sys.meta_path])
    with pytest.raises(BadSettings, match=r"pip install 'vestibule\[pyvoip\]'"):
        await opened("127.0.0.1:5060", "127.0.0.1:0")


class NotInstalled:
    """As if pyVoIP were not there."""

    def find_spec(self, name: str, *_: object) -> None:
        if name.split(".")[0] == "pyVoIP":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


async def test_a_line_whose_sound_would_not_be_heard_stops_the_start() -> None:
    with pytest.raises(BadSettings, match=r"pyvoip\.listen: 127\.0\.0\.9"):
        await opened("127.0.0.1:5060", "127.0.0.9:0")


async def test_a_local_port_that_is_taken_stops_the_start() -> None:
    with pytest.raises(Unavailable):
        await opened("127.0.0.1:5060", "192.0.2.1:5070")
