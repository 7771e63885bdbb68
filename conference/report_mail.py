"""The e-mail by which an administrator gets the report on a session.

What is said is in `templates/<language>/conference_report.*`.
"""

import re
import unicodedata

from conference.letter import Enclosure, Letter, Wording
from conference.ports import MailDue
from conference.report import Report

_STEM_LETTERS = 60


def report_letter(
    due: MailDue, report: Report, pdf: bytes, wording: Wording, *, recording: bool
) -> Letter:
    """The letter with its report; `recording` says whether there is one to be had."""
    words: dict[str, object] = {
        "name": due.invitee.name,
        "title": report.title,
        "day": report.day,
        "notice": report.notice,
        "cut_off": report.cut_off,
        "facts": report.facts,
        "recording": recording,
        "session": due.session,
        "answered": False,
        "inviter": "",
    }
    stem = f"{report.language}/conference_report"
    words["subject"] = subject = wording.line(f"{stem}.subject.j2", words)
    return Letter(
        subject,
        wording.text(f"{stem}.txt.j2", words),
        wording.text(f"{stem}.html.j2", words),
        report.language,
        enclosures=(Enclosure(pdf_name(report), pdf),),
    )


def pdf_name(report: Report) -> str:
    """What the file is called: what it is and of what, in letters that every system knows."""
    plain = unicodedata.normalize("NFKD", f"{report.heading} {report.title}")
    letters = plain.encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", letters)[:_STEM_LETTERS].strip("-") + ".pdf"
