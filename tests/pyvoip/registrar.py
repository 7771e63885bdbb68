"""A Kamailio registrar and proxy of its own, on a free loopback port, for one test."""

import asyncio
import contextlib
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.ports import free_port
from tests.wire.link import Address
from tests.wire.phone import CallRefused, Phone, PhoneCall

REALM = "pbx.test"
PATIENCE_S = 60.0
BUSY = 486

CONFIGURATION = """#!KAMAILIO
debug=1
log_stderror=yes
exit_timeout=2
children=1
listen=udp:127.0.0.1:{port}
auto_aliases=no
alias="{realm}"
loadmodule "tm.so"
loadmodule "sl.so"
loadmodule "rr.so"
loadmodule "pv.so"
loadmodule "maxfwd.so"
loadmodule "textops.so"
loadmodule "siputils.so"
loadmodule "xlog.so"
loadmodule "usrloc.so"
loadmodule "registrar.so"
loadmodule "auth.so"
loadmodule "cfgutils.so"
modparam("usrloc", "db_mode", 0)
modparam("rr", "enable_full_lr", 1)
modparam("tm", "fr_timer", 3000)
request_route {{
    if (!mf_process_maxfwd_header("10")) {{ sl_send_reply("483", "Too Many Hops"); exit; }}
    if (is_method("CANCEL")) {{ if (t_check_trans()) t_relay(); exit; }}
    if (has_totag()) {{
        if (loose_route()) {{ t_relay(); exit; }}
        if (is_method("ACK")) {{ if (t_check_trans()) t_relay(); exit; }}
        sl_send_reply("404", "No Route");
        exit;
    }}
    {own_route}
    if (is_method("REGISTER")) {{
        if (!pv_www_authenticate("{realm}", "{password}", "0")) {{
            www_challenge("{realm}", "0");
            exit;
        }}
        xlog("L_ERR", "registered $fU expires $hdr(Expires)\\n");
        if (!save("location")) sl_reply_error();
        exit;
    }}
    if (is_method("INVITE")) record_route();
    if (!lookup("location")) {{ sl_send_reply("480", "Not Registered"); exit; }}
    t_relay();
}}
"""


@dataclass
class Registrar:
    """A running Kamailio; `said` is what it logged."""

    port: int
    password: str
    said: list[str] = field(default_factory=list)
    news: asyncio.Condition = field(default_factory=asyncio.Condition)

    def registrations(self) -> int:
        return sum("registered" in line and "expires 0" not in line for line in self.said)

    async def until_registrations(self, count: int, timeout_s: float = PATIENCE_S) -> None:
        async with asyncio.timeout(timeout_s), self.news:
            await self.news.wait_for(lambda: self.registrations() >= count)

    async def until_deregistered(self, timeout_s: float = PATIENCE_S) -> None:
        async with asyncio.timeout(timeout_s), self.news:
            await self.news.wait_for(lambda: any("expires 0" in line for line in self.said))


@contextlib.asynccontextmanager
async def kamailio(
    folder: Path, password: str = "secret", port: int | None = None, own_route: str = ""
) -> AsyncIterator[Registrar]:
    """Run Kamailio in `folder` until the end of the block.

    `own_route` is what it does first with a request that opens something.
    """
    program = shutil.which("kamailio") or shutil.which("kamailio", path="/usr/sbin")
    assert program, "kamailio is missing: script/test installs it (Debian package kamailio)"
    registrar = Registrar(port or free_port(), password)
    configuration = folder / "kamailio.cfg"
    configuration.write_text(
        CONFIGURATION.format(
            port=registrar.port, realm=REALM, password=password, own_route=own_route
        )
    )
    process = await asyncio.create_subprocess_exec(
        program, "-f", str(configuration), "-DD", "-E", "-m", "32", "-M", "4",
        "-w", str(folder), "-Y", str(folder), "-P", str(folder / "pid"),
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    reading = asyncio.create_task(_read(process, registrar))
    try:
        await _until_answering(registrar, process)
        yield registrar
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()
        await reading


async def _read(process: asyncio.subprocess.Process, registrar: Registrar) -> None:
    assert process.stderr is not None
    async for line in process.stderr:
        async with registrar.news:
            registrar.said.append(line.decode(errors="replace"))
            registrar.news.notify_all()


class _Knock(asyncio.DatagramProtocol):
    """Notices the first answer."""

    def __init__(self) -> None:
        self.answered = asyncio.Event()

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.answered.set()


async def _until_answering(registrar: Registrar, process: asyncio.subprocess.Process) -> None:
    """Ask for nobody's registration until Kamailio answers."""
    loop = asyncio.get_running_loop()
    transport, knock = await loop.create_datagram_endpoint(_Knock, ("127.0.0.1", 0))
    port = transport.get_extra_info("sockname")[1]
    question = (
        f"OPTIONS sip:nobody@127.0.0.1:{registrar.port} SIP/2.0\r\n"
        f"Via: SIP/2.0/UDP 127.0.0.1:{port};branch=z9hG4bKknock;rport\r\n"
        "From: <sip:test@127.0.0.1>;tag=1\r\nTo: <sip:nobody@127.0.0.1>\r\n"
        "Call-ID: knock\r\nCSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
    ).encode()
    try:
        for _ in range(100):
            assert process.returncode is None, "".join(registrar.said)
            transport.sendto(question, ("127.0.0.1", registrar.port))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(knock.answered.wait(), 0.1)
                return
        raise AssertionError("kamailio does not answer: " + "".join(registrar.said))
    finally:
        transport.close()


async def gets_through(phone: Phone, pbx: Address) -> PhoneCall:
    """Call our extension through an exchange, again as long as it is busy.

    So pyVoIP tells that there is too much to do for calls; on a busy machine there may be.
    """
    async with asyncio.timeout(PATIENCE_S):
        while True:
            try:
                return await phone.call("600", pbx, timeout_s=PATIENCE_S)
            except CallRefused as refusal:
                if refusal.status != BUSY:
                    raise
                await asyncio.sleep(1)
