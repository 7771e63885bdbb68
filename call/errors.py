"""The errors of the house, and who is at fault.

    Fault
    ├── Misuse        we did wrong: a bug; ends the call it happened in
    │   ├── conference  RoomOver
    │   ├── ivr         DialogueMisuse, Unspeakable
    │   ├── telephony   MediaMisuse, NoAdvertisedAddress, NoKeyToSay, NoSuchNetwork, NoSuchRoom,
    │   │               NotAnswered, NotAttached, NotOnThisLine, NothingOffered,
    │   │               UnwritableDescription
    │   ├── vestibule   NotInPatch
    │   └── voicemail   NothingSelected, WrongSpool
    ├── PeerFault     they did wrong: answered with its hint, never raised out of a receive loop
    │   ├── conference  BadConference, ConferenceUnknown, NotGranted, NotHeld, NotRecorded,
    │   │               RoomTaken, SessionUnknown
    │   ├── console     BadWish, PersonUnclear
    │   ├── directory   ExtensionExists, ExtensionRefused, ExtensionUnknown, PhoneRefused,
    │   │               PhoneUnknown
    │   ├── ivr         BadPhrases, BadVoices, FlowsRefused
    │   ├── routing     ClosureLocked, ClosureRefused, ClosureUnknown, HandlingRefused,
    │   │               HoursRefused, RestrictionRefused, WrongClosurePin
    │   ├── telephony   BadCrypto, BadField, BadPayload, DtmfFault, Malformed,
    │   │               MalformedDescription, NoCommonCodec, RegisterRefused, RtcpFault, RtpFault
    │   ├── vestibule   AttendantRefused, BadSettings, SteeringRefused, TapeUnknown
    │   └── voicemail   ArchiveRefused, BadTemplate, KeysRefused, LockedOut, MailboxExists,
    │                   MailboxFull, MailboxRefused, MailboxUnknown, MessageUnknown,
    │                   SoundRefused, WrongPin
    └── Unavailable   nobody did wrong: temporary, worth another try
        ├── conference  ReportUnavailable
        ├── console     TooManyListeners
        ├── ivr         SoundUnavailable, VoiceUnavailable
        ├── telephony   LampBookUnavailable, LineClosing, LineDown, NoListeningAddress
        ├── storage     StoreUnavailable
        ├── vestibule   FlowsUnkept, ServerAway
        └── voicemail   MailAccountRefused, MailUnavailable, SoundUnavailable,
                        TranscriberUnavailable

Each trade subclasses these three. None of them knows a SIP or an HTTP number.
"""


class Fault(Exception):
    """The root: catching it catches everything this program raises on purpose."""


class Misuse(Fault):
    """A caller inside the program broke a contract."""


class PeerFault(Fault):
    """Somebody outside the program sent what cannot be accepted."""


class Unavailable(Fault):
    """A resource is missing just now; the same request may succeed later."""
