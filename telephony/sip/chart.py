"""Draws the transaction machines from the tables that run them.

python -m telephony.sip.chart > docs/sip-transactions.md
"""

import sys
from collections.abc import Mapping
from types import MappingProxyType

from telephony.sip.transaction import INITIAL, TABLES, Act, Kind, State, Times

_SECTIONS: Mapping[Kind, str] = MappingProxyType(
    {
        Kind.INVITE_CLIENT: "RFC 3261 §17.1.1 and RFC 6026 §8.4: a call we make",
        Kind.CLIENT: "RFC 3261 §17.1.2: any other request we make",
        Kind.INVITE_SERVER: "RFC 3261 §17.2.1 and RFC 6026 §8.7: a call made to us",
        Kind.SERVER: "RFC 3261 §17.2.2: any other request made to us",
    }
)


def page() -> str:
    """The whole page, in Markdown with Mermaid diagrams."""
    times = Times()
    opening = (
        "# SIP transactions\n\n"
        "Drawn by `python -m telephony.sip.chart` from the tables of\n"
        "`telephony/sip/transaction.py`, the ones that run. Each arrow says what happens, then\n"
        "what is done about it. What a state does not list is ignored.\n\n"
        f"T1 is {times.t1:g} s, T2 {times.t2:g} s, T4 {times.t4:g} s.\n"
    )
    return opening + "".join(section(kind) for kind in Kind)


def section(kind: Kind) -> str:
    """One machine."""
    state, acts = INITIAL[kind]
    lines = [f"    [*] --> {state}: {_label('begins', acts)}"]
    for (source, signal), (target, done) in TABLES[kind].items():
        end = "[*]" if target is State.TERMINATED else str(target)
        lines.append(f"    {source} --> {end}: {_label(signal, done)}")
    diagram = "\n".join(lines)
    return f"\n## {kind}\n\n{_SECTIONS[kind]}.\n\n```mermaid\nstateDiagram-v2\n{diagram}\n```\n"


def _label(signal: str, acts: tuple[Act, ...]) -> str:
    return f"{signal} / {', '.join(acts)}" if acts else signal


if __name__ == "__main__":
    sys.stdout.write(page())
