"""What may stop this machine from answering calls, each with what to do about it."""

import asyncio
import os
import resource
import shutil
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from importlib.util import find_spec
from ipaddress import ip_address, ip_network

from call.clock import Clock
from call.errors import Fault
from call.sound import RATE
from ivr.faults import FlowFault, Severity
from ivr.languages import LANGUAGES
from ivr.loader import check_flows
from ivr.operations import CATALOGUE
from ivr.voices.casting import load_cast
from ivr.voices.espeak import Espeak, SyntheticVoice
from telephony.codecs import NAMES, NARROW
from telephony.crypto import SrtpPolicy
from telephony.media.compiling import compiler
from telephony.media.process import DESCRIPTORS_A_SLOT, OTHER_DESCRIPTORS, slots_within
from telephony.media.secure_line import srtp_is_there
from telephony.media.wideband import wideband_there
from vestibule.attendants import own_flows
from vestibule.call_sounds import own_music
from vestibule.mail_previews import every_preview, strangers
from vestibule.mailroom import open_mailroom
from vestibule.numbers import find_destination
from vestibule.providers import addresses_of
from vestibule.settings import Settings, Trunk
from vestibule.shipped import FLOWS, PROMPTS, read_book
from vestibule.sound_store import key_file, sounds_folder
from voicemail.adapters.private_folder import MEMORY, is_memory
from voicemail.adapters.sealed_head import keys_used
from voicemail.adapters.whisper import whisper_absence
from voicemail.errors import KeysRefused

LEAST_MEMORY_MIB = 64
"""Half an hour of sound, opened and made ready for playing."""


class Verdict(StrEnum):
    GOOD = "good"
    NOTE = "note"  # works; could be better
    BAD = "bad"  # stops calls


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the examination."""

    verdict: Verdict
    about: str
    what: str
    advice: str = ""

    def __str__(self) -> str:
        line = f"{self.verdict.value:<5} {self.about}: {self.what}"
        return f"{line}. {self.advice}" if self.advice else line


Check = Callable[[Settings, Clock], Awaitable[list[Finding]]]


async def examine(settings: Settings, clock: Clock) -> list[Finding]:
    """Look at everything a call needs. Nothing is changed but the tables of the database."""
    findings: list[Finding] = []
    for check in (
        _listening,
        _callers,
        _pbx,
        _numbers,
        _trunks,
        _flows,
        _voices,
        _storage,
        _sealing,
        _mail,
        _templates,
        _transcription,
        _encryption,
        _codecs,
        _hold_music,
        _metrics,
        _loops,
        _limits,
    ):
        findings += await check(settings, clock)
    return findings


async def _listening(settings: Settings, _: Clock) -> list[Finding]:
    host, port = settings.sip.address
    about = f"sip.listen {settings.sip.listen}"
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    findings = []
    for kind, name in ((socket.SOCK_DGRAM, "UDP"), (socket.SOCK_STREAM, "TCP")):
        with socket.socket(family, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError as error:
                advice = "Stop what listens there (perhaps this server), or choose another port"
                if error.errno == 99:
                    advice = "The address is not of this machine; choose one that `ip addr` shows"
                findings.append(
                    Finding(Verdict.BAD, about, f"{name}: {error.strerror}", f"{advice}.")
                )
    if not findings:
        findings.append(Finding(Verdict.GOOD, about, "free, UDP and TCP"))
    if host in ("0.0.0.0", "::") and settings.sip.advertise is None:
        advice = "Set sip.advertise to the address telephones reach this machine at."
        findings.append(
            Finding(Verdict.BAD, "sip.advertise", "unset, and we listen everywhere", advice)
        )
    return findings


async def _callers(settings: Settings, _: Clock) -> list[Finding]:
    """Whether those who may call can reach the address we listen on: IPv4 and IPv6 never meet."""
    version = 6 if ":" in settings.sip.address[0] else 4
    findings = []
    if version not in {ip_network(each).version for each in settings.sip.allow}:
        advice = f"Name the IPv{version} networks whose telephones may call."
        what = f"no IPv{version} network, and sip.listen is one of IPv{version}"
        findings.append(Finding(Verdict.BAD, "sip.allow", what, advice))
    if version == 6:
        advice = "Telephones that have IPv4 alone do not reach it."
        findings.append(Finding(Verdict.NOTE, f"sip.listen {settings.sip.listen}", "IPv6", advice))
    return findings


async def _pbx(settings: Settings, _: Clock) -> list[Finding]:
    line = settings.pyvoip
    if line is None:
        return []
    about = f"pyvoip {line.server}"
    if find_spec("pyVoIP") is None:
        advice = "Run: pip install 'vestibule[pyvoip]'."
        return [Finding(Verdict.BAD, about, "the extra is not installed", advice)]
    if find_destination(line.dials, settings.numbers) is None:
        advice = "Write a [[numbers]] entry for it, or name another in pyvoip.dials."
        return [Finding(Verdict.BAD, about, f"{line.dials} leads nowhere", advice)]
    return [Finding(Verdict.GOOD, about, f"extension {line.username} leads to {line.dials}")]


async def _numbers(settings: Settings, _: Clock) -> list[Finding]:
    if not settings.numbers:
        advice = "Write at least one [[numbers]] entry; see vestibule.example.toml."
        return [Finding(Verdict.BAD, "numbers", "none: every caller hears 404", advice)]
    return [Finding(Verdict.GOOD, "numbers", ", ".join(entry.number for entry in settings.numbers))]


async def _trunks(settings: Settings, _: Clock) -> list[Finding]:
    return [await _trunk(each, settings) for each in settings.trunks]


async def _trunk(trunk: Trunk, settings: Settings) -> Finding:
    about = f"trunk {trunk.name}"
    try:
        trunk.secret()
    except OSError as fault:
        what = f"{trunk.password_file}: {fault.strerror}"
        return Finding(Verdict.BAD, about, what, "Write its password there, readable to us.")
    found = await addresses_of(trunk, settings)
    if not found:
        advice = "Mend its server; no call goes there until the name is found."
        return Finding(Verdict.BAD, about, f"{trunk.server} is not found", advice)
    ours = ip_address(settings.sip.address[0])
    if ours.is_loopback and not ip_address(found[0]).is_loopback:
        advice = "Listen on an address that it reaches: sip.listen."
        return Finding(Verdict.BAD, about, "we listen to this machine alone", advice)
    idle = [
        number for number in trunk.numbers if find_destination(number, settings.numbers) is None
    ]
    if idle:
        advice = "Write a [[numbers]] entry for each that callers should reach."
        what = f"{', '.join(idle)} lead nowhere when called"
        return Finding(Verdict.NOTE, about, what, advice)
    return Finding(Verdict.GOOD, about, f"{trunk.server} at {', '.join(found)}")


async def _flows(settings: Settings, clock: Clock) -> list[Finding]:
    try:
        book = read_book()
    except Fault as fault:
        return [Finding(Verdict.BAD, "prompts", str(fault), "Mend prompts/*/phrases.toml.")]
    languages = ", ".join(sorted(book.languages))
    findings = [Finding(Verdict.GOOD, "prompts", f"{len(book.ids)} phrases in {languages}")]
    extensions = await _extensions(settings, clock)
    faults = check_flows(
        FLOWS,
        book=book,
        operations=CATALOGUE,
        extensions=extensions,
        beside=own_flows(settings.storage.data),
    )
    findings += [_flow_finding(fault) for fault in faults]
    if not any(fault.severity is Severity.ERROR for fault in faults):
        findings.append(Finding(Verdict.GOOD, "flows", "all load"))
    return findings


async def _extensions(settings: Settings, clock: Clock) -> list[str]:
    """The mailboxes in service; none where the storage, which has a line of its own, fails."""
    try:
        async with open_mailroom(settings, clock) as mailroom:
            return [mailbox.number for mailbox in await mailroom.mailboxes.all()]
    except (Fault, OSError):
        return []


def _flow_finding(fault: FlowFault) -> Finding:
    verdict = Verdict.BAD if fault.severity is Severity.ERROR else Verdict.NOTE
    place = f"{fault.file} {fault.state}".strip()
    return Finding(verdict, f"flow {place}", fault.what, fault.advice)


async def _voices(_: Settings, __: Clock) -> list[Finding]:
    try:
        cast = load_cast(PROMPTS, LANGUAGES)
    except Fault as fault:
        return [Finding(Verdict.BAD, "voices", str(fault), "Mend prompts/*/voice.toml.")]
    findings = []
    for language, voices in cast.items():
        if any(folder.is_dir() for folder in voices.recordings):
            findings.append(Finding(Verdict.GOOD, f"voice {language}", "recordings of a person"))
        else:
            package = f"asterisk-core-sounds-{language}-wav"
            advice = f"For a person's voice: apt-get install {package}."
            findings.append(Finding(Verdict.NOTE, f"voice {language}", "synthetic only", advice))
    async with Espeak() as espeak:
        try:
            await espeak.say("bonjour", SyntheticVoice("fr"))
        except Fault as fault:
            advice = "Reinstall: uv sync --frozen --reinstall-package espeakng-loader."
            findings.append(Finding(Verdict.BAD, "synthetic voice", str(fault), advice))
        else:
            findings.append(Finding(Verdict.GOOD, "synthetic voice", "speaks"))
    return findings


async def _storage(settings: Settings, clock: Clock) -> list[Finding]:
    data = settings.storage.data
    try:
        async with open_mailroom(settings, clock) as mailroom:
            boxes = await mailroom.mailboxes.all()
    except KeysRefused:
        return []  # the keys have a line of their own
    except (Fault, OSError) as fault:
        advice = "The user that runs the server must be able to write there."
        return [Finding(Verdict.BAD, f"storage {data}", str(fault), advice)]
    free = shutil.disk_usage(data).free / 2**30
    findings = [Finding(Verdict.GOOD, f"storage {data}", f"{free:.1f} GiB free")]
    if free < 1:
        advice = "Free some: a minute of message is about one mebibyte."
        findings = [Finding(Verdict.BAD, f"storage {data}", f"only {free:.2f} GiB free", advice)]
    if boxes:
        findings.append(Finding(Verdict.GOOD, "mailboxes", str(len(boxes))))
    else:
        findings.append(
            Finding(Verdict.NOTE, "mailboxes", "none", "Make one: vestibule mailbox add 101 NAME.")
        )
    operator = settings.company.operator
    if operator and boxes and operator not in {box.number for box in boxes}:
        findings.append(
            Finding(
                Verdict.BAD,
                "company.operator",
                f"mailbox {operator} does not exist",
                f"Make it (vestibule mailbox add {operator} NAME) or name another.",
            )
        )
    return findings


async def _sealing(settings: Settings, _: Clock) -> list[Finding]:
    """Whether recordings lie sealed, and all of them under the newest key."""
    storage = settings.storage
    used = await asyncio.to_thread(keys_used, sounds_folder(storage))
    if storage.keys_file is None:
        sealed = sum(count for id, count in used.items() if id)
        if not sealed:
            return []
        advice = "Name the file of their keys in it."
        what = f"unset, and {sealed} recordings are sealed"
        return [Finding(Verdict.BAD, "storage.keys_file", what, advice)]
    about = f"storage.keys_file {storage.keys_file}"
    try:
        ring = await asyncio.to_thread(key_file(storage).read)
    except Fault as fault:
        advice = "No message can be kept or heard until then."
        return [Finding(Verdict.BAD, about, str(fault), advice)]
    newest = ring.newest.id
    findings = [Finding(Verdict.GOOD, about, f"new recordings are sealed under {newest}")]
    findings += [
        Finding(
            Verdict.BAD,
            about,
            f"{count} recordings are under key {id}, which it does not hold",
            "Put the key back.",
        )
        for id, count in sorted(used.items())
        if id and ring.find(id) is None
    ]
    if behind := sum(count for id, count in used.items() if id != newest):
        what = f"{behind} recordings are not under {newest}"
        findings.append(Finding(Verdict.NOTE, about, what, "Run: vestibule keys rotate."))
    if storage.keys_file.resolve().is_relative_to(storage.data.resolve()):
        advice = "Who copies the folder, a backup too, has both: put it elsewhere."
        findings.append(Finding(Verdict.NOTE, about, "lies beside what it seals", advice))
    return [*findings, _opened_sounds()]


def _opened_sounds() -> Finding:
    about = "opened recordings"
    if not is_memory(MEMORY):
        advice = f"Mount a tmpfs on {MEMORY}, so that they are never on a disk."
        return Finding(Verdict.NOTE, about, "lie in the data folder while they are heard", advice)
    free = shutil.disk_usage(MEMORY).free / 2**20
    if free < LEAST_MEMORY_MIB:
        advice = "An opened minute takes two mebibytes of it for an hour; give it more."
        return Finding(Verdict.NOTE, about, f"only {free:.0f} MiB free in {MEMORY}", advice)
    return Finding(Verdict.GOOD, about, f"stay in memory, {free:.0f} MiB free in {MEMORY}")


async def _mail(settings: Settings, _: Clock) -> list[Finding]:
    mail = settings.mail
    if mail.host is None:
        where = settings.storage.data / "mail"
        advice = "Set mail.host to send it."
        return [Finding(Verdict.NOTE, "mail", f"written as files under {where}", advice)]
    about = f"mail {mail.host}:{mail.port}"
    try:
        async with asyncio.timeout(5):
            _reader, writer = await asyncio.open_connection(mail.host, mail.port)
    except (OSError, TimeoutError) as error:
        advice = "Check mail.host, mail.port and the firewall; messages wait meanwhile."
        return [Finding(Verdict.BAD, about, f"no connection ({error or 'time-out'})", advice)]
    writer.close()
    return [Finding(Verdict.GOOD, about, "connects")]


async def _templates(settings: Settings, _: Clock) -> list[Finding]:
    edited = settings.mail.templates
    if edited is None:
        return []
    about = f"mail.templates {edited}"
    if not edited.is_dir():
        advice = "Make it, or take the setting out; our own templates serve meanwhile."
        return [Finding(Verdict.NOTE, about, "no such folder", advice)]
    tried = every_preview(settings.mail.sender, edited)
    faults = dict.fromkeys(str(mail) for _, _, mail in tried if isinstance(mail, Fault))
    advice = "Our own serves meanwhile; after mending it: vestibule mail preview --all."
    findings = [Finding(Verdict.NOTE, "mail template", fault, advice) for fault in faults]
    advice = "It replaces none of ours; see docs/mailboxes.md for their names."
    findings += [Finding(Verdict.NOTE, about, name, advice) for name in strangers(edited)]
    return findings or [Finding(Verdict.GOOD, about, "all can be used")]


async def _transcription(settings: Settings, _: Clock) -> list[Finding]:
    model = settings.transcription.model
    if model is None:
        return []
    about = f"transcription {model}"
    if absence := whisper_absence(model):
        advice = "E-mails go without text. Run: pip install faster-whisper, and name a model."
        return [Finding(Verdict.NOTE, about, absence, advice)]
    return [Finding(Verdict.GOOD, about, "faster-whisper is there")]


async def _encryption(settings: Settings, _: Clock) -> list[Finding]:
    """Whether calls can be encrypted as the settings want."""
    policy = settings.media.srtp
    about = f'media.srtp "{policy}"'
    if policy is SrtpPolicy.REFUSE:
        return [Finding(Verdict.GOOD, about, "calls that insist on encryption are refused")]
    if not srtp_is_there():
        verdict = Verdict.BAD if policy is SrtpPolicy.REQUIRE else Verdict.NOTE
        what = "the extra is not installed: no call can be encrypted"
        return [Finding(verdict, about, what, "Run: pip install 'vestibule[secure]'.")]
    return [Finding(Verdict.GOOD, about, "calls can be encrypted")]


async def _codecs(settings: Settings, _: Clock) -> list[Finding]:
    """Whether every codec of the settings can be had."""
    names = settings.media.codecs
    about = "media.codecs"
    there = (*NARROW, *wideband_there())
    missing = [name for name in names if NAMES[name] not in there]
    advice = "Run: pip install 'vestibule[wideband]'."
    if len(missing) == len(names):
        what = f"{', '.join(missing)}: the extra is not installed"
        return [Finding(Verdict.BAD, about, what, advice)]
    if missing:
        what = f"{', '.join(missing)} cannot be had: calls sound as on the telephone"
        return [Finding(Verdict.NOTE, about, what, advice)]
    return [Finding(Verdict.GOOD, about, ", ".join(names))]


async def _hold_music(settings: Settings, _: Clock) -> list[Finding]:
    music = settings.media.hold_music
    if music is None:
        return []
    about = f"media.hold_music {music}"
    try:
        sound = await asyncio.to_thread(own_music, music)
    except Fault as fault:
        advice = "Ours is heard in its place. Name a WAV, FLAC, Ogg or MP3 file."
        return [Finding(Verdict.NOTE, about, str(fault), advice)]
    return [Finding(Verdict.GOOD, about, f"{len(sound) / RATE:.0f} s")]


async def _metrics(settings: Settings, _: Clock) -> list[Finding]:
    """Whether the figures can be served, and to whom."""
    address = settings.metrics.address
    if address is None:
        return []
    about = f"metrics.listen {settings.metrics.listen}"
    family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError as error:
            advice = "Stop what listens there (perhaps this server), or choose another address."
            return [Finding(Verdict.BAD, about, error.strerror or str(error), advice)]
    if not ip_address(address[0]).is_loopback:
        advice = "They name nobody; let only the machine that asks reach it."
        return [Finding(Verdict.NOTE, about, "whoever reaches it reads the figures", advice)]
    return [Finding(Verdict.GOOD, about, "free")]


async def _loops(_: Settings, __: Clock) -> list[Finding]:
    """Whether anything compiles the loops of the media plane, or how to have it."""
    about = "media loops"
    if there := compiler():
        return [Finding(Verdict.GOOD, about, f"compiled by {there}")]
    advice = "Calls cost less processor with: pip install 'vestibule[compiled]'."
    return [Finding(Verdict.NOTE, about, "not compiled, numpy does their part", advice)]


async def _limits(settings: Settings, _: Clock) -> list[Finding]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = settings.sip.max_calls * DESCRIPTORS_A_SLOT + OTHER_DESCRIPTORS
    calls = slots_within(hard)
    findings = []
    if calls < settings.sip.max_calls:
        advice = f"Raise the limit (LimitNOFILE={needed}) or lower sip.max_calls."
        findings.append(Finding(Verdict.BAD, "open files", f"{hard} of {needed} needed", advice))
    else:
        findings.append(Finding(Verdict.GOOD, "open files", f"{soft}, enough for {calls} calls"))
    if os.nice(0) == 0 and os.geteuid() != 0:
        advice = "Grant CAP_SYS_NICE for a steadier beat on a busy machine."
        findings.append(Finding(Verdict.NOTE, "real time", "not permitted", advice))
    return findings
