"""What callers hear: every phrase in a voice, at one loudness, whatever breaks behind it."""

import asyncio
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
import soundfile

from call.errors import Unavailable
from call.g711 import decode
from call.sound import FRAME, RATE, Law
from ivr.languages import Unspeakable
from ivr.prompts import Phrase, Recorded
from ivr.voices import shaping
from ivr.voices.casting import BadVoices, load_cast
from ivr.voices.catalogue import build_prompts, list_prompts, usual_phrases
from ivr.voices.espeak import SyntheticVoice
from ivr.voices.voice import PromptVoice, open_voice

REPOSITORY = Path(__file__).parents[2]
PROMPTS = REPOSITORY / "prompts"
CALLER = REPOSITORY / "audio_fixtures" / "caller_10s.wav"
GOODBYE = Phrase("common.goodbye", "fr")
BEEP = Phrase("common.beep", "fr")
FRENCH = SyntheticVoice("roa/fr")


def heard(clip, law=Law.PCMU):
    """The sound of a clip, as the far end decodes it."""
    return decode(np.fromfile(clip.file(law), np.uint8), law)


def dbfs(sound):
    return 20 * np.log10(max(1, np.abs(sound.astype(np.int32)).max()) / 32768)


def likeness(one, other):
    """Correlation of two sounds of about the same length, already aligned."""
    length = min(len(one), len(other))
    return np.corrcoef(one[:length].astype(float), other[:length].astype(float))[0, 1]


async def test_every_phrase_is_spoken_without_any_installed_recording(book, voice):
    for phrase in usual_phrases(book):
        if book.entry(phrase).tone:
            continue
        (clip,) = await voice.clips([phrase])
        sound = heard(clip)
        assert dbfs(sound) <= -2.9, phrase
        assert -24 < shaping.loudness_dbfs(shaping.wave(sound)) < -18, phrase
        letters = len(book.spoken(phrase))
        assert 0.03 * letters < clip.seconds < 0.4 + 0.12 * letters, phrase


async def test_both_laws_carry_the_same_sound(voice):
    (clip,) = await voice.clips([Phrase("vm.main", "fr")])
    mu, a = heard(clip, Law.PCMU), heard(clip, Law.PCMA)
    assert len(mu) == len(a) == clip.frames * FRAME
    error = (mu.astype(float) - a).std() / mu.astype(float).std()
    assert error < 0.02


async def test_figures_are_pronounced_and_not_skipped(voice):
    def summary(new):
        return Phrase("vm.summary", "fr", (("new", new), ("old", 0), ("urgent", 0)))

    (few,), (many,) = [await voice.clips([summary(n)]) for n in (2, 99)]
    assert many.seconds > few.seconds + 0.3


async def test_the_beep_is_a_clean_tone(voice):
    (clip,) = await voice.clips([BEEP])
    sound = heard(clip).astype(float)
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound))))
    assert abs(np.argmax(spectrum) * RATE / len(sound) - 800) < 5
    assert -12.5 < dbfs(heard(clip)) < -11.5
    assert abs(clip.seconds - 0.3) < 0.021
    assert np.abs(np.diff(sound[:8])).max() < 400


async def test_the_warning_is_two_low_short_pips(voice):
    (clip,) = await voice.clips([Phrase("common.warning", "fr")])
    sound = heard(clip).astype(float)
    loud = np.abs(sound.reshape(-1, FRAME)).max(axis=1) > 1000
    starts = np.flatnonzero(np.diff(loud.astype(int), prepend=0) == 1) * FRAME / RATE
    assert starts == pytest.approx([0.0, 0.30], abs=0.02)
    assert loud.sum() * FRAME / RATE == pytest.approx(0.30, abs=0.05)
    spectrum = np.abs(np.fft.rfft(sound[: round(0.14 * RATE)], RATE))
    assert abs(np.argmax(spectrum) - 440) < 5
    assert -21 < dbfs(heard(clip)) < -19


async def test_segments_are_said_in_order_and_the_same_phrase_is_made_once(voice):
    first = await voice.clips([GOODBYE, BEEP, GOODBYE])
    assert [clip.stem for clip in first] == [first[0].stem, first[1].stem, first[0].stem]
    made = first[0].file(Law.PCMA).stat().st_ino
    again = await voice.clips([GOODBYE])
    assert again[0] == first[0]
    assert again[0].file(Law.PCMA).stat().st_ino == made


async def test_many_callers_ask_for_the_same_new_phrase_at_once(voice):
    clips = await asyncio.gather(*(voice.clips([Phrase("vm.help", "en")]) for _ in range(20)))
    assert len(set(clips)) == 1
    assert heard(clips[0][0]).any()


async def test_frames_cut_short_by_a_crash_are_made_again(voice):
    (clip,) = await voice.clips([GOODBYE])
    octets = clip.file(Law.PCMU).read_bytes()
    clip.file(Law.PCMU).write_bytes(octets[: len(octets) // 2 + 7])
    (again,) = await voice.clips([GOODBYE])
    assert again.file(Law.PCMU).stat().st_size == again.file(Law.PCMA).stat().st_size
    assert again.stem == clip.stem


async def test_nothing_to_say_is_still_a_sound(voice):
    clips = await voice.clips([])
    assert heard(clips[0]).any()


async def test_a_phrase_that_does_not_exist_is_a_bug_and_says_so(voice):
    with pytest.raises(Unspeakable):
        await voice.clips([Phrase("vm.nowhere", "fr")])


# ---- Recordings of people


def with_recordings(prompts, tmp_path, names):
    """Phrase files whose French recordings are our own caller, under the names given."""
    folder = tmp_path / "recordings"
    folder.mkdir()
    for name in names:
        shutil.copy(CALLER, folder / f"{name}.wav")
    file = prompts / "fr" / "voice.toml"
    file.write_text(f'[recordings]\nfolders = ["{folder}"]\n[espeak]\nvoice = "roa/fr"\n')
    return prompts


async def test_a_recorded_sentence_is_played_in_place_of_the_synthetic_one(book, prompts, tmp_path):
    prompts = with_recordings(prompts, tmp_path, ["vm-goodbye"])
    async with open_voice(book, prompts, tmp_path / "frames") as voice:
        (clip,) = await voice.clips([GOODBYE])
        assert voice.speaker_of(GOODBYE) == ("human", clip)
    sound = heard(clip)
    original, _ = soundfile.read(CALLER, dtype="int16")
    assert clip.seconds > 9.5
    start = round(shaping.LEAD_S * RATE)
    first = np.flatnonzero(np.abs(original) > 110)[0]
    assert max(likeness(sound[start:], original[first + k :]) for k in range(-8, 9)) > 0.98
    assert -23 < shaping.loudness_dbfs(shaping.wave(sound)) < -18


async def test_a_sentence_recorded_in_part_is_synthesised_whole(book, prompts, tmp_path):
    prompts = with_recordings(prompts, tmp_path, ["vm-review"])
    review = Phrase("vm.review", "fr")
    async with open_voice(book, prompts, tmp_path / "frames") as voice:
        assert voice.speaker_of(review)[0] == "espeak"
        (clip,) = await voice.clips([review])
    assert heard(clip).any()


async def test_a_damaged_recording_is_passed_over_and_told_once(book, prompts, tmp_path, caplog):
    prompts = with_recordings(prompts, tmp_path, ["vm-goodbye"])
    (tmp_path / "recordings" / "vm-goodbye.wav").write_bytes(b"RIFF but no sound")
    async with open_voice(book, prompts, tmp_path / "frames") as voice:
        (one,) = await voice.clips([GOODBYE])
        (two,) = await voice.clips([GOODBYE])
    assert one == two
    assert heard(one).any()
    assert len(caplog.records) == 1
    assert caplog.records[0].voice == "human"


@pytest.mark.peer
def test_every_recording_named_is_in_the_debian_packages(book):
    cast = load_cast(PROMPTS, book.languages)
    for code, entries in book.entries.items():
        folders = [folder for folder in cast[code].recordings if folder.is_dir()]
        if not folders:
            pytest.skip(f"asterisk-core-sounds-{code}-wav is not installed")
        for entry in entries.values():
            for name in entry.recordings:
                assert (folders[0] / f"{name}.wav").is_file()


# ---- What callers and owners recorded


async def test_a_recording_is_played_as_it_was_heard(voice, tmp_path):
    sound, _ = soundfile.read(CALLER, dtype="int16")
    raw = tmp_path / "message.raw"
    raw.write_bytes(sound.astype("<i2").tobytes())
    for path in (raw, CALLER):
        (clip,) = await voice.clips([Recorded(path)])
        assert clip.frames == 500
        assert likeness(heard(clip), sound) > 0.99
        assert abs(dbfs(heard(clip)) - dbfs(sound)) < 0.3


async def test_a_greeting_at_studio_rate_in_stereo_is_brought_to_the_telephone(voice, tmp_path):
    sound, _ = soundfile.read(CALLER, dtype="float32")
    studio = np.repeat(np.interp(np.arange(240_000) / 3, np.arange(80_000), sound)[:, None], 2, 1)
    soundfile.write(tmp_path / "greeting.wav", studio, 24_000)
    (clip,) = await voice.clips([Recorded(tmp_path / "greeting.wav")])
    assert clip.seconds == pytest.approx(10.0)
    assert dbfs(heard(clip)) < 0


async def test_a_greeting_recorded_anew_is_heard_at_once(voice, tmp_path):
    path = tmp_path / "greeting.raw"
    path.write_bytes(shaping.tone(440, 1.0, -12).tobytes())
    (before,) = await voice.clips([Recorded(path)])
    path.write_bytes(shaping.tone(440, 2.0, -12).tobytes())
    (after,) = await voice.clips([Recorded(path)])
    assert (before.seconds, after.seconds) == (1.0, 2.0)


@pytest.mark.parametrize("content", [None, b"", b"x"], ids=["gone", "empty", "odd"])
async def test_a_recording_that_cannot_be_read_is_excused_in_words(voice, tmp_path, content):
    path = tmp_path / "lost.raw"
    if content is not None:
        path.write_bytes(content)
    goodbye = Phrase("common.goodbye", "en")
    _, instead = await voice.clips([goodbye, Recorded(path)])
    assert (instead,) == await voice.clips([Phrase("common.no_recording", "en")])


async def test_frames_of_recordings_do_not_outlive_their_use(voice, tmp_path):
    path = tmp_path / "message.raw"
    path.write_bytes(shaping.tone(440, 1.0, -12).tobytes())
    (clip,) = await voice.clips([Recorded(path)])
    now = datetime.now(UTC)
    voice.forget_recordings(now - timedelta(hours=1))
    assert clip.file(Law.PCMU).exists()
    voice.forget_recordings(now + timedelta(hours=1))
    assert not clip.file(Law.PCMU).exists()
    assert (await voice.clips([Recorded(path)]))[0] == clip


async def test_phrases_nobody_hears_any_more_leave_the_disk_and_come_back_when_asked(voice):
    (clip,) = await voice.clips([GOODBYE])
    now = datetime.now(UTC)
    voice.forget_phrases(now - timedelta(days=1))
    assert clip.file(Law.PCMU).exists()
    voice.forget_phrases(now + timedelta(days=1))
    assert not clip.file(Law.PCMU).exists()
    assert heard((await voice.clips([GOODBYE]))[0]).any()


# ---- When voices fail


class Hoarse:
    """A voice that has every phrase of some languages, and can say none of them."""

    name = "hoarse"

    def __init__(self, languages):
        self._languages = languages

    def key(self, phrase):
        return f"hoarse/{phrase}" if phrase.language in self._languages else None

    async def say(self, phrase):
        raise Unavailable("no voice this morning")


class Humming:
    """A voice that hums, each language at its own pitch."""

    name = "humming"

    def __init__(self, pitches):
        self._pitches = pitches

    def key(self, phrase):
        return f"humming/{phrase}" if phrase.language in self._pitches else None

    async def say(self, phrase):
        return shaping.tone(self._pitches[phrase.language], 1.0, -12)


async def test_a_phrase_no_voice_can_say_in_french_is_said_in_english(book, tmp_path, caplog):
    speakers = [Hoarse({"fr"}), Humming({"en": 600})]
    voice = PromptVoice(book, speakers, tmp_path, language="fr")
    (clip,) = await voice.clips([GOODBYE])
    assert (clip,) == await voice.clips([Phrase("common.goodbye", "en")])
    await voice.clips([GOODBYE])
    assert [record.phrase for record in caplog.records] == ["common.goodbye"]


async def test_the_other_voice_of_the_same_language_comes_before_the_other_language(book, tmp_path):
    speakers = [Hoarse({"fr", "en"}), Humming({"fr": 500, "en": 600})]
    voice = PromptVoice(book, speakers, tmp_path, language="fr")
    (clip,) = await voice.clips([GOODBYE])
    spectrum = np.abs(np.fft.rfft(heard(clip).astype(float)))
    assert abs(np.argmax(spectrum) * RATE / (clip.frames * FRAME) - 500) < 5


async def test_with_no_voice_at_all_the_caller_still_hears_something(book, tmp_path):
    voice = PromptVoice(book, [Hoarse({"fr", "en"})], tmp_path, language="fr")
    clips = await voice.clips([GOODBYE, Recorded(tmp_path / "gone.wav")])
    assert len(clips) == 2
    assert all(heard(clip).any() for clip in clips)


def test_a_folder_that_takes_no_sound_stops_the_start(book, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(Unavailable, match="takes no sound"):
        PromptVoice(book, [], tmp_path / "file", language="fr")


def test_voice_files_with_faults_tell_them_all(prompts):
    (prompts / "fr" / "voice.toml").write_text('[espeak]\nvoice = "roa/fr"\npitch = 900\n')
    (prompts / "en" / "voice.toml").write_text("[espeak]\nvoix = 1\n")
    with pytest.raises(BadVoices) as caught:
        load_cast(prompts, ["fr", "en"])
    for told in ("espeak.pitch", "espeak.voix", "espeak.voice"):
        assert told in str(caught.value)


# ---- Ahead of time


async def test_prompts_are_built_once_and_then_listed_with_their_length(book, voice):
    assert {line.seconds for line in list_prompts(book, voice)} == {None}
    seen = []
    company = Phrase("aa.welcome", "fr", (("company", "Les Entreprises Exemple"),))
    count = await build_prompts(
        book,
        voice,
        extra=[company],
        progress=lambda done, total, phrase: seen.append((done, total)),
    )
    assert seen == [(n, count) for n in range(1, count + 1)]
    lines = list_prompts(book, voice)
    assert all(line.seconds and line.voice in ("espeak", "tone") for line in lines)
    assert {line.phrase.language for line in lines} == {"fr", "en"}
    assert voice.speaker_of(company)[1]
