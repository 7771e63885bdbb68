"""Telephones of others show the message lamp go on and off."""

from pathlib import Path

import pytest

from telephony.sip.summary import Waiting
from tests.acceptance.lamp_telephones import baresip, linphone, linphone_console
from tests.line.lamp_line import lamp_line
from tests.pyvoip.registrar import kamailio

pytestmark = [pytest.mark.wire, pytest.mark.peer]

DARK = Waiting(new=0, old=0)
ONE_NEW = Waiting(new=1, old=0)
HEARD = Waiting(new=0, old=1)

TO_THE_LINE = """
    if (is_method("REGISTER")) usleep("200000");
    if (is_method("SUBSCRIBE")) {{
        record_route();
        $du = "sip:127.0.0.1:{port}";
        t_relay();
        exit;
    }}
"""
"""This baresip subscribes without end where it is registered in its first milliseconds."""


async def test_a_baresip_behind_a_proxy_shows_the_lamp_go_on_and_off_and_on_after_a_restart(
    tmp_path: Path,
) -> None:
    """It subscribes once it is registered, which Kamailio does; then Kamailio stays on the path."""
    book = tmp_path / "lamps"
    async with lamp_line(book, {"101": DARK}) as line:
        port = line.address[1]
        async with kamailio(tmp_path, own_route=TO_THE_LINE.format(port=port)) as proxy:
            account = f"<sip:101@127.0.0.1:{proxy.port}>;auth_pass=secret;regint=60;mwi=yes"
            async with baresip(tmp_path / "baresip", account) as phone:
                assert await phone.lamp() == "no"
                line.changes("101", ONE_NEW)
                assert await phone.lamp() == "yes"
                line.changes("101", HEARD)
                assert await phone.lamp() == "no"
                await line.stop()
                async with lamp_line(book, {"101": ONE_NEW}, port=port):
                    assert await phone.lamp() == "yes"


async def test_a_linphone_that_subscribes_shows_the_lamp_go_on_and_off(tmp_path: Path) -> None:
    async with lamp_line(tmp_path / "lamps", {"101": DARK}) as line:
        host, port = line.address
        async with linphone(tmp_path / "linphone", f"sip:101@{host}:{port}") as phone:
            assert await phone.lamp() == "no"
            line.changes("101", ONE_NEW)
            assert await phone.lamp() == "yes"
            line.changes("101", HEARD)
            assert await phone.lamp() == "no"


async def test_a_linphone_that_never_asks_is_told_and_takes_it(tmp_path: Path) -> None:
    """The console shows no lamp; its SIP log has what it was told, and that it accepted it."""
    async with linphone_console(tmp_path / "linphone") as phone:
        host, port = phone.address
        told = f"sip:101@{host}:{port}"
        async with lamp_line(tmp_path / "lamps", {"101": ONE_NEW}, announced=told) as line:
            assert await phone.lamp() == "yes"
            line.changes("101", HEARD)
            assert await phone.lamp() == "no"
            await phone.until(lambda: phone.said.count("SIP/2.0 200") == 2)
