"""The mailboxes flows are tried on answer as the catalogue says."""

from pathlib import Path

from ivr.operations import CATALOGUE
from tests.ivr.memory_mailbox import MemoryMailbox


def test_every_operation_of_the_catalogue_is_answered(tmp_path: Path) -> None:
    assert MemoryMailbox(tmp_path).bound.keys() == CATALOGUE.keys()


async def test_an_answer_gives_every_value_the_catalogue_promises(tmp_path: Path) -> None:
    mailbox = MemoryMailbox(tmp_path, own_phone="101")
    asked = [
        ("voicemail.open_deposit", {"mailbox": "101", "busy": True}),
        ("voicemail.treatment", {"key": "zero"}),
        ("voicemail.recognise", {}),
        ("voicemail.login", {"mailbox": "101", "pin": "4711"}),
        ("voicemail.summary", {}),
        ("voicemail.open_folder", {"folder": "work"}),
        ("voicemail.compose", {"mailbox": "102"}),
        ("voicemail.open_forward", {}),
        ("voicemail.open_introduction", {}),
        ("voicemail.add_recipient", {"mailbox": "102"}),
        ("voicemail.open_greeting", {"kind": "busy"}),
        ("voicemail.set_language", {"language": "en"}),
    ]
    for name, arguments in asked:
        outcome = await mailbox.perform(name, arguments)
        assert outcome.values.keys() == CATALOGUE[name].outcomes[outcome.name]
