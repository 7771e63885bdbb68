"""The command `vestibule`: what administrators type.

Exit status: 0 done, 1 refused or failed (one line on standard error says why), 2 mistyped.
"""

import sys

import typer

from call.errors import Fault
from vestibule.cli.attendants import app as attendant_commands
from vestibule.cli.auditing import audit
from vestibule.cli.calling import call
from vestibule.cli.checkup import doctor
from vestibule.cli.closures import app as closure_commands
from vestibule.cli.conference_history import add_history_commands
from vestibule.cli.conference_live import add_live_commands
from vestibule.cli.conference_mail import add_mail_commands
from vestibule.cli.conference_people import add_people_commands
from vestibule.cli.conferences import app as conference_commands
from vestibule.cli.exceptions import app as exception_commands
from vestibule.cli.exceptions import holiday_app as holiday_commands
from vestibule.cli.extensions import app as extension_commands
from vestibule.cli.flows import app as flow_commands
from vestibule.cli.hours import app as hour_commands
from vestibule.cli.keys import app as key_commands
from vestibule.cli.mail import app as mail_commands
from vestibule.cli.mailboxes import app as mailbox_commands
from vestibule.cli.messages import app as message_commands
from vestibule.cli.phones import app as phone_commands
from vestibule.cli.prompts import app as prompt_commands
from vestibule.cli.recordings import app as recording_commands
from vestibule.cli.restrictions import app as restriction_commands
from vestibule.cli.running import demo, serve
from vestibule.cli.simulating import simulate
from vestibule.cli.trunks import app as trunk_commands

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="The front door of a small company's telephone.",
)
app.command("serve")(serve)
app.command("demo")(demo)
app.command("call")(call)
app.command("simulate")(simulate)
app.command("doctor")(doctor)
app.command("audit")(audit)
app.add_typer(attendant_commands, name="attendant")
app.add_typer(closure_commands, name="closure")
app.add_typer(conference_commands, name="conference")
add_people_commands(conference_commands)
add_mail_commands(conference_commands)
add_history_commands(conference_commands)
add_live_commands(conference_commands)
app.add_typer(exception_commands, name="exception")
app.add_typer(extension_commands, name="extension")
app.add_typer(flow_commands, name="flow")
app.add_typer(holiday_commands, name="holidays")
app.add_typer(hour_commands, name="hours")
app.add_typer(key_commands, name="keys")
app.add_typer(mail_commands, name="mail")
app.add_typer(mailbox_commands, name="mailbox")
app.add_typer(message_commands, name="message")
app.add_typer(phone_commands, name="phone")
app.add_typer(prompt_commands, name="prompts")
app.add_typer(recording_commands, name="recording")
app.add_typer(restriction_commands, name="restriction")
app.add_typer(trunk_commands, name="trunk")


def main() -> None:
    """Run one command; a fault of ours or of a file becomes one message and status 1."""
    try:
        app()
    except Fault as fault:
        sys.exit(f"vestibule: {fault}")
