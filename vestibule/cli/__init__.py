"""The command `vestibule`: what administrators type.

Exit status: 0 done, 1 refused or failed (one line on standard error says why), 2 mistyped.
"""

import sys

import typer

from call.errors import Fault
from vestibule.cli import calling, checkup, flows, mailboxes, messages, prompts, running

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="The front door of a small company's telephone.",
)
app.command("serve")(running.serve)
app.command("demo")(running.demo)
app.command("call")(calling.call)
app.command("doctor")(checkup.doctor)
app.add_typer(flows.app, name="flow")
app.add_typer(mailboxes.app, name="mailbox")
app.add_typer(messages.app, name="message")
app.add_typer(prompts.app, name="prompts")


def main() -> None:
    """Run one command; a fault of ours or of a file becomes one message and status 1."""
    try:
        app()
    except Fault as fault:
        sys.exit(f"vestibule: {fault}")
