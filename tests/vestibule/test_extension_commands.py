"""`vestibule extension` and `vestibule phone`, as administrators type them."""

import asyncio
import json
import re

from call.clock import SystemClock, VirtualClock
from directory.adapters.sqlalchemy_listing import SqlAlchemyListing, SqlAlchemyRegistrations
from directory.book import Directory
from directory.extension import Extension
from storage.database import Database, sqlite_url
from telephony.sip.events import Binding, Peer, Transport
from tests.vestibule.shell import Shell
from vestibule.accounts import Accounts
from vestibule.registrations import KeptBindings
from vestibule.settings import settings_from
from vestibule.telephone_checkup import examine_telephones
from voicemail.adapters.system_tokens import SystemTokens


def typed(shell: Shell, *words: str) -> tuple[str, ...]:
    return (*words, "--data", str(shell.data))


def made(shell: Shell, *words: str, keys: str = "") -> dict[str, str]:
    """Make something with a telephone; what is to be typed into it."""
    out = shell.does(*typed(shell, *words), keys=keys)
    return dict(re.findall(r"^([a-zA-Z ]+): +(.+)$", out, re.MULTILINE))


def test_an_extension_is_made_with_a_telephone_whose_password_is_shown_once(shell: Shell) -> None:
    told = made(shell, "extension", "add", "101", "Camille Côté")
    assert told["telephone"] == "téléphone, extension 101"
    assert told["SIP user name"].startswith("101-")
    password = told["password"]
    for words in (("extension", "show", "101"), ("phone", "list"), ("extension", "list")):
        assert password not in shell.does(*typed(shell, *words))
        assert password not in shell.does(*typed(shell, *words, "--json"))


def test_extensions_and_their_telephones_are_listed(shell: Shell) -> None:
    made(shell, "extension", "add", "101", "Camille Côté", "--phone", "bureau")
    made(shell, "phone", "add", "101", "portable")
    shell.does(*typed(shell, "extension", "add", "102", "Roger", "--no-phone", "--unlisted"))
    lines = shell.does(*typed(shell, "extension", "list")).splitlines()
    assert lines[0].split() == ["101", "fr", "2", "telephones", "Camille", "Côté"]
    assert lines[1].endswith("Roger  (not in the directory)")
    phones = shell.does(*typed(shell, "phone", "list", "101")).splitlines()
    assert sorted(line.split()[2] for line in phones) == ["bureau", "portable"]
    assert all(line.endswith("not registered") for line in phones)


def test_an_extension_may_get_its_mailbox_at_once(shell: Shell) -> None:
    words = ("extension", "add", "101", "Camille", "--mailbox", "--pin", "4719", "--no-phone")
    out = shell.does(*typed(shell, *words))
    assert "Extension 101 is ready." in out
    assert "mailbox:               yes" in shell.does(*typed(shell, "extension", "show", "101"))


def test_a_name_a_language_and_a_place_in_the_directory_are_changed(shell: Shell) -> None:
    shell.does(*typed(shell, "extension", "add", "101", "Camille", "--no-phone"))
    shell.does(*typed(shell, "extension", "rename", "101", "Camille Roy", "--language", "en"))
    shell.does(*typed(shell, "extension", "rename", "101", "--unlisted"))
    told = json.loads(shell.does(*typed(shell, "extension", "show", "101", "--json")))
    assert (told["name"], told["language"], told["listed"]) == ("Camille Roy", "en", False)


def test_a_removed_extension_is_gone_with_its_telephones(shell: Shell) -> None:
    made(shell, "extension", "add", "101", "Camille")
    out = shell.does(*typed(shell, "extension", "remove", "101", "--yes"))
    assert out == "Extension 101 is gone, and 1 telephone.\n"
    assert shell.does(*typed(shell, "phone", "list")) == ""


def test_a_removal_is_asked_for(shell: Shell) -> None:
    made(shell, "extension", "add", "101", "Camille")
    assert shell.types(*typed(shell, "extension", "remove", "101"), keys="n\n").status == 1
    assert "Camille" in shell.does(*typed(shell, "extension", "list"))


def test_a_telephone_gets_another_password_and_goes(shell: Shell) -> None:
    first = made(shell, "extension", "add", "101", "Camille")
    user = first["SIP user name"]
    second = made(shell, "phone", "password", user)
    assert second["SIP user name"] == user
    assert second["password"] != first["password"]
    shell.does(*typed(shell, "phone", "remove", user, "--yes"))
    assert shell.does(*typed(shell, "phone", "list")) == ""


def test_what_cannot_be_is_refused_in_one_line(shell: Shell) -> None:
    shell.does(*typed(shell, "extension", "add", "101", "Camille", "--no-phone"))
    for words, why in (
        (("extension", "add", "911", "Secours"), "911: invalid extension"),
        (("extension", "add", "101", "Roger"), "there is an extension 101 already"),
        (("extension", "show", "102"), "there is no extension 102"),
        (("extension", "rename", "102", "Roger"), "there is no extension 102"),
        (("phone", "add", "102", "bureau"), "there is no extension 102"),
        (("phone", "password", "102-abcd"), "there is no telephone 102-abcd"),
        (("phone", "remove", "102-abcd", "--yes"), "there is no telephone 102-abcd"),
    ):
        assert why in shell.fails(*typed(shell, *words))


def examined(shell: Shell, realm: str) -> list[str]:
    settings = settings_from(
        {"storage": {"data": shell.data}, "sip": {"realm": realm}}, origin="test"
    )
    return [str(each) for each in asyncio.run(examine_telephones(settings, SystemClock()))]


def test_the_doctor_tells_of_telephones_whose_passwords_another_realm_made_worthless(
    shell: Shell,
) -> None:
    assert examined(shell, "vestibule") == []
    user = made(shell, "extension", "add", "101", "Camille")["SIP user name"]
    (well,) = examined(shell, "vestibule")
    assert "1 have an account, 0 registered" in well
    (ill,) = examined(shell, "elsewhere")
    assert user in ill
    assert "vestibule phone password" in ill


def test_a_running_server_learns_of_extensions_telephones_and_passwords(shell: Shell) -> None:
    shell.data.mkdir()
    gone: list[str] = []

    async def day() -> None:
        database = Database(sqlite_url(shell.data / "vestibule.db"))
        await database.open()
        listing = SqlAlchemyListing(database)
        directory = Directory(listing, VirtualClock(), SystemTokens(), "vestibule")
        accounts = Accounts(listing, "vestibule", gone.append)
        await accounts.look()
        assert not accounts.there_are
        new = await directory.add(Extension("101", "Camille"), "bureau")
        await accounts.look()
        assert new is not None
        user = new.phone.user
        assert accounts.users_of("101") == (user,)
        assert accounts.extension_of(user) == "101"
        party = accounts.party(user)
        assert party is not None
        assert (party.number, party.name, party.internal) == ("101", "Camille", True)
        before = accounts.secret(user)
        await directory.new_password(user)
        await accounts.look()
        assert gone == [user]
        assert accounts.secret(user) != before
        await directory.change("101", name="Camille Roy")
        await accounts.look()
        assert gone == [user]
        elsewhere = Accounts(listing, "another-realm")
        await elsewhere.look()
        assert elsewhere.secret(user) is None
        book = KeptBindings(SqlAlchemyRegistrations(database))
        peer = Peer(Transport.TCP, "2001:db8::7", 40123)
        binding = Binding(user, "sip:a@10.0.0.7", peer, "call", 3, 0.5, "<urn:uuid:1>", "x")
        await book.write([(binding, VirtualClock().now())], [])
        assert await book.load() == [(binding, VirtualClock().now())]
        await directory.remove("101")
        await accounts.look()
        assert gone == [user, user]
        assert (accounts.users_of("101"), accounts.extension_of(user)) == ((), "")
        assert accounts.party(user) is None
        await database.close()

    asyncio.run(day())
