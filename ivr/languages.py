"""The grammar of each language the telephone speaks: numbers, plurals, dates, phone numbers.

A `Language` is data and a few small functions; everything that differs between two languages is in
the two tables at the end of this module, and nothing elsewhere asks which language it is speaking.
Two kinds of text leave this module. *Printed* text is what a sentence looks like ("14 heures 05",
"514 555-0123"). *Spoken* text is the same with every figure and abbreviation in words, so that all
voices read it alike ("quatorze heures cinq").
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum
from functools import cache, partial
from types import MappingProxyType

from babel import Locale
from babel.dates import format_time
from babel.units import format_unit
from unicode_rbnf import RbnfEngine

from call.errors import Misuse


class Unspeakable(Misuse):
    """A value or a phrase that cannot be said as it was asked: a bug of the one who asked."""


class Gender(StrEnum):
    """What a number agrees with; the values are the marks used in phrase files."""

    MASCULINE = "m"
    FEMININE = "f"


Reader = Callable[["Language", "re.Match[str]"], str]
"""Says in words what a pattern found in printed text."""

LARGEST_READ_AS_A_NUMBER = 9999
"""Longer runs of figures are codes, and are read figure by figure."""

DIGITS = frozenset("0123456789")

LONGEST_EXTENSION = 6
"""Digits; a longer number is a public one."""


@dataclass(frozen=True, slots=True)
class Language:
    """How one language says values. Rule names are those of CLDR's spell-out rules."""

    code: str
    locale: str
    cardinals: Mapping[Gender, str]
    ordinals: Mapping[Gender, str]
    unit_gender: Gender
    """The gender of "hour", "minute" and "second"."""
    respelled: tuple[tuple[str, str], ...]
    """Replacements made in spelled-out numbers."""
    conjunction: str
    extension: str
    """An extension named, `{}` being its digits."""
    unknown_number: str
    today: str
    yesterday: str
    tomorrow: str
    day_of_week: Callable[["Language", date], str]
    """A day with the name it has in its week."""
    day_of_month: Callable[["Language", date], str]
    year_after: str
    """What stands between a day and its year."""
    time_of_day: Callable[["Language", time], str]
    of: Callable[[str], str]
    """A name after the preposition of belonging."""
    readings: tuple[tuple["re.Pattern[str]", Reader], ...]
    """How printed forms are read, tried in order over the whole text."""

    def number(self, value: int, gender: Gender = Gender.MASCULINE) -> str:
        """A count in words. Raises Unspeakable below zero."""
        if value < 0:
            raise Unspeakable(f"a count is not negative: {value}")
        return self._spelled(value, self.cardinals[gender])

    def ordinal(self, value: int, gender: Gender = Gender.MASCULINE) -> str:
        """A rank in words, 1 being the first. Raises Unspeakable below one."""
        if value < 1:
            raise Unspeakable(f"ranks begin at one: {value}")
        return self._spelled(value, self.ordinals[gender])

    def plural(self, value: int) -> str:
        """The plural category of a count, as CLDR names it: "one", "other", "many"."""
        return str(Locale.parse(self.locale).plural_form(value))

    def digits(self, text: str) -> str:
        """The digits of an extension or a code, to be read one by one."""
        return " ".join(character for character in text if character in DIGITS)

    def phone(self, number: str) -> str:
        """A caller's number as it is printed: 3-3-4 in North America, else an extension."""
        digits = "".join(character for character in number if character in DIGITS)
        if not digits:
            return self.unknown_number
        if len(digits) <= LONGEST_EXTENSION:
            return self.extension.format(self.digits(digits))
        local = digits.removeprefix("1") if len(digits) == 11 else digits
        if len(local) == 10 and (not number.startswith("+") or digits != local):
            return f"{local[:3]} {local[3:6]}-{local[6:]}"
        return self.digits(digits)

    def time(self, at: datetime) -> str:
        """The time of day as it is printed, in the zone of `at`."""
        return self.time_of_day(self, at.time())

    def day(self, at: datetime, today: datetime) -> str:
        """Today, yesterday, or the date; seen on the day of `today`, in the zone of `at`."""
        near = {0: self.today, -1: self.yesterday}
        return self._dated(at, today, near, self.day_of_month)

    def coming_day(self, at: datetime, today: datetime) -> str:
        """Today, tomorrow, or the date with the day of the week; seen and told in the same way."""
        near = {0: self.today, 1: self.tomorrow}
        return self._dated(at, today, near, self.day_of_week)

    def _dated(
        self,
        at: datetime,
        today: datetime,
        near: Mapping[int, str],
        dated: Callable[["Language", date], str],
    ) -> str:
        then, now = at.date(), today.astimezone(at.tzinfo).date()
        if (ahead := (then - now).days) in near:
            return near[ahead]
        day = dated(self, then)
        return day if then.year == now.year else f"{day}{self.year_after}{then.year}"

    def duration(self, seconds: float) -> str:
        """A length of time to the second, in words; zero is said as zero seconds."""
        minutes, second = divmod(round(seconds), 60)
        hours, minute = divmod(minutes, 60)
        units = (("hour", hours), ("minute", minute), ("second", second))
        said = [self._quantity(count, unit) for unit, count in units if count]
        if not said:
            return self._quantity(0, "second")
        return f" {self.conjunction} ".join(filter(None, (", ".join(said[:-1]), said[-1])))

    def spoken(self, printed: str) -> str:
        """The words a voice pronounces: no figure, no abbreviation, no control character."""
        text = " ".join("".join(c if c.isprintable() else " " for c in printed).split())
        for pattern, reader in self.readings:
            text = pattern.sub(partial(reader, self), text)
        return text

    def month(self, day: date) -> str:
        """The name of a month, in the middle of a sentence."""
        return str(Locale.parse(self.locale).months["format"]["wide"][day.month])

    def weekday(self, day: date) -> str:
        """The name of a day of the week, in the middle of a sentence."""
        return str(Locale.parse(self.locale).days["format"]["wide"][day.weekday()])

    def _spelled(self, value: int, rule: str) -> str:
        text = _engine(self.code).format_number(value, ruleset_names=[rule]).text
        for old, new in self.respelled:
            text = text.replace(old, new)
        return text.replace("\u00ad", "")

    def _quantity(self, count: int, unit: str) -> str:
        quantity = format_unit(count, f"duration-{unit}", locale=self.locale)
        name = quantity.lstrip("0123456789\u00a0 ")
        return f"{self.number(count, self.unit_gender)} {name}"


@cache
def _engine(code: str) -> RbnfEngine:
    return RbnfEngine.for_language(code)


# ---- Readings shared by the languages


def _phone_number(language: Language, match: re.Match[str]) -> str:
    return ", ".join(_figures(language, group) for group in match.groups())


def _figures(language: Language, digits: str) -> str:
    return " ".join(language.number(int(digit)) for digit in digits)


def _bare_number(language: Language, match: re.Match[str]) -> str:
    digits = match[0]
    is_code = len(digits) > 1 and digits.startswith("0")
    if is_code or int(digits) > LARGEST_READ_AS_A_NUMBER:
        return _figures(language, digits)
    return language.number(int(digits))


def _words(words: str) -> Reader:
    return lambda _language, _match: words


def _reading(pattern: str, reader: Reader) -> tuple[re.Pattern[str], Reader]:
    return re.compile(pattern), reader


PHONE_NUMBER = _reading(
    r"(?<![\d-])\(?([2-9][0-9]{2})\)?[ .-]([0-9]{3})[ .-]([0-9]{4})(?![\d-])", _phone_number
)
BARE_NUMBER = _reading(r"[0-9]+", _bare_number)


# ---- French, as spoken in Quebec


def _french_day(language: Language, day: date) -> str:
    return f"le {_french_date(language, day)}"


def _french_weekday(language: Language, day: date) -> str:
    return f"le {language.weekday(day)} {_french_date(language, day)}"


def _french_date(language: Language, day: date) -> str:
    number = "1er" if day.day == 1 else str(day.day)
    return f"{number} {language.month(day)}"


def _french_time(_language: Language, at: time) -> str:
    if (at.hour, at.minute) in ((0, 0), (12, 0)):
        return "midi" if at.hour else "minuit"
    unit = "heure" if at.hour < 2 else "heures"
    return f"{at.hour} {unit} {at.minute:02}" if at.minute else f"{at.hour} {unit}"


def _french_hour(language: Language, match: re.Match[str]) -> str:
    hour, minute = int(match[1]), int(match[2] or 0)
    said = f"{language.number(hour, Gender.FEMININE)} {'heure' if hour < 2 else 'heures'}"
    return f"{said} {language.number(minute, Gender.FEMININE)}" if minute else said


def _french_rank(language: Language, match: re.Match[str]) -> str:
    gender = Gender.FEMININE if match[2] == "re" else Gender.MASCULINE
    return language.ordinal(int(match[1]), gender)


def _french_of(name: str) -> str:
    """Elides before a vowel, a mute h, and a y that sounds as a vowel (Yves, not Yolande)."""
    elided = re.match(r"[aàâæeéèêëhiîïoôœuùûü]|y(?![aeiou])", name, re.IGNORECASE)
    return f"d'{name}" if elided else f"de {name}"


FRENCH = Language(
    code="fr",
    locale="fr_CA",
    cardinals=MappingProxyType(
        {
            Gender.MASCULINE: "spellout-cardinal-masculine",
            Gender.FEMININE: "spellout-cardinal-feminine",
        }
    ),
    ordinals=MappingProxyType(
        {
            Gender.MASCULINE: "spellout-ordinal-masculine",
            Gender.FEMININE: "spellout-ordinal-feminine",
        }
    ),
    unit_gender=Gender.FEMININE,
    respelled=(("-et-", " et "),),
    conjunction="et",
    extension="poste {}",
    unknown_number="numéro inconnu",
    today="aujourd'hui",
    yesterday="hier",
    tomorrow="demain",
    day_of_week=_french_weekday,
    day_of_month=_french_day,
    year_after=" ",
    time_of_day=_french_time,
    of=_french_of,
    readings=(
        PHONE_NUMBER,
        _reading(r"\b([01]?[0-9]|2[0-4]) ?h(?:eures?)?(?: ?([0-5][0-9]))?\b", _french_hour),
        _reading(r"\b([1-9][0-9]{0,3})(er|re|e)\b", _french_rank),
        _reading(r"\bMM\.(?= )", _words("messieurs")),
        _reading(r"\bM\.(?= )", _words("monsieur")),
        _reading(r"\bMmes?\b\.?", _words("madame")),
        _reading(r"\bMlle\b\.?", _words("mademoiselle")),
        _reading(r"\bDre?\b\.?(?= )", _words("docteur")),
        _reading(r"\b[Ll]t[ée]e\b\.?", _words("limitée")),
        _reading(r"\b[Ii]nc\.", _words("incorporée")),
        _reading(r"\b[Cc]ie\b\.?", _words("compagnie")),
        _reading(r" & ", _words(" et ")),
        BARE_NUMBER,
    ),
)


# ---- English, as spoken in Canada


def _english_day(language: Language, day: date) -> str:
    return f"on {_english_date(language, day)}"


def _english_weekday(language: Language, day: date) -> str:
    return f"on {language.weekday(day)}, {_english_date(language, day)}"


def _english_date(language: Language, day: date) -> str:
    suffix = {1: "st", 2: "nd", 3: "rd"}.get(day.day % 10, "th")
    ending = "th" if day.day in (11, 12, 13) else suffix
    return f"{language.month(day)} {day.day}{ending}"


def _english_time(language: Language, at: time) -> str:
    if (at.hour, at.minute) in ((0, 0), (12, 0)):
        return "noon" if at.hour else "midnight"
    pattern = "h:mm a" if at.minute else "h a"
    return " ".join(format_time(at, pattern, locale=language.locale).split())


def _english_hour(language: Language, match: re.Match[str]) -> str:
    hour, minute, half = language.number(int(match[1])), match[2], match[3]
    said = [hour]
    if minute and int(minute):
        said += ["oh"] if int(minute) < 10 else []
        said.append(language.number(int(minute)))
    # "a.m." stays as it is printed: apart, "a" is read as an article.
    return " ".join([*said, f"{half.lower()}.m."] if half else said)


def _english_rank(language: Language, match: re.Match[str]) -> str:
    return language.ordinal(int(match[1]))


ENGLISH = Language(
    code="en",
    locale="en_CA",
    cardinals=MappingProxyType(dict.fromkeys(Gender, "spellout-cardinal")),
    ordinals=MappingProxyType(dict.fromkeys(Gender, "spellout-ordinal")),
    unit_gender=Gender.MASCULINE,
    respelled=(),
    conjunction="and",
    extension="extension {}",
    unknown_number="an unknown number",
    today="today",
    yesterday="yesterday",
    tomorrow="tomorrow",
    day_of_week=_english_weekday,
    day_of_month=_english_day,
    year_after=", ",
    time_of_day=_english_time,
    of=lambda name: f"of {name}",
    readings=(
        PHONE_NUMBER,
        _reading(
            r"\b([01]?[0-9]|2[0-3]):([0-5][0-9])(?: ?([AaPp])\.?[Mm]\b\.?)?",
            _english_hour,
        ),
        _reading(r"\b(1[0-2]|[1-9])()? ?([AaPp])\.?[Mm]\b\.?", _english_hour),
        _reading(r"\b([1-9][0-9]{0,3})(?:st|nd|rd|th)\b", _english_rank),
        _reading(r"\bMr\b\.?", _words("mister")),
        _reading(r"\bMrs\b\.?", _words("missus")),
        _reading(r"\bMs\b\.?(?= )", _words("miz")),
        _reading(r"\bDr\b\.?(?= )", _words("doctor")),
        _reading(r"\b[Ll]td\b\.?", _words("limited")),
        _reading(r"\b[Ii]nc\.", _words("incorporated")),
        _reading(r" & ", _words(" and ")),
        BARE_NUMBER,
    ),
)

LANGUAGES: Mapping[str, Language] = MappingProxyType(
    {language.code: language for language in (FRENCH, ENGLISH)}
)
"""The languages there is a grammar for, by code."""
