"""A code the company gave to its own people is dialled while a greeting plays."""

from datetime import UTC, datetime
from pathlib import Path

from call.clock import VirtualClock
from ivr.dialogue import Dialogue
from ivr.loader import load_flows
from ivr.operations import CATALOGUE
from ivr.testing import PureCall, ScriptedCaller
from tests.ivr.memory_mailbox import MemoryMailbox
from vestibule.shipped import read_book

GREETING = """
schema  = "ivr-flow/1"
flow    = "greeting"
title   = { fr = "Accueil", en = "Greeting" }
initial = "menu"
without_operator = "this flow is a test of ours"

[states.menu]
kind   = "menu"
prompt = "aa.menu"
keys   = { 8 = "eight" }
dial   = { patterns = ["8500", "extension", "code"] }
on     = { dial_8500 = "eight", dial_extension = "other", dial_code = "code", max_no_input = "other", max_no_match = "other" }
[states.code]
kind   = "hangup"
prompt = { phrase = "aa.welcome", args = { company = "$dialed" } }
[states.eight]
kind   = "hangup"
prompt = "common.one_moment"
[states.other]
kind   = "hangup"
prompt = "common.goodbye"
"""  # noqa: E501  # as authors write it


async def call(tmp_path: Path) -> PureCall:
    (tmp_path / "greeting.toml").write_text(GREETING)
    dialogue = Dialogue(
        load_flows(tmp_path, book=read_book(), operations=CATALOGUE),
        "greeting",
        given={},
        language="fr",
        started_at=datetime(2027, 7, 1, 14, 0, tzinfo=UTC),
        extensions=("101", "8511"),
        codes=("8512", "8511"),
    )
    begun = PureCall(dialogue, MemoryMailbox(tmp_path), VirtualClock())
    await begun.begin()
    return begun


async def test_a_code_leads_where_codes_lead(tmp_path: Path) -> None:
    caller = ScriptedCaller("the owner").hears("aa.menu").presses("8512")
    await caller.hears("aa.welcome", company="8512").calls(await call(tmp_path))


async def test_an_extension_of_the_same_number_comes_first_where_it_stands_first(
    tmp_path: Path,
) -> None:
    caller = ScriptedCaller("a caller").presses("8511").hears("common.goodbye")
    await caller.calls(await call(tmp_path))


async def test_what_begins_like_a_code_is_still_a_key(tmp_path: Path) -> None:
    caller = ScriptedCaller("a caller").presses("8").waits(3).hears("common.one_moment")
    await caller.calls(await call(tmp_path))
