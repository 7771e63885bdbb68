"""`vestibule trunk`, and what the settings say of trunks."""

from pathlib import Path

import pytest

from tests.vestibule.shell import Shell
from vestibule.providers import open_trunks, routes_of
from vestibule.settings import BadSettings, read_settings, settings_from
from vestibule.shelves import local_calls

SETTINGS = """
[company]
name = "Quincaillerie"
[storage]
data = "{data}"
[[trunks]]
name = "second"
server = "[2001:db8::7]:5070"
numbers = ["+1 514 555-0102"]
sends = "ten"
priority = 2
max_calls = 4
[[trunks]]
name = "first"
server = "192.0.2.7"
numbers = ["5145550100", "5145550101"]
registers = true
username = "client7"
password = "hidden"
"""


@pytest.fixture
def config(shell: Shell, tmp_path: Path) -> Path:
    path = tmp_path / "vestibule.toml"
    path.write_text(SETTINGS.format(data=shell.data), encoding="utf-8")
    shell.does("extension", "add", "101", "Émile Côté", "--no-phone", "--config", str(path))
    return path


def test_trunks_are_listed_in_their_order_and_no_password_is(shell: Shell, config: Path) -> None:
    first, second = shell.does("trunk", "list", "--config", str(config)).splitlines()
    assert first.split()[:4] == ["1", "first", "192.0.2.7", "(192.0.2.7)"]
    assert "registers as client7" in first
    assert second.split()[1:4] == ["second", "[2001:db8::7]:5070", "(2001:db8::7)"]
    assert second.endswith("known by address, numbers 5145550102, 4 calls at most")
    assert "hidden" not in first


def test_the_way_of_a_call_is_told_before_it_is_made(shell: Shell, config: Path) -> None:
    def way(number: str) -> list[str]:
        return shell.does(
            "trunk", "route", number, "--from", "101", "--config", str(config)
        ).splitlines()

    assert way("514-555-0199") == [
        "5145550199: local, allowed",
        "1. first: +15145550199, as Quincaillerie <5145550100>",
        "2. second: 5145550199, as Quincaillerie <5145550102>",
    ]
    assert way("9-911")[0] == "911: emergency, allowed"
    assert way("418 555 0111") == ["4185550111: long distance, not allowed"]
    assert way("555") == ["555: no telephone number"]
    words = ("--caller-name", "Émile Côté", "--caller-number", "5145550102", "--anonymous")
    shell.does("extension", "set", "101", *words, "--config", str(config))
    assert way("5145550199")[2] == "2. second: 5145550199, as anonymous"
    assert way("911")[2] == "2. second: 911, as Emile Cote <5145550102>"


def test_an_extension_that_is_not_there_has_no_way(shell: Shell, config: Path) -> None:
    line = shell.fails("trunk", "route", "911", "--from", "999", "--config", str(config))
    assert "999" in line


def test_the_doctor_looks_at_trunks(shell: Shell, config: Path) -> None:
    text = config.read_text(encoding="utf-8")
    listens = '[sip]\nlisten = "[::]:0"\nadvertise = "2001:db8::1"\nallow = ["::/0"]\n'
    called = '[[numbers]]\nnumber = "5145550102"\nflow = "main_attendant"\n'
    unread = 'registers = true\npassword_file = "nowhere"'

    def findings(more: str = "", change: str = "registers = true") -> list[str]:
        config.write_text(text.replace("registers = true", change) + more, encoding="utf-8")
        said = shell.types("doctor", "--config", str(config)).out.splitlines()
        return [line for line in said if " trunk " in line]

    assert all("we listen to this machine alone" in line for line in findings())
    second, first = findings(called + listens)
    assert second.startswith("good  trunk second")
    assert "5145550100, 5145550101 lead nowhere when called" in first
    assert "nowhere: No such file" in findings(change=unread)[1]


def test_the_settings_of_a_trunk_are_taken_as_they_stand(config: Path) -> None:
    settings = read_settings(config)
    trunks = open_trunks(settings)
    first, second = trunks.trunk("first"), trunks.trunk("second")
    assert (first.host, first.port, first.register) == ("192.0.2.7", 5060, True)
    assert (second.host, second.port) == ("2001:db8::7", 5070)
    assert second.uri("911") == "sip:911@[2001:db8::7]"
    assert [route.name for route in routes_of(settings)] == ["second", "first"]
    assert local_calls(settings) == frozenset({"514"})


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ({"server": "192.0.2.7:port"}, "trunks.0.server"),
        ({"numbers": ["5550100"]}, "not a number of ten digits"),
        ({"numbers": []}, "trunks.0.numbers"),
        ({"registers": True}, "registers needs username, and password or password_file"),
        ({"calls_from": ["everywhere"]}, "trunks.0.calls_from"),
        ({"sends": "national"}, "trunks.0.sends"),
        ({"name": "a trunk"}, "trunks.0.name"),
    ],
)
def test_a_trunk_that_cannot_be_is_refused_at_the_start(
    fields: dict[str, object], fault: str
) -> None:
    trunk: dict[str, object] = {"name": "a", "server": "192.0.2.7", "numbers": ["5145550100"]}
    with pytest.raises(BadSettings) as told:
        settings_from({"trunks": [trunk | fields]}, origin="test")
    assert fault in str(told.value)


def test_two_trunks_have_two_names() -> None:
    trunk = {"name": "a", "server": "192.0.2.7", "numbers": ["5145550100"]}
    with pytest.raises(BadSettings, match="two trunks have the same name"):
        settings_from({"trunks": [trunk, trunk]}, origin="test")


def test_a_password_that_cannot_be_read_stops_the_start(tmp_path: Path) -> None:
    trunk = {
        "name": "a",
        "server": "192.0.2.7",
        "numbers": ["5145550100"],
        "registers": True,
        "username": "client7",
        "password_file": str(tmp_path / "nowhere"),
    }
    settings = settings_from({"trunks": [trunk]}, origin="test")
    with pytest.raises(BadSettings, match=r"trunks: a: .*nowhere: No such file"):
        open_trunks(settings)
