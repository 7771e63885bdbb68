"""Telephone calls without a telephone: a scripted caller, a fake leg, and time that jumps.

One script runs at three depths: on the pure dialogue (`PureCall`), on a session with a fake leg
(`LegCall`), and on real SIP and sound, by whoever implements `CallerDriver` there.
"""

from ivr.testing.depths import LegCall, PureCall
from ivr.testing.fake_leg import FakeLeg, FakeVoice
from ivr.testing.line import Line
from ivr.testing.scenario import Scenario, load_scenarios
from ivr.testing.script import (
    CallerDriver,
    Hears,
    NotAsScripted,
    ScriptedCaller,
    ScriptFailed,
    Transcript,
)
from ivr.testing.virtual_time import run_in_virtual_time

__all__ = [
    "CallerDriver",
    "FakeLeg",
    "FakeVoice",
    "Hears",
    "LegCall",
    "Line",
    "NotAsScripted",
    "PureCall",
    "Scenario",
    "ScriptFailed",
    "ScriptedCaller",
    "Transcript",
    "load_scenarios",
    "run_in_virtual_time",
]
