"""Telephones of others register, call and come back: Debian's baresip, linphone and sipp."""

import asyncio
import contextlib
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from call.leg import Party
from tests.line.baresip_phone import CONFIG, Baresip
from tests.ports import free_port
from tests.telephones.company import MemoryBook
from tests.telephones.handset import People
from tests.telephones.house import PATIENCE_S, house

pytestmark = [pytest.mark.wire, pytest.mark.peer]

needs_baresip = pytest.mark.skipif(shutil.which("baresip") is None, reason="needs baresip")
needs_linphone = pytest.mark.skipif(shutil.which("linphonec") is None, reason="needs linphone")
needs_sipp = pytest.mark.skipif(shutil.which("sipp") is None, reason="needs sip-tester")

CAMILLE = Party("101", "Camille Côté", internal=True)


@contextlib.asynccontextmanager
async def process(*command: str, folder: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """A program until the end of the block; what it says goes to `folder`/output."""
    with (folder / "output").open("ab") as output:
        running = await asyncio.create_subprocess_exec(
            *command, stdin=asyncio.subprocess.PIPE, stdout=output, stderr=output,
            cwd=folder, env={"HOME": str(folder), "PATH": "/usr/bin:/bin"},
        )  # fmt: skip
    try:
        yield running
    finally:
        with contextlib.suppress(ProcessLookupError):
            running.terminate()
        try:
            await asyncio.wait_for(running.wait(), 5.0)
        except TimeoutError:
            running.kill()
            await running.wait()


def configure(folder: Path, account: str) -> Baresip:
    folder.mkdir(parents=True)
    phone = Baresip(folder, free_port(), free_port())
    says = folder / "says.wav"
    soundfile.write(says, np.zeros(8000, dtype=np.int16), 8000)
    (folder / "config").write_text(
        CONFIG.format(port=phone.port, control=phone.control, says=says, rate=8000, folder=folder)
    )
    (folder / "accounts").write_text(f"{account}\n")
    (folder / "contacts").write_text("")
    return phone


def baresip(phone: Baresip) -> contextlib.AbstractAsyncContextManager[asyncio.subprocess.Process]:
    command = ("stdbuf", "-oL", "baresip", "-4", "-f", str(phone.folder))
    return process(*command, folder=phone.folder)


@needs_baresip
@pytest.mark.parametrize("transport", ["udp", "tcp"])
async def test_a_baresip_registers_calls_as_its_extension_and_signs_off(
    tmp_path: Path, transport: str
) -> None:
    async with house() as opened:
        port = opened.address[1]
        where = f"127.0.0.1:{port};transport={transport}"
        phone = configure(tmp_path / "a", f"<sip:101-abcd@{where}>;auth_pass=right;regint=60")
        async with baresip(phone):
            await opened.until(lambda: opened.registered() == 1)
            await phone.call(f"*101@127.0.0.1:{port}")
            await opened.until(lambda: bool(opened.legs))
            assert (opened.legs[0].caller, opened.legs[0].dialed) == (CAMILLE, "*101")
            await phone.do("hangup")
            await opened.until(lambda: opened.line.active == 0)
        await opened.until(lambda: opened.registered() == 0)


@needs_baresip
async def test_a_baresip_with_a_wrong_password_stays_outside(tmp_path: Path) -> None:
    async with house() as opened:
        account = f"<sip:101-abcd@127.0.0.1:{opened.address[1]}>;auth_pass=wrong;regint=60"
        phone = configure(tmp_path / "a", account)
        async with baresip(phone):
            output = tmp_path / "a" / "output"
            async with asyncio.timeout(PATIENCE_S):
                while b"403 Forbidden" not in output.read_bytes():  # noqa: ASYNC110 - a file tells nobody
                    await asyncio.sleep(0.05)
            assert opened.registered() == 0


@needs_baresip
async def test_a_server_that_comes_back_calls_a_telephone_that_noticed_nothing(
    tmp_path: Path,
) -> None:
    book = MemoryBook()
    async with contextlib.AsyncExitStack() as running:
        async with house(book=book) as before:
            port = before.address[1]
            account = f"<sip:101-abcd@127.0.0.1:{port}>;auth_pass=right;regint=3600"
            phone = configure(tmp_path / "a", f"{account};answermode=auto")
            await running.enter_async_context(baresip(phone))
            await before.until(lambda: before.registered() == 1)
        async with house(book=book, port=port) as after:
            (binding,) = after.line.telephones("101-abcd")
            leg = after.line.dial(
                binding.uri,
                peer=binding.peer,
                from_uri="sip:102@127.0.0.1",
                caller=Party("102", "Roger"),
            )
            async with asyncio.timeout(PATIENCE_S):
                await leg.answer()
            await leg.hang_up()
            await running.aclose()


LINPHONE = """\
[sip]
sip_port={sip}
sip_tcp_port=0
sip_tls_port=0
use_ipv6=0
default_proxy=0
guess_hostname=0
contact="101" <sip:101-abcd@127.0.0.1>

[auth_info_0]
username=101-abcd
passwd=right

[proxy_0]
reg_proxy=<sip:127.0.0.1:{port};transport=udp>
reg_identity=sip:101-abcd@127.0.0.1:{port}
reg_expires=120
reg_sendregister=1
publish=0
"""


@needs_linphone
async def test_a_linphone_registers_calls_as_its_extension_and_signs_off(tmp_path: Path) -> None:
    async with house() as opened:
        folder, port = tmp_path / "linphone", opened.address[1]
        (folder / ".local" / "share" / "linphone").mkdir(parents=True)
        (folder / "linphonerc").write_text(LINPHONE.format(sip=free_port(), port=port))
        command = ("linphonec", "-c", str(folder / "linphonerc"), "-d", "6", "-l", "log")
        async with process(*command, folder=folder) as linphone:
            await opened.until(lambda: opened.registered() == 1)
            assert linphone.stdin is not None
            linphone.stdin.write(f"call sip:8500@127.0.0.1:{port}\n".encode())
            await opened.until(lambda: bool(opened.legs))
            assert (opened.legs[0].caller, opened.legs[0].dialed) == (CAMILLE, "8500")
            linphone.stdin.write(b"terminate\n")
            await opened.until(lambda: opened.line.active == 0)
            linphone.stdin.write(b"quit\n")
            await opened.until(lambda: opened.registered() == 0)


SEND = """\
  <send retrans="500"><![CDATA[
REGISTER sip:[remote_ip]:[remote_port] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
Max-Forwards: 70
From: <sip:[field0]@[remote_ip]>;tag=[call_number]
To: <sip:[field0]@[remote_ip]>
Call-ID: [call_id]
CSeq: {cseq} REGISTER
Contact: <sip:[field0]@[local_ip]:[local_port]>
Expires: 300
{proof}Content-Length: 0

]]></send>
  <recv response="{status}"{auth}/>
"""

SCENARIO = "\n".join(
    (
        '<?xml version="1.0" encoding="UTF-8"?>\n<scenario name="register">',
        SEND.format(cseq=1, proof="", status=401, auth=""),
        SEND.format(cseq=2, proof="", status=401, auth=' auth="true"'),
        SEND.format(cseq=3, proof="[field1]\n", status=200, auth=""),
        "</scenario>",
    )
)
"""It knows MD5 alone and looks at the first challenge only, so it asks a second time."""


@needs_sipp
async def test_twenty_telephones_played_by_sipp_register_at_once(tmp_path: Path) -> None:
    people = People({f"{number}-sipp": f"secret{number}" for number in range(101, 121)})
    rows = [
        f"{user};[authentication username={user} password={password}]"
        for user, password in people.passwords.items()
    ]
    (tmp_path / "users.csv").write_text("SEQUENTIAL\n" + "\n".join(rows) + "\n")
    (tmp_path / "register.xml").write_text(SCENARIO)
    async with house(people) as opened:
        command = (
            *("sipp", "-sf", "register.xml", "-inf", "users.csv", "-m", "20", "-r", "100"),
            *("-i", "127.0.0.1", "-nostdin", "-timeout", "50s", "-p", str(free_port())),
            f"127.0.0.1:{opened.address[1]}",
        )
        async with process(*command, folder=tmp_path) as sipp:
            async with asyncio.timeout(PATIENCE_S):
                assert await sipp.wait() == 0, (tmp_path / "output").read_text()
        assert [opened.registered(user) for user in people.passwords] == [1] * 20
