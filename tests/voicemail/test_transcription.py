"""What callers said, as text in the e-mail: a help that never keeps the e-mail waiting for long."""

import asyncio
import os
import signal
import wave
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from tests.voicemail.office import CAMILLE, Office
from tests.voicemail.sounds import voice
from tests.voicemail.test_outbox import DEFERRED, ScriptedServer
from voicemail import Mailbox
from voicemail.adapters.whisper import Whisper, whisper_absence
from voicemail.errors import TranscriberUnavailable
from voicemail.mail import Envelope, Reply
from voicemail.transcription import Transcripts

WANTS_TEXT = replace(CAMILLE, transcribe=True)

ENGINE = """
import os, time, wave

class Segment:
    def __init__(self, text):
        self.text = text

class WhisperModel:
    def __init__(self, model, device, compute_type, local_files_only):
        self.words = open(os.path.join(model, "words")).read()

    def transcribe(self, path, language):
        if "refused" in path:
            raise ValueError("no speech here")
        while "endless" in path:
            time.sleep(1)
        if "deadly" in path:
            os._exit(9)
        with wave.open(path) as sound:
            seconds = sound.getnframes() / sound.getframerate()
        return [Segment(" " + self.words), Segment(f" {seconds:.0f} s ({language}) ")], None
"""


class Stopwatch:
    """A transcriber that tells how long the sound is, once it is let."""

    def __init__(self) -> None:
        self.let = asyncio.Event()
        self.asked: list[str] = []

    async def text(self, wav: Path, language: str) -> str:
        self.asked.append(language)
        await self.let.wait()
        with wave.open(str(wav)) as sound:
            return f"  {sound.getnframes() / sound.getframerate():.0f}\nsecondes "


class Broken:
    """A transcriber that fails, each time in its own way."""

    def __init__(self, fault: Exception) -> None:
        self.fault = fault

    async def text(self, wav: Path, language: str) -> str:
        raise self.fault


class TextServer(ScriptedServer):
    """A mail server, and the texts of what it gets."""

    def __init__(self, transcripts: Transcripts) -> None:
        super().__init__()
        self.transcripts = transcripts
        self._news = asyncio.Condition()

    async def send(self, envelope: Envelope) -> Mapping[str, Reply]:
        replies = await super().send(envelope)
        async with self._news:
            self._news.notify_all()
        return replies

    async def has(self, count: int) -> None:
        """Wait until it got so many e-mails."""
        async with self._news:
            await self._news.wait_for(lambda: len(self.received) >= count)


@asynccontextmanager
async def transcribing(
    office: Office, engine: object, *, wait_s: float = 5.0, waiting: int = 8
) -> AsyncIterator[TextServer]:
    """An office whose e-mails carry what the engine writes down."""
    transcripts = Transcripts(
        engine,  # type: ignore[arg-type]  # the engines of these tests are transcribers
        store=office.ports.store,
        sounds=office.ports.sounds,
        wait_s=wait_s,
        waiting=waiting,
    )
    server = TextServer(transcripts)
    office.mail_through(server, transcripts=transcripts)
    try:
        yield server
    finally:
        await transcripts.close()


def text(server: ScriptedServer, number: int = 0) -> str:
    body = server.received[number].mail.get_body(("plain",))
    assert body is not None
    return body.get_content()


async def test_the_text_is_in_the_email_and_kept_with_the_message(office: Office) -> None:
    engine = Stopwatch()
    engine.let.set()
    async with transcribing(office, engine) as server:
        await office.hire(WANTS_TEXT)
        await office.leave()
        await office.worker.work()
        assert "« 3 secondes »" in text(server)
        (message,) = await office.mailboxes.messages("101")
        assert message.transcript == "3 secondes"
        assert engine.asked == ["fr"]


async def test_a_mailbox_that_did_not_ask_is_not_transcribed(office: Office) -> None:
    engine = Stopwatch()
    async with transcribing(office, engine) as server:
        await office.hire(CAMILLE)
        await office.leave()
        await office.worker.work()
        assert engine.asked == []
        assert "Transcription" not in text(server)


async def test_a_slow_engine_does_not_keep_the_email_and_its_text_comes_after(
    office: Office,
) -> None:
    engine = Stopwatch()
    async with transcribing(office, engine, wait_s=0.2) as server:
        await office.hire(WANTS_TEXT)
        await office.leave()
        await office.worker.work()
        assert "Transcription" not in text(server)
        engine.let.set()
        id = (await office.mailboxes.messages("101"))[0].id
        message = await office.mailboxes.message(id)
        assert message is not None
        assert await server.transcripts.of(message, "fr") == "3 secondes"
        kept = await office.mailboxes.message(id)
        assert kept is not None
        assert kept.transcript == "3 secondes"


async def test_a_message_is_written_down_once_however_often_it_is_mailed(office: Office) -> None:
    engine = Stopwatch()
    engine.let.set()
    async with transcribing(office, engine) as server:
        server.script = [DEFERRED, DEFERRED]
        await office.hire(WANTS_TEXT)
        await office.leave()
        for _ in range(3):
            await office.worker.work()
            office.clock.advance(120)
        assert len(server.received) == 3
        assert engine.asked == ["fr"]


async def test_when_too_many_wait_the_next_goes_without(office: Office) -> None:
    engine = Stopwatch()
    async with transcribing(office, engine, wait_s=0.01, waiting=1) as server:
        await office.hire(WANTS_TEXT)
        await office.leave()
        await office.leave()
        await office.worker.work()
        assert len(server.received) == 2
        assert engine.asked == ["fr"]


@pytest.mark.parametrize(
    "fault",
    [TranscriberUnavailable("died"), RuntimeError("a bug")],
    ids=["unavailable", "bug"],
)
async def test_an_engine_that_fails_costs_the_text_and_nothing_else(
    office: Office, fault: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    async with transcribing(office, Broken(fault)) as server:
        await office.hire(WANTS_TEXT)
        await office.leave()
        await office.worker.work()
        assert "Transcription" not in text(server)
        assert "message not transcribed" in caplog.messages


async def test_one_message_that_waits_for_its_text_keeps_no_other_email_waiting(
    office: Office,
) -> None:
    engine = Stopwatch()
    async with transcribing(office, engine, wait_s=60) as server, asyncio.timeout(60):
        await office.hire(WANTS_TEXT)
        await office.hire(Mailbox("102", "William", "en", ("w@example.org",)))
        await office.leave("101")
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(office.worker.run())
            for number in range(6):
                await office.leave("102")
                office.worker.wake()
                await server.has(number + 1)
            assert set(server.recipients()) == {("w@example.org",)}
            engine.let.set()
            await server.has(7)
            office.worker.stop()
        assert server.recipients()[-1] == CAMILLE.addresses


async def test_an_email_only_message_forgotten_meanwhile_disturbs_nobody(office: Office) -> None:
    engine = Stopwatch()
    async with transcribing(office, engine, wait_s=0.01):
        await office.hire(replace(WANTS_TEXT, store_on_server=False))
        await office.leave()
        await office.worker.work()
        assert await office.ports.store.all_messages("101") == ()
        engine.let.set()
    assert await office.ports.store.all_messages("101") == ()


async def test_no_text_is_ever_logged(office: Office, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG", logger="voicemail")
    engine = Stopwatch()
    engine.let.set()
    async with transcribing(office, engine):
        await office.hire(WANTS_TEXT)
        await office.leave()
        await office.worker.work()
    assert "secondes" not in " ".join(str(record.__dict__) for record in caplog.records)


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that an engine of the test's own takes for a model."""
    package = tmp_path / "packages" / "faster_whisper"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(ENGINE, encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(package.parent))
    monkeypatch.syspath_prepend(package.parent)
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "words").write_text("Bonjour,", encoding="utf-8")
    return folder


def spoken(folder: Path, name: str = "spoken") -> Path:
    path = folder / f"{name}.wav"
    with wave.open(str(path), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(voice(2.0))
    return path


async def test_the_engine_writes_down_one_message_after_another(
    tmp_path: Path, model: Path
) -> None:
    assert whisper_absence(model) == ""
    async with Whisper(model) as whisper:
        assert await whisper.text(spoken(tmp_path), "fr") == "Bonjour, 2 s (fr)"
        first = whisper.pid
        assert await whisper.text(spoken(tmp_path), "en") == "Bonjour, 2 s (en)"
        assert whisper.pid == first
    assert whisper.pid is None


async def test_a_sound_the_engine_refuses_costs_that_text_alone(
    tmp_path: Path, model: Path
) -> None:
    async with Whisper(model) as whisper:
        with pytest.raises(TranscriberUnavailable, match="no speech here"):
            await whisper.text(spoken(tmp_path, "refused"), "fr")
        assert await whisper.text(spoken(tmp_path), "fr") == "Bonjour, 2 s (fr)"


@pytest.mark.parametrize("end", ["endless", "deadly"])
async def test_an_engine_that_hangs_or_dies_is_replaced(
    tmp_path: Path, model: Path, end: str
) -> None:
    async with Whisper(model, limit_s=2.0) as whisper:
        with pytest.raises(TranscriberUnavailable):
            await whisper.text(spoken(tmp_path, end), "fr")
        assert whisper.pid is None
        assert await whisper.text(spoken(tmp_path), "fr") == "Bonjour, 2 s (fr)"


async def test_a_text_nobody_waits_for_any_more_does_not_become_the_next_ones(
    tmp_path: Path, model: Path
) -> None:
    async with Whisper(model) as whisper:
        await whisper.text(spoken(tmp_path), "fr")
        assert whisper.pid is not None
        os.kill(whisper.pid, signal.SIGSTOP)
        asked = asyncio.create_task(whisper.text(spoken(tmp_path), "en"))
        await asyncio.sleep(0)
        asked.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asked
        assert await whisper.text(spoken(tmp_path), "fr") == "Bonjour, 2 s (fr)"


async def test_a_model_that_is_not_whole_is_unavailable_and_does_not_say_more(
    tmp_path: Path, model: Path
) -> None:
    (model / "words").unlink()
    async with Whisper(model) as whisper:
        with pytest.raises(TranscriberUnavailable):
            await whisper.text(spoken(tmp_path), "fr")


def test_without_the_package_or_the_model_there_is_no_engine(tmp_path: Path) -> None:
    assert whisper_absence(tmp_path) == "the package faster-whisper is not installed"


def test_without_the_folder_of_the_model_there_is_no_engine(model: Path) -> None:
    assert whisper_absence(model / "none") == f"{model / 'none'}: no such folder"


async def test_a_message_in_english_is_heard_as_english(office: Office) -> None:
    engine = Stopwatch()
    engine.let.set()
    async with transcribing(office, engine):
        await office.hire(Mailbox("101", "William", "en", ("w@example.org",), transcribe=True))
        await office.leave()
        await office.worker.work()
    assert engine.asked == ["en"]
