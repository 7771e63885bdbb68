"""An e-mail never fails for the size of its sound: the sound is made smaller, or stays here."""

import io
from dataclasses import replace
from email.message import EmailMessage
from pathlib import Path

import pytest
import soundfile

from tests.voicemail.office import CALLER, CAMILLE, Office, speak
from tests.voicemail.sounds import voice
from tests.voicemail.test_outbox import DEFERRED, ScriptedServer, states
from tests.voicemail.test_smtp import certificate, serving, settings
from voicemail import Attachment, Mailbox, MailUnavailable
from voicemail.adapters import smtp
from voicemail.adapters.audio_formats import SoundFileFormats
from voicemail.adapters.smtp import Security, SmtpTransport
from voicemail.attaching import encodings
from voicemail.mail import Delivery, RecipientState, Reply

__all__ = ["certificate"]

SPOKEN_S = 30.0
SPOKEN = voice(SPOKEN_S)
TOO_LARGE = Reply(Delivery.REFUSED, "552 5.3.4 too large", too_large=True)


async def left(office: Office, mailbox: Mailbox = CAMILLE) -> str:
    """A message of half a minute: 640 kB as WAV in an e-mail."""
    await office.hire(mailbox)
    deposit = await office.mailboxes.open_deposit("101", CALLER)
    speak(deposit, SPOKEN)
    await office.mailboxes.keep(deposit)
    return deposit.id


def attached(mail: EmailMessage) -> tuple[str, bytes] | None:
    """The kind and the octets of the sound of an e-mail."""
    sounds = list(mail.iter_attachments())
    return (sounds[0].get_content_type(), sounds[0].get_content()) if sounds else None


def text(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    return " ".join(body.get_content().split())


@pytest.mark.parametrize(
    ("largest", "kind", "subtype"),
    [
        (700_000, "audio/wav", "PCM_16"),
        (400_000, "audio/wav", "ULAW"),
        (130_000, "audio/mpeg", "MPEG_LAYER_III"),
        (90_000, "audio/mpeg", "MPEG_LAYER_III"),
        (60_000, "audio/ogg", "OPUS"),
        (36_000, "audio/ogg", "OPUS"),
    ],
)
async def test_the_sound_is_the_best_that_fits_and_is_whole(
    office: Office, largest: int, kind: str, subtype: str
) -> None:
    server = ScriptedServer()
    office.mail_through(server, largest=largest)
    await left(office)
    await office.worker.work()
    (envelope,) = server.received
    found = attached(envelope.mail)
    assert found is not None
    assert found[0] == kind
    assert len(envelope.mail.as_bytes()) <= largest
    with soundfile.SoundFile(io.BytesIO(found[1])) as sound:
        assert (sound.subtype, sound.samplerate) == (subtype, 8000)
        assert sound.frames / sound.samplerate == pytest.approx(SPOKEN_S, abs=0.2)


async def test_a_sound_that_fits_nowhere_stays_in_the_mailbox_and_the_email_says_so(
    office: Office,
) -> None:
    server = ScriptedServer()
    office.mail_through(server, largest=10_000)
    id = await left(office)
    await office.worker.work()
    (envelope,) = server.received
    assert attached(envelope.mail) is None
    assert "trop volumineux pour être joint à ce courriel : il est dans" in text(envelope.mail)
    assert [message.id for message in await office.mailboxes.messages("101")] == [id]


async def test_an_email_only_message_that_fits_nowhere_goes_to_the_mailbox(office: Office) -> None:
    server, told = ScriptedServer(DEFERRED), list[str]()
    office.mail_through(server, largest=10_000, changed=told.append)
    id = await left(office, replace(CAMILLE, store_on_server=False))
    await office.worker.work()
    assert [message.id for message in await office.mailboxes.messages("101")] == [id]
    assert told == ["101"]
    office.clock.advance(60)
    await office.worker.work()
    await office.mailboxes.sweep()
    assert "il est dans votre boîte vocale" in text(server.received[-1].mail)
    assert [message.id for message in await office.mailboxes.messages("101")] == [id]
    assert await states(office) == ["done"]


async def test_a_server_that_finds_it_too_large_gets_a_smaller_one_at_once(office: Office) -> None:
    server = ScriptedServer(TOO_LARGE)
    office.mail_through(server)
    await left(office)
    await office.worker.work()
    first, second = (len(envelope.mail.as_bytes()) for envelope in server.received)
    assert second <= first / 4
    ids = {envelope.mail["Message-ID"] for envelope in server.received}
    assert len(ids) == 1
    assert await states(office) == ["done"]


async def test_only_those_who_found_it_too_large_get_the_smaller_one(office: Office) -> None:
    both = replace(CAMILLE, addresses=("a@example.org", "b@example.org"))
    answers = {"a@example.org": Reply(Delivery.ACCEPTED, "250 ok"), "b@example.org": TOO_LARGE}
    server = ScriptedServer(answers)
    office.mail_through(server)
    await left(office, both)
    await office.worker.work()
    assert server.recipients() == [both.addresses, ("b@example.org",)]


async def test_a_server_gone_before_the_smaller_one_gets_it_later_and_the_others_once(
    office: Office,
) -> None:
    both = replace(CAMILLE, addresses=("a@example.org", "b@example.org"))
    answers = {"a@example.org": Reply(Delivery.ACCEPTED, "250 ok"), "b@example.org": TOO_LARGE}
    server = ScriptedServer(answers, MailUnavailable("gone"))
    office.mail_through(server)
    id = await left(office, both)
    await office.worker.work()
    found = {each.address: each.state for each in await office.mailboxes.deliveries(id)}
    assert found == {
        "a@example.org": RecipientState.SENT,
        "b@example.org": RecipientState.DEFERRED,
    }
    office.clock.advance(60)
    await office.worker.work()
    assert server.recipients()[2:] == [("b@example.org",)]


async def test_a_server_that_finds_everything_too_large_is_given_up(office: Office) -> None:
    office.mail_through(ScriptedServer(TOO_LARGE, TOO_LARGE))
    id = await left(office, replace(CAMILLE, store_on_server=False))
    await office.worker.work()
    assert [message.id for message in await office.mailboxes.messages("101")] == [id]
    assert (await office.mailboxes.deliveries(id))[0].state is RecipientState.FAILED


@pytest.mark.wire
async def test_a_real_server_with_a_limit_gets_what_it_takes(
    office: Office, certificate: Path
) -> None:
    async with serving(certificate, Security.STARTTLS, largest=100_000) as server:
        office.mail_through(SmtpTransport(settings(server, certificate)))
        await left(office)
        assert await office.worker.work() is None
        found = attached(server.mail())
        assert found is not None
        assert found[0] == "audio/mpeg"


@pytest.mark.parametrize(
    ("code", "words", "too_large"),
    [
        (552, "5.3.4 Message size exceeds fixed limit", True),
        (523, "the message is too large", True),
        (554, "5.2.3 longer than this mailbox takes", True),
        (552, "5.2.2 the mailbox is full", False),
        (452, "4.3.1 insufficient storage", False),
        (550, "5.1.1 no such user", False),
    ],
)
def test_a_refusal_of_the_size_is_told_from_any_other(
    code: int, words: str, too_large: bool
) -> None:
    assert smtp._reply(code, words).too_large is too_large


@pytest.mark.parametrize("chosen", list(Attachment))
def test_the_first_choice_is_the_owners_and_the_last_is_small(chosen: Attachment) -> None:
    first, *_, last = encodings(chosen)
    assert (first.attachment, first.bit_rate) == (chosen, None)
    assert (last.attachment, last.bit_rate) == (Attachment.OPUS, 6_000)


@pytest.mark.parametrize("chosen", list(Attachment))
async def test_every_smaller_encoding_is_smaller_and_none_falls_below_what_is_promised(
    tmp_path: Path, chosen: Attachment
) -> None:
    wav = tmp_path / "spoken.wav"
    soundfile.write(wav, [each / 32768 for each in memoryview(SPOKEN).cast("h")], 8000)
    sizes = []
    for step in encodings(chosen):
        octets = await SoundFileFormats().encoded(wav, step.attachment, step.bit_rate)
        assert len(octets) >= SPOKEN_S * step.least / 8
        sizes.append(len(octets))
    assert sizes == sorted(sizes, reverse=True)
