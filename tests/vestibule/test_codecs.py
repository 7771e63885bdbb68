"""An administrator chooses the codecs of calls, and is told which this machine lacks."""

import sys

import pytest

from call.clock import SystemClock
from call.media import Wideband
from call.sound import Law
from telephony.media.wideband import wideband_there
from vestibule.doctor import Finding, Verdict, examine
from vestibule.settings import BadSettings, Media, Settings, settings_from
from vestibule.sip_side import codecs_there


@pytest.fixture
def narrow_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """The extra `wideband` is not installed."""
    monkeypatch.setitem(sys.modules, "G722", None)
    monkeypatch.setitem(sys.modules, "opuslib_next", None)


def test_g711_is_offered_first_unless_said_otherwise() -> None:
    assert codecs_there(Media()) == (Law.PCMU, Law.PCMA, Wideband.G722, Wideband.OPUS)
    assert codecs_there(Media(codecs=("opus", "PCMA"))) == (Wideband.OPUS, Law.PCMA)


def test_a_machine_without_the_extra_offers_what_telephones_always_had(
    narrow_machine: None,
) -> None:
    assert wideband_there() == ()
    assert codecs_there(Media()) == (Law.PCMU, Law.PCMA)


def test_a_machine_that_has_none_of_the_codecs_does_not_start(narrow_machine: None) -> None:
    with pytest.raises(BadSettings, match=r"media\.codecs"):
        codecs_there(Media(codecs=("opus",)))


@pytest.mark.parametrize("codecs", [[], ["PCMU", "PCMU"], ["PCMU", "G729"]])
def test_codecs_that_make_no_sense_are_refused(codecs: list[str]) -> None:
    with pytest.raises(BadSettings, match=r"media\.codecs"):
        settings_from({"media": {"codecs": codecs}}, origin="a test")


async def about_codecs(settings: Settings) -> Finding:
    findings = await examine(settings, SystemClock())
    return next(finding for finding in findings if finding.about == "media.codecs")


@pytest.fixture
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    folder = tmp_path_factory.mktemp("data")
    return settings_from(
        {"storage": {"data": str(folder)}, "sip": {"listen": "127.0.0.1:0"}}, origin="a test"
    )


async def test_the_doctor_names_the_codecs_that_are_there(settings: Settings) -> None:
    assert (await about_codecs(settings)).verdict is Verdict.GOOD


async def test_the_doctor_names_the_codecs_that_are_missing(
    settings: Settings, narrow_machine: None
) -> None:
    finding = await about_codecs(settings)
    assert finding.verdict is Verdict.NOTE
    assert "G722, opus" in finding.what
    assert "vestibule[wideband]" in finding.advice
