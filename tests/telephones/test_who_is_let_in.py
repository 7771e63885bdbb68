"""Who is let in by an account: telephones anywhere, and nobody who guesses."""

import asyncio
import logging
from pathlib import Path

import pytest

from call.leg import Party
from telephony.access import AccessPolicy
from telephony.adapters.folder_lamp_book import FolderLampBook
from telephony.lamps import Lamps
from telephony.sip.events import Peer, Transport
from telephony.sip.message import Response
from telephony.sip.summary import Waiting
from tests.line.scripted import OFFER
from tests.telephones.company import Company, MemoryBook
from tests.telephones.handset import HOME, Handset, People

NUMBER = "sip:102@pbx.example"
HERE = ("Contact: <sip:x@10.0.0.7>",)
SCANNER = Peer(Transport.UDP, "198.51.100.66", 5060)
TRUNK = Peer(Transport.UDP, "192.0.2.10", 5060)
DESK = Peer(Transport.UDP, "192.0.2.200", 5060)


def status(answer: Response | None) -> int | None:
    return answer.status if answer is not None else None


def calls(phone: Handset, **fields: object) -> int | None:
    return status(phone.proves("INVITE", *HERE, uri=NUMBER, **fields))


async def settle() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


async def test_a_telephone_far_away_registers_and_calls_as_its_extension() -> None:
    async with Company() as company:
        phone = company.handset()
        assert status(phone.registers()) == 200
        calls(phone)
        await settle()
        assert [leg.caller for leg in company.legs] == [Party("101", "Camille Côté", internal=True)]
        (binding,) = company.line.telephones("101-abcd")
        assert (binding.uri, binding.peer) == (phone.contact, HOME)
        assert company.changed == ["101-abcd"]


async def test_everybody_unknown_is_asked_the_same_way_whatever_account_they_name() -> None:
    async with Company() as company:
        real = company.handset("101-abcd", "guess")
        unreal = company.handset("999-zzzz", "guess", SCANNER)
        for method in ("INVITE", "REGISTER", "SUBSCRIBE"):
            answers = [phone.proves(method, *HERE) for phone in (real, unreal)]
            assert [status(answer) for answer in answers] == [403, 403]
            told = [[name for name, _ in answer.headers] for answer in answers if answer]
            assert told[0] == told[1]
            company.clock.advance(300.0)
        assert company.legs == []


async def test_where_there_are_no_accounts_strangers_are_only_told_no() -> None:
    async with Company(People({})) as company:
        assert status(company.handset().asks("REGISTER", *HERE)) == 403
        assert status(company.handset().asks("INVITE", *HERE)) == 403


async def test_a_scanner_is_soon_not_answered_and_a_telephone_beside_it_is() -> None:
    async with Company() as company:
        scanner = company.handset("admin", peer=SCANNER)
        told = [status(scanner.asks("REGISTER", *HERE)) for _ in range(8)]
        assert told == [401] * 5 + [None] * 3
        assert status(company.handset().registers()) == 200


async def test_from_where_a_telephone_is_everything_is_heard() -> None:
    async with Company() as company:
        phone = company.handset()
        assert status(phone.asks("OPTIONS")) == 403
        phone.registers()
        assert [status(phone.asks("OPTIONS")) for _ in range(20)] == [200] * 20
        colleague = company.handset("102-wxyz")
        assert status(colleague.asks("INVITE", *HERE)) == 401


async def test_a_trunk_calls_without_an_account() -> None:
    async with Company() as company:
        provider = company.handset("5145550199", peer=TRUNK)
        provider.asks("INVITE", *HERE, uri=NUMBER)
        await settle()
        assert [leg.caller for leg in company.legs] == [Party("5145550199")]


async def test_nobody_calls_in_the_name_of_an_account_without_its_password() -> None:
    async with Company() as company:
        impostor = company.handset("101-abcd", "guess", TRUNK)
        assert calls(impostor) == 403
        assert company.legs == []


async def test_where_a_telephone_registered_from_it_proves_its_calls_too() -> None:
    async with Company() as company:
        phone = company.handset(peer=TRUNK)
        phone.registers()
        withheld = Handset(company.carry, "anonymous", peer=TRUNK)
        assert status(withheld.asks("INVITE", *HERE, uri=NUMBER)) == 401


async def test_in_the_network_of_our_telephones_the_account_is_believed() -> None:
    async with Company() as company:
        company.handset(peer=DESK).asks("INVITE", *HERE, uri=NUMBER)
        company.handset("107", peer=DESK).asks("INVITE", *HERE, uri=NUMBER)
        await settle()
        assert [leg.caller.number for leg in company.legs] == ["101", "107"]
        assert all(leg.caller.internal for leg in company.legs)
        assert status(company.handset(peer=DESK).asks("REGISTER", *HERE)) == 401


def locks(caplog: pytest.LogCaptureFixture) -> list[tuple[str, str]]:
    """What was locked, as the log tells it."""
    found = [each for each in caplog.records if each.message.startswith("too many")]
    return [(vars(each)["account"], vars(each)["source"]) for each in found]


async def test_too_many_wrong_passwords_lock_an_account_for_a_while_and_are_told_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with Company() as company:
        guesser = company.handset("101-abcd", "guess", TRUNK)
        with caplog.at_level(logging.WARNING, "telephony.telephones"):
            assert [status(guesser.registers()) for _ in range(12)] == [403] * 12
        assert locks(caplog) == [("101-abcd", "any")]
        right = company.handset("101-abcd", "right", TRUNK)
        right.call_id = "right"
        assert status(right.registers()) == 403
        company.clock.advance(900.0)
        assert status(right.registers()) == 200


async def test_one_telephone_with_an_old_password_locks_none_of_its_house(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with Company(People({"101-abcd": "new", "102-wxyz": "right"})) as company:
        old = company.handset("101-abcd", "old", TRUNK)
        for _ in range(50):
            assert status(old.registers()) == 403
            company.clock.advance(10.0)
        assert status(company.handset("102-wxyz", "right", TRUNK).registers()) == 200
        assert locks(caplog) == [("101-abcd", "any")]


async def test_who_guesses_at_one_account_after_another_is_locked_out_of_all(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with Company() as company:
        for number in range(30):
            company.handset(f"{number}-user", "guess", TRUNK).registers()
        assert locks(caplog) == [("any", TRUNK.host)]
        assert status(company.handset("101-abcd", "right", TRUNK).registers()) == 403


async def test_a_telephone_that_proved_itself_is_not_locked_out_by_guesses_from_elsewhere() -> None:
    policy = AccessPolicy(allowed=("192.0.2.0/24", "198.51.100.0/24"))
    async with Company(policy=policy) as company:
        phone = company.handset(peer=TRUNK)
        assert status(phone.registers()) == 200
        guesser = company.handset("101-abcd", "guess", SCANNER)
        for _ in range(20):
            guesser.registers()
        assert status(phone.registers()) == 200
        calls(phone)
        await settle()
        assert [leg.caller.number for leg in company.legs] == ["101"]


async def test_a_stranger_that_guessed_too_often_hears_nothing_more() -> None:
    async with Company() as company:
        for number in range(30):
            company.clock.advance(19.0)
            guesser = company.handset(f"{number}-user", "guess", SCANNER)
            assert status(guesser.registers()) == 403
        company.clock.advance(100.0)
        assert company.handset("x", peer=SCANNER).asks("REGISTER", *HERE) is None
        assert status(company.handset("102-wxyz").asks("REGISTER", *HERE)) == 401


async def test_unknown_accounts_are_locked_like_known_ones(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with Company() as company:
        guesser = company.handset("555-none", "guess", TRUNK)
        assert [status(guesser.registers()) for _ in range(11)] == [403] * 11
        assert locks(caplog) == [("555-none", "any")]


def offered(answer: Response | None) -> list[str]:
    assert answer is not None
    return [
        "SHA-256" if "SHA-256" in value else "MD5"
        for name, value in answer.headers
        if name == "WWW-Authenticate"
    ]


async def test_a_telephone_that_gives_up_at_an_unknown_algorithm_is_then_offered_md5() -> None:
    async with Company() as company:
        phone = company.handset()
        assert offered(phone.asks("REGISTER", *HERE)) == ["SHA-256", "MD5"]
        again = phone.asks("REGISTER", *HERE)
        assert offered(again) == ["MD5"]
        assert again is not None
        proof = phone.proof(phone.challenge_in(again))
        assert status(phone.asks("REGISTER", *HERE, proof=proof)) == 200
        assert offered(phone.asks("INVITE", *HERE, call_id="a-call")) == ["MD5"]


async def test_telephones_known_for_it_are_offered_md5_at_once() -> None:
    async with Company() as company:
        agent = "User-Agent: baresip v1.0.0 (x86_64/linux)"
        assert offered(company.handset().asks("REGISTER", *HERE, agent)) == ["MD5"]


async def test_a_telephone_that_answers_is_offered_the_best_every_time() -> None:
    async with Company() as company:
        phone = company.handset()
        for _ in range(3):
            first = phone.asks("REGISTER", *HERE)
            assert first is not None
            assert offered(first) == ["SHA-256", "MD5"]
            proof = phone.proof(phone.challenge_in(first))
            assert status(phone.asks("REGISTER", *HERE, proof=proof)) == 200


async def test_after_a_restart_the_telephones_are_still_there_and_still_heard() -> None:
    book = MemoryBook()
    async with Company(book=book) as company:
        phone = company.handset()
        phone.registers("Expires: 600")
    async with Company(book=book) as company:
        company.clock.advance(0.0)
        (binding,) = company.line.telephones("101-abcd")
        assert (binding.uri, binding.peer) == (phone.contact, HOME)
        again = Handset(company.carry)
        assert [status(again.asks("OPTIONS")) for _ in range(20)] == [200] * 20
        calls(again)
        await settle()
        assert [leg.caller.number for leg in company.legs] == ["101"]


async def test_an_account_removed_while_the_line_was_closed_has_no_telephone_any_more() -> None:
    book = MemoryBook()
    async with Company(book=book) as company:
        company.handset().registers()
    async with Company(People({}), book) as company:
        assert company.line.telephones("101-abcd") == []
    assert book.pages == {}


async def test_a_telephone_whose_password_is_changed_is_to_come_again() -> None:
    async with Company() as company:
        phone = company.handset()
        phone.registers()
        company.people.passwords["101-abcd"] = "another"
        company.telephones.forget("101-abcd")
        await settle()
        assert company.line.telephones("101-abcd") == []
        assert company.book.pages == {}
        assert status(phone.registers()) == 403
        renewed = company.handset(password="another")
        renewed.call_id = "renewed"
        assert status(renewed.registers()) == 200


async def test_a_telephone_that_watches_itself_sees_the_messages_of_its_extension(
    tmp_path: Path,
) -> None:
    asked: list[str] = []

    async def counts(account: str) -> Waiting:
        asked.append(account)
        return Waiting(2, 0)

    async with Company(lamps=Lamps(counts, FolderLampBook(tmp_path))) as company:
        phone = company.handset()
        phone.registers()
        own = ("Event: message-summary", "Accept: application/simple-message-summary")
        phone.proves("SUBSCRIBE", *HERE, *own, "Expires: 600", uri="sip:101-abcd@pbx.example")
        await settle()
        assert asked == ["101"]
        notify = company.wire.sent[-1][1]
        assert b"Voice-Message: 2/0" in notify.body
        assert b"sip:101-abcd@pbx.example" in notify.body


ROUTER = Peer(Transport.UDP, "8.8.4.4", 40123)


@pytest.mark.parametrize(
    ("source", "described", "aimed"),
    [
        (ROUTER, "10.0.0.7", "8.8.4.4"),
        (ROUTER, "100.64.0.9", "8.8.4.4"),
        (ROUTER, "8.8.8.8", "8.8.8.8"),
        (DESK, "192.0.2.201", "192.0.2.201"),
    ],
)
async def test_sound_for_a_telephone_behind_a_router_goes_to_the_router(
    source: Peer, described: str, aimed: str
) -> None:
    async with Company() as company:
        phone = company.handset(peer=source)
        phone.registers()
        offer = OFFER.replace(b"192.0.2.7", described.encode())
        sdp = ("Content-Type: application/sdp",)
        phone.proves("INVITE", *HERE, *sdp, uri=NUMBER, body=offer)
        await settle()
        (leg,) = company.legs
        answering = asyncio.create_task(leg.answer())
        await settle()
        answering.cancel()
        stream = company.plane.slots[-1].streams[-1]
        assert stream.remote == (aimed, 40000)
