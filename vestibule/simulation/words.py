"""How a simulated call is told, in French and in English."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from babel.dates import format_datetime

from routing.hour_words import behaviour_words, why_words
from routing.numbers import NumberClass
from routing.plan import Ending, Note, OnThePhone, Ring, Unreachable, Voicemail, Why
from routing.restrictions import Operator, Refusal, Refused
from routing.schedule import Decision


@dataclass(frozen=True, slots=True)
class Words:
    """One language. What stands in braces is filled in."""

    language: str
    locale: str
    said: Mapping[str, str]
    rings: Mapping[Why, str]
    left_out: Mapping[Why, str]
    ends: Mapping[Why, str]
    refused: Mapping[Refused, str]
    operators: Mapping[Operator, str]
    kinds: Mapping[NumberClass, str]
    outcomes: Mapping[str, str]

    def __getitem__(self, name: str) -> str:
        return self.said[name]

    def outcome(self, operation: str, outcome: str) -> str | None:
        """What came of something a flow asked for, where that is worth telling."""
        return self.outcomes.get(f"{operation} {outcome}")

    def instant(self, at: datetime) -> str:
        """A day and an hour, on the clock of the instant's own zone."""
        return format_datetime(at, self.said["instant"], locale=self.locale)

    def decision(self, number: str, decision: Decision, zone: str) -> str:
        """What a number does, and which rule says so."""
        return self.said["decision"].format(
            number=number,
            behaviour=behaviour_words(decision.behaviour, self.language),
            why=why_words(decision, zone, self.language),
        )

    def refusal(self, refusal: Refusal) -> str:
        """Why a caller is refused, and by which rule."""
        told = self.refused[refusal.why]
        if (rule := refusal.rule) is None:
            return told
        operator = self.operators[rule.operator]
        note = f" ({rule.note})" if rule.note else ""
        return told.format(id=rule.id, operator=operator, digits=rule.digits, note=note)

    def ring(self, ring: Ring) -> str:
        """Why somebody is rung."""
        return self.rings[ring.why].format(behalf=ring.behalf)

    def note(self, note: Note) -> str:
        """Why somebody is not rung."""
        return self.left_out[note.why].format(extension=note.extension, target=note.target)

    def ending(self, ending: Ending) -> str:
        """What the caller meets, and why."""
        match ending:
            case Voicemail(mailbox=mailbox, busy=busy):
                what = self.said["voicemail_busy" if busy else "voicemail"].format(mailbox=mailbox)
            case OnThePhone(voicemail=voicemail):
                what = self.said["on_the_phone_then" if voicemail else "on_the_phone"]
            case Unreachable():
                what = self.said["unreachable"]
        return self.said["ending"].format(why=self.ends[ending.why], what=what)


_ENGLISH = Words(
    language="en",
    locale="en_CA",
    said=MappingProxyType(
        {
            "instant": "EEEE d MMMM y, HH:mm",
            "decision": "{number} is {behaviour}: {why}",
            "ending": "{why}: {what}",
            "title": "A call to {to} from {caller}",
            "anonymous": "a withheld number",
            "internal": "{number}, one of our own telephones",
            "leads": "leads to the flow {flow}",
            "no_flow": "no such number here",
            "as_open": "nothing is set for then: it does as when it is open",
            "may_not": "{extension} may not call {number}: {kind}",
            "with_code": "{extension} calls {number} with its access code: {kind}",
            "may": "{extension} may call {number}: {kind}",
            "by_telephone": "what follows takes real telephones, and is not tried here",
            "in_conference": "the caller is let into the conference",
            "no_number": "{number} is neither an extension nor a telephone number",
            "no_line": "{number}: no trunk leads outside",
            "not_taken": "the call is refused, without a word",
            "no_hours": "no hours are kept for what was dialled",
            "rings": "rings {who} for {seconds} s",
            "screened": "whoever answers hears who calls, and must press 1",
            "answers": "{who} takes the call; caller and callee talk",
            "answers_screened": "{who} answers, hears who calls and presses 1; they talk",
            "speaks": "says something for {seconds} s",
            "silent": "{seconds} s of silence",
            "recording": "a recording, {seconds} s",
            "ringback": "ringing",
            "music": "hold music",
            "caller": "the caller hangs up",
            "company": "the company hangs up",
            "stuck": "nothing happens any more",
            "voicemail": "the voicemail of {mailbox}",
            "voicemail_busy": "the voicemail of {mailbox}, with its busy greeting",
            "on_the_phone": "a sentence that the person is on the telephone, and no more",
            "on_the_phone_then": "a sentence that the person is on the telephone, then the "
            "voicemail",
            "unreachable": "nobody can be reached, and the call ends",
            "nothing": "A simulation: nobody was rung, nothing was kept, no e-mail was sent.",
            "fault": "trouble: {text}",
            "mark_why": "why",
            "mark_state": "at",
            "mark_plays": "play",
            "mark_sounds": "♪",
            "mark_presses": "press",
            "mark_speaks": "speak",
            "mark_silent": "…",
            "mark_works": "does",
            "mark_rings": "ring",
            "mark_answers": "taken",
            "mark_ends": "end",
        }
    ),
    rings=MappingProxyType(
        {
            Why.CALLED: "{behalf} was called",
            Why.FORWARDED_ALWAYS: "{behalf} forwards every call",
            Why.FORWARDED_NO_ANSWER: "{behalf} forwards calls that nobody answers",
            Why.FORWARDED_TOGETHER: "{behalf} and its number ring together",
            Why.FORWARDED_PRESS_1: "{behalf} forwards calls when the caller presses 1",
            Why.FOLLOW_ME: "follow-me of {behalf}",
        }
    ),
    left_out=MappingProxyType(
        {
            Why.DO_NOT_DISTURB: "{extension} is not rung: do not disturb",
            Why.BUSY: "{extension} is not rung: it is on the telephone",
            Why.NO_TELEPHONE: "{extension} is not rung: it has no telephone",
            Why.ALREADY_THERE: "{extension} does not send the call on to {target}: it comes "
            "from there",
            Why.TOO_OFTEN: "{extension} does not send the call on to {target}: it was sent on "
            "too often",
        }
    ),
    ends=MappingProxyType(
        {
            Why.NOBODY_ANSWERED: "nobody took the call",
            Why.NOBODY_TO_RING: "there is nobody to ring",
            Why.DO_NOT_DISTURB: "do not disturb",
            Why.BUSY: "on the telephone",
            Why.VOICEMAIL_SKIPPED: "nobody took the call, and follow-me skips the voicemail",
        }
    ),
    refused=MappingProxyType(
        {
            Refused.BLOCKED: "refused by restriction {id}{note}: the number {operator} {digits}",
            Refused.NOT_ALLOWED: "refused: other numbers are allowed, and this one is not",
            Refused.ANONYMOUS: "refused: calls without a number are not taken",
        }
    ),
    operators=MappingProxyType(
        {
            Operator.EQUALS: "is",
            Operator.STARTS_WITH: "starts with",
            Operator.ENDS_WITH: "ends with",
            Operator.CONTAINS: "contains",
        }
    ),
    kinds=MappingProxyType(
        {
            NumberClass.EMERGENCY: "an emergency call",
            NumberClass.LOCAL: "a local call",
            NumberClass.TOLL_FREE: "a toll-free call",
            NumberClass.LONG_DISTANCE: "a long-distance call",
            NumberClass.INTERNATIONAL: "an international call",
            NumberClass.PREMIUM: "a number billed for what is said there",
        }
    ),
    outcomes=MappingProxyType(
        {
            "voicemail.keep_deposit kept": "the message would be kept, and mailed if so set",
            "voicemail.keep_deposit too_short": "too little was said: nothing would be kept",
            "voicemail.open_deposit full": "the mailbox is full",
            "voicemail.open_deposit unknown": "there is no such mailbox",
            "voicemail.login wrong": "the mailbox and the PIN do not go together",
            "voicemail.login locked": "too many wrong PINs",
            "closure.current heard": "a closure message is recorded and on",
            "closure.login wrong": "the code and the PIN do not go together",
            "directory.search none": "nobody has such a name",
            "conference.find unknown": "no conference has this room",
            "conference.find too_early": "the conference is not open yet",
            "conference.find over": "the conference is over",
            "conference.find open": "the room has no code: anybody is let in",
            "conference.enter wrong": "not a code of this conference",
            "conference.enter admitted": "a code of this conference",
        }
    ),
)

_FRENCH = Words(
    language="fr",
    locale="fr_CA",
    said=MappingProxyType(
        {
            "instant": "EEEE d MMMM y, HH 'h' mm",
            "decision": "{number} est {behaviour} : {why}",
            "ending": "{why} : {what}",
            "title": "Un appel au {to}, de {caller}",
            "anonymous": "un numéro masqué",
            "internal": "{number}, un de nos téléphones",
            "leads": "mène au traitement {flow}",
            "no_flow": "ce numéro n’existe pas ici",
            "as_open": "rien n’est prévu pour ce moment : il fait comme s’il était ouvert",
            "may_not": "le {extension} ne peut pas appeler le {number} : {kind}",
            "with_code": "le {extension} appelle le {number} avec son code d’accès : {kind}",
            "may": "le {extension} peut appeler le {number} : {kind}",
            "by_telephone": "la suite demande de vrais téléphones, et n’est pas essayée ici",
            "in_conference": "l’appelant entre dans la conférence",
            "no_number": "{number} n’est ni un poste ni un numéro de téléphone",
            "no_line": "{number} : aucune ligne ne mène à l’extérieur",
            "not_taken": "l’appel est refusé, sans un mot",
            "no_hours": "aucune heure n’est fixée pour ce qui a été composé",
            "rings": "fait sonner {who} pendant {seconds} s",
            "screened": "qui répond entend qui appelle, et doit appuyer sur le 1",
            "answers": "{who} prend l’appel ; la conversation commence",
            "answers_screened": "{who} répond, entend qui appelle et appuie sur le 1 ; la "
            "conversation commence",
            "speaks": "parle pendant {seconds} s",
            "silent": "{seconds} s de silence",
            "recording": "un enregistrement, {seconds} s",
            "ringback": "la sonnerie",
            "music": "la musique d’attente",
            "caller": "l’appelant raccroche",
            "company": "l’entreprise raccroche",
            "stuck": "plus rien ne se passe",
            "voicemail": "la boîte vocale du {mailbox}",
            "voicemail_busy": "la boîte vocale du {mailbox}, avec son message d’occupation",
            "on_the_phone": "une phrase dit que la personne est au téléphone, et rien de plus",
            "on_the_phone_then": "une phrase dit que la personne est au téléphone, puis la boîte "
            "vocale",
            "unreachable": "personne ne peut être joint, et l’appel prend fin",
            "nothing": "Une simulation : personne n’a été appelé, rien n’a été conservé, aucun "
            "courriel n’a été envoyé.",
            "fault": "problème : {text}",
            "mark_why": "raison",
            "mark_state": "étape",
            "mark_plays": "son",
            "mark_sounds": "♪",
            "mark_presses": "touche",
            "mark_speaks": "parle",
            "mark_silent": "…",
            "mark_works": "action",
            "mark_rings": "sonne",
            "mark_answers": "pris",
            "mark_ends": "fin",
        }
    ),
    rings=MappingProxyType(
        {
            Why.CALLED: "le {behalf} est appelé",
            Why.FORWARDED_ALWAYS: "le {behalf} renvoie toujours ses appels",
            Why.FORWARDED_NO_ANSWER: "le {behalf} renvoie les appels sans réponse",
            Why.FORWARDED_TOGETHER: "le {behalf} et son numéro sonnent en même temps",
            Why.FORWARDED_PRESS_1: "le {behalf} renvoie les appels lorsque l’appelant appuie sur 1",
            Why.FOLLOW_ME: "Find-me / Follow-me du {behalf}",
        }
    ),
    left_out=MappingProxyType(
        {
            Why.DO_NOT_DISTURB: "le {extension} ne sonne pas : ne pas déranger",
            Why.BUSY: "le {extension} ne sonne pas : il est au téléphone",
            Why.NO_TELEPHONE: "le {extension} ne sonne pas : il n’a pas de téléphone",
            Why.ALREADY_THERE: "le {extension} ne renvoie pas l’appel au {target} : il en vient",
            Why.TOO_OFTEN: "le {extension} ne renvoie pas l’appel au {target} : il l’a été trop "
            "souvent",
        }
    ),
    ends=MappingProxyType(
        {
            Why.NOBODY_ANSWERED: "personne n’a pris l’appel",
            Why.NOBODY_TO_RING: "il n’y a personne à faire sonner",
            Why.DO_NOT_DISTURB: "ne pas déranger",
            Why.BUSY: "au téléphone",
            Why.VOICEMAIL_SKIPPED: "personne n’a pris l’appel, et le Follow-me saute la boîte "
            "vocale",
        }
    ),
    refused=MappingProxyType(
        {
            Refused.BLOCKED: "rejeté par la restriction {id}{note} : le numéro {operator} {digits}",
            Refused.NOT_ALLOWED: "rejeté : d’autres numéros sont autorisés, pas celui-ci",
            Refused.ANONYMOUS: "rejeté : les appels sans numéro ne sont pas pris",
        }
    ),
    operators=MappingProxyType(
        {
            Operator.EQUALS: "est égal à",
            Operator.STARTS_WITH: "commence par",
            Operator.ENDS_WITH: "finit par",
            Operator.CONTAINS: "contient",
        }
    ),
    kinds=MappingProxyType(
        {
            NumberClass.EMERGENCY: "un appel d’urgence",
            NumberClass.LOCAL: "un appel local",
            NumberClass.TOLL_FREE: "un appel sans frais",
            NumberClass.LONG_DISTANCE: "un appel interurbain",
            NumberClass.INTERNATIONAL: "un appel international",
            NumberClass.PREMIUM: "un numéro surtaxé",
        }
    ),
    outcomes=MappingProxyType(
        {
            "voicemail.keep_deposit kept": "le message serait conservé, et envoyé par courriel "
            "s’il y a lieu",
            "voicemail.keep_deposit too_short": "trop peu a été dit : rien ne serait conservé",
            "voicemail.open_deposit full": "la boîte vocale est pleine",
            "voicemail.open_deposit unknown": "cette boîte vocale n’existe pas",
            "voicemail.login wrong": "la boîte vocale et le mot de passe ne vont pas ensemble",
            "voicemail.login locked": "trop de mauvais mots de passe",
            "closure.current heard": "un message de fermeture est enregistré et activé",
            "closure.login wrong": "le code et le mot de passe ne vont pas ensemble",
            "directory.search none": "personne ne porte un tel nom",
            "conference.find unknown": "aucune conférence n’a cette salle",
            "conference.find too_early": "la conférence n’est pas encore ouverte",
            "conference.find over": "la conférence est terminée",
            "conference.find open": "la salle n’a pas de code : tout le monde entre",
            "conference.enter wrong": "ce n’est pas un code de cette conférence",
            "conference.enter admitted": "c’est un code de cette conférence",
        }
    ),
)

LANGUAGES: Mapping[str, Words] = MappingProxyType({"fr": _FRENCH, "en": _ENGLISH})
