"""Reports on sessions as e-mails and as files: plugged to the words, to typst and to the takes."""

from conference.adapters.typst_report import report_pdf
from conference.errors import SessionUnknown
from conference.letter import Letter, Wording
from conference.ports import MailDue
from conference.report_mail import report_letter
from conference.sessions import Sessions


class Reports:
    """Writes reports."""

    def __init__(self, sessions: Sessions, wording: Wording) -> None:
        self._sessions = sessions
        self._wording = wording

    async def write(self, due: MailDue) -> Letter | None:
        """The letter that is due, in the language of who gets it; None where the session is
        forgotten. Raises StoreUnavailable, ReportUnavailable."""
        try:
            session = await self._sessions.get(due.session)
            report = await self._sessions.report(due.session, due.invitee.language)
        except SessionUnknown:
            return None
        recording = self._sessions.recording_kept_until(session) is not None
        pdf = await report_pdf(report)
        return report_letter(due, report, pdf, self._wording, recording=recording)

    async def pdf(self, session: str, language: str = "") -> bytes:
        """The report as a PDF file, in the language of the conference or in another.

        Raises SessionUnknown, StoreUnavailable, ReportUnavailable.
        """
        return await report_pdf(await self._sessions.report(session, language))
