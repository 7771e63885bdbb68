"""What `vestibule doctor` says of the pages."""

import pytest

from console.sockets import address_socket
from vestibule.doctor import Verdict
from vestibule.settings import settings_from
from vestibule.web_checkup import examine_web

HTTPS = "https://telephone.example.org"


def said(**web: str) -> list[tuple[Verdict, str]]:
    settings = settings_from({"web": web}, origin="test")
    return [(each.verdict, each.what) for each in examine_web(settings)]


def test_nothing_is_said_where_there_are_no_pages() -> None:
    assert said() == []


@pytest.mark.parametrize(
    ("web", "verdict", "what"),
    [
        ({"address": HTTPS}, Verdict.NOTE, "web.address is told to nobody without web.listen"),
        ({"listen": "127.0.0.1:0"}, Verdict.NOTE, "invitations tell no link without web.address"),
        ({"listen": "127.0.0.1:0", "address": HTTPS}, Verdict.GOOD, "free"),
        (
            {"listen": "0.0.0.0:0", "address": "http://192.0.2.1"},
            Verdict.NOTE,
            "whoever is on the way hears what is said",
        ),
    ],
)
def test_what_keeps_people_from_listening_is_told(
    web: dict[str, str], verdict: Verdict, what: str
) -> None:
    assert said(**web) == [(verdict, what)]


def test_an_address_that_is_taken_stops_the_pages() -> None:
    with address_socket("127.0.0.1", 0) as taken:
        ((verdict, what),) = said(listen=f"127.0.0.1:{taken.getsockname()[1]}")
    assert verdict is Verdict.BAD
    assert "in use" in what


def test_an_address_of_another_machine_stops_the_pages() -> None:
    ((verdict, what),) = said(listen="192.0.2.77:8080")
    assert verdict is Verdict.BAD
    assert "192.0.2.77:8080" in what
