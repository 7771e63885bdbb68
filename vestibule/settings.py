"""The settings: one frozen model, read from TOML, then the environment, then options.

Unknown keys are refused, and every fault is told at once with its place. No other module reads
the environment. `vestibule.example.toml` is the commented tour of what stands here.
"""

import getpass
import ipaddress
import os
import re
import tomllib
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import available_timezones

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from call.errors import PeerFault
from routing.numbers import national
from telephony.crypto import SrtpPolicy
from voicemail.history import ADMINISTRATOR

Digits = Annotated[str, Field(pattern=r"^[0-9]{1,15}$")]


class BadSettings(PeerFault):
    """The settings cannot be used; the message lists every fault, one on a line."""


def split_address(text: str) -> tuple[str, int]:
    """Host and port of "host:port" or "[v6]:port". Raises BadSettings."""
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit() or not 0 <= int(port) <= 65535:
        raise BadSettings(f"{text}: not HOST:PORT")
    return host.strip("[]"), int(port)


def _address(text: str) -> str:
    try:
        split_address(text)
    except BadSettings as fault:
        raise ValueError(str(fault)) from fault
    return text


def _numeric(text: str) -> str:
    """What is bound for others to reach, by its numbers: a name may mean another address."""
    ipaddress.ip_address(split_address(text)[0])
    return text


def _zone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError(f"{name}: no such time zone")
    return name


def _written(value: object) -> object:
    """True as it is written, so that `busy = true` and `busy = "true"` are the same."""
    return str(value).lower() if isinstance(value, bool | int) else value


Written = Annotated[str, BeforeValidator(_written)]
HostPort = Annotated[str, AfterValidator(_address)]
NumericAddress = Annotated[HostPort, AfterValidator(_numeric)]
Zone = Annotated[str, AfterValidator(_zone)]


class Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Company(Section):
    """What callers are told about the company, and who answers when nobody else does."""

    name: str = "Vestibule"
    operator: Digits | None = None
    """Mailbox that key 0 leads to."""
    zone: Zone = "America/Toronto"


class Number(Section):
    """What a dialled number leads to: a flow and its parameters.

    `number` is digits, `*` and `#`; a trailing `X` run stands for an extension's digits, handed
    to the flow as `mailbox`.
    """

    number: str = Field(pattern=r"^[+*#0-9]+X*$")
    flow: str
    parameters: dict[str, Written] = Field(default_factory=dict, alias="with")
    closed: str | None = None
    """The flow of the number while it is closed; without one its hours change nothing."""
    closed_parameters: dict[str, Written] = Field(default_factory=dict, alias="closed_with")

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


class Hours(Section):
    """The weekly e-mail that tells what the numbers do in the days ahead."""

    preview_to: tuple[str, ...] = ()
    """Who gets it; nobody by default."""
    preview_on: Literal[
        "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"
    ] = "monday"
    preview_days: int = Field(default=14, ge=1, le=100)
    preview_language: Literal["fr", "en"] = "fr"

    @field_validator("preview_to")
    @classmethod
    def _addresses(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for address in value:
            if not re.fullmatch(r"[^@\s,<>]+@[^@\s,<>]+", address):
                raise ValueError(f"{address}: not an e-mail address")
        return value

    @property
    def weekday(self) -> int:
        """0 for Monday."""
        return WEEKDAYS.index(self.preview_on)


class Sip(Section):
    """The SIP side: where we listen, and who may call."""

    listen: HostPort = "127.0.0.1:5060"
    advertise: str | None = None
    """Address put in Contact and in session descriptions, where it differs from `listen`."""
    allow: tuple[str, ...] = ("127.0.0.0/8", "::1/128")
    phones: tuple[str, ...] = ()
    """Networks of our own telephones, and of nothing else: the numbers they give are believed."""
    realm: str = Field(default="vestibule", pattern=r"^[A-Za-z0-9._-]{1,60}$")
    """What telephones prove their passwords in; another one makes every password worthless."""
    max_calls: int = Field(default=200, ge=1, le=10_000)
    drain_s: float = Field(default=30.0, ge=0)

    @field_validator("allow", "phones")
    @classmethod
    def _networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for network in value:
            ipaddress.ip_network(network)
        return value

    @property
    def address(self) -> tuple[str, int]:
        return split_address(self.listen)


class Lamp(Section):
    """A telephone whose message lamp is set though it never subscribes (RFC 3842) itself."""

    mailbox: Digits
    telephone: str
    """SIP URI with an IP address, such as "sip:101@192.0.2.10:5060"."""


Form = Literal["e164", "eleven", "ten"]


class Trunk(Section):
    """A provider that carries calls from and to the world outside."""

    name: str = Field(pattern=r"^[A-Za-z0-9_-]{1,30}$")
    server: str = Field(pattern=r"^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+)(:[0-9]{1,5})?$")
    """HOST or HOST:PORT."""
    transport: Literal["udp", "tcp"] = "udp"
    domain: str = Field(default="", pattern=r"^[A-Za-z0-9.:\[\]-]*$")
    """What stands after the @ of its URIs, where it is not the server's name."""
    username: str = ""
    password: SecretStr | None = None
    password_file: Path | None = None
    registers: bool = False
    """Whether we register there, as a telephone does; else it knows us by our address."""
    expires_s: int = Field(default=600, ge=60, le=86_400)
    calls_from: tuple[str, ...] = ()
    """Further addresses and networks that its calls come from."""
    numbers: tuple[str, ...] = Field(min_length=1)
    """Our numbers there; the first is shown for calls that bring none of them."""
    sends: Form = "e164"
    """How it wants numbers written: +15145550100, 15145550100 or 5145550100."""
    any_number: bool = False
    """Whether it shows a caller's number that is not ours: that of a call sent on."""
    username_in_from: bool = False
    priority: int = Field(default=1, ge=1, le=99)
    max_calls: int | None = Field(default=None, ge=1)

    @field_validator("calls_from")
    @classmethod
    def _networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for network in value:
            ipaddress.ip_network(network, strict=False)
        return value

    @field_validator("numbers")
    @classmethod
    def _telephone_numbers(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for number in value:
            if not re.fullmatch(r"[0-9]{10}", national(number)):
                raise ValueError(f"{number}: not a number of ten digits")
        return tuple(national(number) for number in value)

    @model_validator(mode="after")
    def _known_there(self) -> "Trunk":
        if self.registers and not (self.username and (self.password or self.password_file)):
            raise ValueError("registers needs username, and password or password_file")
        return self

    @property
    def address(self) -> tuple[str, int]:
        host, _, port = self.server.rpartition(":")
        if not host or self.server.endswith("]"):
            return self.server.strip("[]"), 5060
        return host.strip("[]"), int(port)

    def secret(self) -> str:
        """The password, from its file where one is named; "" where there is none."""
        if self.password_file is not None:
            return self.password_file.read_text(encoding="utf-8").strip()
        return self.password.get_secret_value() if self.password else ""


class Outgoing(Section):
    """Calls to the world outside."""

    local: tuple[Annotated[str, Field(pattern=r"^[2-9][0-9]{2,9}$")], ...] = ()
    """The beginnings of ten digits that are local calls; by default our numbers' area codes."""
    heard_within_s: float = Field(default=4.0, ge=0.5, le=32)
    """How long a trunk may stay silent before the next one is tried."""
    rings_within_s: float = Field(default=20.0, ge=2, le=120)
    """How long one may take until it rings."""


class Parking(Section):
    """Slots 701 to 709, in which calls wait to be taken from any telephone."""

    timeout_s: float = Field(default=45.0, ge=5, le=3600)
    """How long somebody waits before the one who parked them is rung back."""
    ring_back_s: float = Field(default=30.0, ge=5, le=300)
    """How long that one rings; then comes the operator's mailbox."""


class Recording(Section):
    """Calls of extensions that are to be recorded."""

    keep_days: int = Field(default=90, ge=1, le=36500)
    """How long recordings are kept."""


class DialIn(Section):
    """A number that leads to the conferences, as invitations tell it."""

    number: str = Field(pattern=r"^\+?[0-9]([ .-]?[0-9]){2,19}$")
    label: str | dict[Literal["fr", "en"], str] = ""
    """Such as "Montréal", or `{ fr = "sans frais", en = "toll-free" }`."""

    def label_in(self, language: str) -> str:
        """What is said of it in a language; "" where nothing is."""
        if isinstance(self.label, str):
            return self.label
        return next((said for each, said in self.label.items() if each == language), "")


class Conferences(Section):
    """Rooms in which people meet by telephone."""

    numbers: tuple[DialIn, ...] = ()
    """The numbers to dial, the most usual first."""
    keep_days: int = Field(default=7, ge=1, le=36500)
    """How long the recordings are kept."""
    history_days: int = Field(default=400, ge=1, le=36500)
    """How long it is remembered who was in a conference, and when."""


CodecName = Literal["PCMU", "PCMA", "G722", "opus"]


class Media(Section):
    """The RTP side."""

    first_port: int = Field(default=16384, ge=0, le=64000, multiple_of=2)
    """0 takes any free ports."""
    last_port: int = Field(default=32767, ge=0, le=65535)
    behind_nat: bool = False
    lost_after_s: float = Field(default=30.0, ge=5)
    hold_music: Path | None = None
    """A sound of one's own, played round and round to those who wait; by default one of ours."""
    pieces: dict[str, Path] = {}
    """More such sounds by name, of which extensions may choose one of their own."""
    srtp: SrtpPolicy = SrtpPolicy.ACCEPT
    """Whether sound is encrypted (SRTP with the keys in the SIP messages)."""
    codecs: tuple[CodecName, ...] = Field(default=("PCMU", "PCMA", "G722", "opus"), min_length=1)
    """What we take, in the order in which we offer it; an answer follows the caller's order."""

    @field_validator("codecs")
    @classmethod
    def _once_each(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(value)) < len(value):
            raise ValueError("a codec is named twice")
        return value


class Storage(Section):
    """Where messages live."""

    data: Path = Path("data")
    database: str | None = None
    """SQLAlchemy URL; by default SQLite in the data folder."""
    keys_file: Path | None = None
    """The keys that recordings are sealed under; without it they lie plain."""
    spool: Path | None = None
    """Where recordings under way lie, plain; by default in the data folder."""
    deleted_days: int = Field(default=30, ge=0, le=3650)
    """How long the archive of a deleted mailbox is kept."""
    history_days: int = Field(default=730, ge=1, le=36500)
    """How long what was done to a mailbox stays written down."""

    @property
    def spooled(self) -> Path:
        """The folder of recordings under way."""
        return self.spool or self.data / "spool"


class Mail(Section):
    """The SMTP server that takes our mail; without a host, mail is written under DATA/mail."""

    host: str | None = None
    port: int = Field(default=587, ge=1, le=65535)
    security: Literal["starttls", "tls", "none"] = "starttls"
    username: str | None = None
    password: SecretStr | None = None
    password_file: Path | None = None
    ca_file: Path | None = None
    sender: str = "vestibule@localhost"
    operator: str | None = None
    """Who is told when a message cannot be delivered."""
    templates: Path | None = None
    """A folder of edited templates; each replaces ours of the same name."""
    largest_attachment_mb: float = Field(default=10.0, ge=0.1, le=1000)
    """Of a whole e-mail as it travels, in millions of octets; a larger sound is encoded smaller."""

    def secret(self) -> str | None:
        """The password, from its file where one is named."""
        if self.password_file is not None:
            return self.password_file.read_text(encoding="utf-8").strip()
        return self.password.get_secret_value() if self.password else None


class Metrics(Section):
    """Figures for Prometheus; without an address there are none."""

    listen: NumericAddress | None = None

    @property
    def address(self) -> tuple[str, int] | None:
        return None if self.listen is None else split_address(self.listen)


class Web(Section):
    """The pages: listening to a streamed conference in a browser; without `listen`, none."""

    listen: NumericAddress | None = None
    """The address they are served on; where the world reaches it, behind a proxy for TLS."""
    address: str = Field(default="", pattern=r"^(https?://[^\s/?#]+(/[^\s?#]*)?)?$")
    """What the world calls that address, told in invitations; a path before ours may be part."""
    listeners: int = Field(default=100, ge=1, le=10_000)
    """How many may listen at once, to all conferences together."""

    @property
    def bound(self) -> tuple[str, int] | None:
        return None if self.listen is None else split_address(self.listen)


class Transcription(Section):
    """What callers said as text in the e-mail, by faster-whisper; without a model there is none."""

    model: Path | None = None
    """The folder of a model on this machine."""
    wait_s: float = Field(default=20.0, ge=0, le=120)
    """How long an e-mail waits for its text before it goes without."""
    limit_s: float = Field(default=120.0, ge=1, le=3600)
    """How long the engine may take for one message."""


class PyVoipLine(Section):
    """A line registered on an existing PBX, through the optional extra `pyvoip`."""

    server: HostPort
    username: str
    password: SecretStr
    listen: HostPort = "127.0.0.1:5070"
    dials: str
    """Which of our numbers a call on this line reaches."""


class Settings(BaseSettings):
    """Everything that can be set."""

    model_config = SettingsConfigDict(
        env_prefix="VESTIBULE__",
        env_nested_delimiter="__",
        frozen=True,
        extra="forbid",
    )

    company: Company = Company()
    hours: Hours = Hours()
    sip: Sip = Sip()
    media: Media = Media()
    storage: Storage = Storage()
    mail: Mail = Mail()
    transcription: Transcription = Transcription()
    metrics: Metrics = Metrics()
    web: Web = Web()
    parking: Parking = Parking()
    recording: Recording = Recording()
    conferences: Conferences = Conferences()
    numbers: tuple[Number, ...] = ()
    trunks: tuple[Trunk, ...] = ()
    outgoing: Outgoing = Outgoing()
    lamps: tuple[Lamp, ...] = ()
    pyvoip: PyVoipLine | None = None

    @field_validator("trunks")
    @classmethod
    def _names_differ(cls, value: tuple[Trunk, ...]) -> tuple[Trunk, ...]:
        if len({trunk.name for trunk in value}) < len(value):
            raise ValueError("two trunks have the same name")
        return value

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return env_settings, init_settings


def read_settings(path: Path | None) -> Settings:
    """The settings of a TOML file under those of the environment. Raises BadSettings."""
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8")) if path else {}
    except OSError as error:
        raise BadSettings(f"{path}: cannot be read: {error.strerror}") from error
    except tomllib.TOMLDecodeError as error:
        raise BadSettings(f"{path}: not TOML: {error}") from error
    return settings_from(values, origin=str(path or "the environment"))


def administrator() -> str:
    """Who types the command, as the history will say: the person behind `sudo`, if any."""
    try:
        name = os.environ.get("SUDO_USER") or getpass.getuser()
    except (KeyError, OSError):  # a container may run as a number without a name
        name = str(os.getuid())
    return f"{ADMINISTRATOR} {''.join(c for c in name if c.isprintable())[:60]}"


def settings_from(values: dict[str, object], *, origin: str) -> Settings:
    """Settings from plain values; `origin` names them in the faults. Raises BadSettings."""
    try:
        return Settings(**values)  # type: ignore[arg-type]  # pydantic checks what comes in
    except ValidationError as error:
        faults = [
            f"{origin}: {'.'.join(map(str, fault['loc']))}: {fault['msg']}"
            for fault in error.errors(include_url=False, include_input=False)
        ]
        raise BadSettings("\n".join(faults)) from error
