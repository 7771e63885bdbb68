"""The twenty ways through a mailbox that matter most, on a real wire, in both languages.

They are gone at once, on one server, in one shared day; each test looks at what one of them met.
"""

import asyncio
import io
import re
from email.message import EmailMessage
from itertools import groupby, pairwise

import numpy as np
import pytest
import soundfile

from ivr.testing.line import speech
from tests.wire import hearing
from tests.wire.driver import Measure, WireCall
from tests.wire.hearing import RATE, Pcm
from tests.wire.rtp_line import Take
from tests.wire.running_demo import HELD_UP
from tests.wire.test_demo import assert_clean
from tests.wire.voicemail_day import LAMP, MOVED, Day, a_day
from tests.wire.voicemail_house import SHORT, VOICE, pin

pytestmark = pytest.mark.wire


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Day:
    """A day on which no busy machine held the media plane or a telephone up, or the third one."""
    for _ in range(3):
        day = asyncio.run(a_day(tmp_path_factory.mktemp("day")))
        spoken = (take for takes in day.said.values() for take in takes.values())
        if HELD_UP not in day.log and not any(take.holes for take in spoken):
            break
    return day


# ---- Callers


def test_what_was_said_again_is_heard_at_the_review_and_kept_by_1(day: Day) -> None:
    heard = clean(day, "reviewed")
    assert f"hears a recording {VOICE}" in heard
    assert_holds(day.mail_to("201"), day.said["reviewed"][VOICE])


def test_hanging_up_in_the_second_take_keeps_the_first(day: Day) -> None:
    clean(day, "gone in the second take")
    assert_holds(day.mail_to("202"), day.said["gone in the second take"][VOICE])


def test_4_makes_a_message_urgent_and_the_e_mail_says_so(day: Day) -> None:
    assert "hears vm.leave.urgent fr" in clean(day, "urgent")
    mail = day.mail_to("203")
    assert mail["Importance"] == "high"
    assert "urgent" in str(mail["Subject"]).lower()
    assert day.messages["203"][0].urgent


def test_0_during_the_greeting_leads_to_the_reception(day: Day) -> None:
    assert "hears common.one_moment fr" in clean(day, "zero at once")
    assert day.messages["204"] == ()


def test_0_after_a_few_words_keeps_them_by_1(day: Day) -> None:
    assert "hears vm.leave.kept fr" in clean(day, "zero keeps")
    assert len(day.messages["205"]) == 1


def test_0_after_a_few_words_loses_them_by_any_other_key(day: Day) -> None:
    assert "hears vm.leave.discarded fr" in clean(day, "zero loses")
    assert day.messages["206"] == ()


def test_the_star_during_ones_own_greeting_leads_into_the_mailbox(day: Day) -> None:
    assert "hears vm.summary fr new=0 old=0 urgent=0" in clean(day, "star")


def test_0_and_the_star_mean_nothing_where_they_are_closed(day: Day) -> None:
    heard = clean(day, "closed keys")
    assert "hears vm.leave.instructions fr" in heard
    (message,) = day.messages["209"]
    assert message.duration_s > 4


def test_a_message_is_left_in_english(day: Day) -> None:
    assert len(clean(day, "english")) >= 5
    assert_holds(day.mail_to("208"), day.said["english"][VOICE])
    assert "urgent" in str(day.mail_to("208")["Subject"]).lower()


def test_who_reaches_a_full_mailbox_is_told_and_goes_elsewhere_by_0(day: Day) -> None:
    assert "hears vm.leave.full fr" in clean(day, "full")
    assert len(day.messages["210"]) == 1


def test_who_does_not_stop_is_warned_and_kept_at_the_limit(day: Day) -> None:
    heard = clean(day, "limit")
    assert "hears common.warning" in heard
    assert "hears vm.leave.limit fr" in heard
    (message,) = day.messages["211"]
    assert message.duration_s == pytest.approx(30, abs=0.1)
    said = day.said["limit"][day.house.sound("35s")]
    assert_holds(day.mail_to("211"), said.first(29 * RATE))


@pytest.mark.parametrize("kind", ["unavailable", "busy", "name", "temporary wins"])
def test_callers_hear_the_greeting_the_owner_recorded_for_now(day: Day, kind: str) -> None:
    heard = clean(day, kind)
    assert heard[0].startswith("hears a recording ")


# ---- Owners


def test_who_fetches_messages_from_outside_is_told_how_many_there_are(day: Day) -> None:
    assert "hears vm.summary fr new=2 old=1 urgent=1" in clean(day, "counted")


def test_an_english_owner_is_told_how_many_there_are(day: Day) -> None:
    heard = clean(day, "counted in english")
    assert "hears vm.summary en new=2 old=1 urgent=1" in heard


def test_ones_own_telephone_is_asked_for_the_password_alone(day: Day) -> None:
    assert "hears vm.summary fr new=0 old=0 urgent=0" in clean(day, "own telephone")


def test_a_telephone_that_the_mailbox_trusts_is_let_in_at_once(day: Day) -> None:
    assert clean(day, "trusted telephone") == ["hears vm.summary fr new=0 old=0 urgent=0"]


def test_the_first_visit_gives_a_password_a_name_and_a_greeting_that_callers_hear(
    day: Day,
) -> None:
    assert f"hears a recording {VOICE}" in clean(day, "first visit")


def test_the_keys_move_a_message_that_plays_to_the_frame(day: Day) -> None:
    (call,) = day.path(MOVED)
    spoken = played(call)
    jumps = [after - before for before, after in pairwise(spoken)]
    assert jumps[:2] == [3 * RATE, -3 * RATE]
    assert jumps[2] % hearing.FRAME == 0
    paused, goes_on = (at for key, at in call.call.line.presses if key == "0")
    assert jumps[2] == pytest.approx((goes_on - paused) * RATE, abs=0.3 * RATE)
    assert len(spoken) == 5


def test_a_message_is_deleted_and_brought_back(day: Day) -> None:
    heard = clean(day, "deletes")
    assert "hears vm.message.menu.restore fr" in heard
    (message,) = day.messages["226"]
    assert message.deleted is None


def test_a_message_put_in_a_folder_is_heard_there(day: Day) -> None:
    assert "hears vm.folder.opened fr folder=work total=1" in clean(day, "files")
    (message,) = day.messages["227"]
    assert message.folder == "work"


def test_a_message_is_forwarded_to_two_colleagues_behind_an_introduction(day: Day) -> None:
    assert "hears vm.forward.sent fr recipients=2" in clean(day, "forwards")
    for number in ("229", "230"):
        assert_holds(day.mail_to(number), day.said["forwards"][SHORT])
        assert_holds(day.mail_to(number), Take(speech(VOICE)))
        assert day.messages[number][0].forwarded_by == "228"


def test_a_reply_reaches_the_mailbox_of_who_left_the_message(day: Day) -> None:
    clean(day, "replies")
    assert_holds(day.mail_to("232"), day.said["replies"][VOICE])
    (message,) = day.messages["232"]
    assert (message.caller.number, message.caller.name) == ("231", "Zoé")


def test_a_temporary_greeting_with_a_last_day_is_set_heard_and_removed(day: Day) -> None:
    heard = clean(day, "temporary")
    assert f"hears a recording {SHORT}" in heard
    assert any(what.startswith("hears vm.temp.until fr") for what in heard)


def test_a_changed_password_opens_the_mailbox_and_the_old_one_does_not(day: Day) -> None:
    heard = clean(day, "pin")
    assert heard.count("hears vm.summary fr new=0 old=0 urgent=0") == 2
    assert "hears vm.login.incorrect fr" in heard


def test_a_changed_language_is_spoken_to_the_owner_and_to_callers(day: Day) -> None:
    heard = clean(day, "language")
    assert "hears vm.language.changed en" in heard


def test_the_lamp_follows_what_is_left_and_heard_and_a_restart(day: Day) -> None:
    day.path(LAMP)
    waiting = [body.partition("Messages-Waiting: ")[2].split()[0] for body in day.lamp]
    assert waiting == ["no", "yes", "no", "yes", "yes"]
    counts = [body.partition("Voice-Message: ")[2].split()[0] for body in day.lamp]
    assert counts == ["0/0", "1/0", "0/1", "1/1", "1/1"]


def test_nothing_went_wrong_behind_the_scenes_and_no_password_is_told(day: Day) -> None:
    assert day.complaints == []
    secrets = [pin(number) for number in day.messages] + ["7390", "7391"]
    assert "login by own telephone" in day.log
    assert [secret for secret in secrets if re.search(rf"={secret}\b", day.log)] == []


def clean(day: Day, name: str) -> list[str]:
    """What a path heard to the end, each of it whole and at its place."""
    heard: list[Measure] = []
    for call in day.path(name):
        heard += call.measures
    assert_clean(heard)
    return [measure.what for measure in heard]


def sound_of(mail: EmailMessage) -> Pcm:
    (attachment,) = mail.iter_attachments()
    stored, rate = soundfile.read(io.BytesIO(attachment.get_content()), dtype="int16")
    assert rate == RATE
    return np.asarray(stored, dtype=np.int16)


def assert_holds(mail: EmailMessage, said: Take) -> None:
    """An e-mail holds what was said, to the octet.

    Where a busy machine held the telephone up, it holds what was said between; but for pieces too
    short to be told from others, which are few.
    """
    pieces = [piece for piece in said.pieces() if len(piece) >= RATE]
    assert sum(map(len, pieces)) >= 0.7 * len(said.sound), (
        f"the telephone stood still: {said.holes}"
    )
    assert hearing.altered(sound_of(mail), pieces) == 0, said.holes


def played(call: WireCall) -> list[int]:
    """Where the message began, as the owner heard it: one place for each time it was moved."""
    sound, message = call.call.line.heard(), speech(VOICE)
    began: list[int] = []
    for at in range(0, len(sound) - RATE // 5, RATE // 10):
        place = hearing.find(message, sound[at : at + RATE // 5])
        if place.score > 0.99:
            began.append(at - place.at)
    return [begin for begin, times in groupby(began) if len(list(times)) > 2]
