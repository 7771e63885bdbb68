"""Mailboxes, messages, greetings, wrong PINs, and the outbox."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    _mailboxes()
    _contents()
    _outbox()


def downgrade() -> None:
    for table in (
        "outbox_recipient",
        "outbox",
        "failure",
        "greeting",
        "message",
        "deposit",
        "mailbox_address",
        "mailbox",
    ):
        op.drop_table(table)


def _belongs(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["mailbox"], ["mailbox.number"], name=f"fk_{table}_mailbox")


def _mailboxes() -> None:
    op.create_table(
        "mailbox",
        sa.Column("number", sa.String(10), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column("zone", sa.String(64), nullable=False),
        sa.Column("max_message_s", sa.Integer, nullable=False),
        sa.Column("min_speech_s", sa.Float, nullable=False),
        sa.Column("max_messages", sa.Integer, nullable=False),
        sa.Column("attachment", sa.String(8), nullable=False),
        sa.Column("pin_hash", sa.String(255), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_mailbox"),
    )
    op.create_table(
        "mailbox_address",
        sa.Column("mailbox", sa.String(10), nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("address", sa.String(320), nullable=False),
        _belongs("mailbox_address"),
        sa.PrimaryKeyConstraint("mailbox", "position", name="pk_mailbox_address"),
    )
    op.create_table(
        "failure",
        sa.Column("subject", sa.String(64), nullable=False),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("locked_until", sa.BigInteger, nullable=True),
        sa.Column("last", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("subject", name="pk_failure"),
    )


def _contents() -> None:
    op.create_table(
        "deposit",
        sa.Column("id", sa.String(26), nullable=False),
        sa.Column("mailbox", sa.String(10), nullable=False),
        sa.Column("node", sa.String(64), nullable=False),
        sa.Column("opened", sa.BigInteger, nullable=False),
        _belongs("deposit"),
        sa.PrimaryKeyConstraint("id", name="pk_deposit"),
    )
    op.create_index("ix_deposit_mailbox", "deposit", ["mailbox"])
    op.create_table(
        "message",
        sa.Column("id", sa.String(26), nullable=False),
        sa.Column("mailbox", sa.String(10), nullable=False),
        sa.Column("caller_number", sa.String(40), nullable=False),
        sa.Column("caller_name", sa.String(80), nullable=False),
        sa.Column("received", sa.BigInteger, nullable=False),
        sa.Column("duration_s", sa.Float, nullable=False),
        sa.Column("sound", sa.String(255), nullable=False),
        sa.Column("folder", sa.String(8), nullable=False),
        sa.Column("deleted", sa.BigInteger, nullable=True),
        _belongs("message"),
        sa.PrimaryKeyConstraint("id", name="pk_message"),
    )
    op.create_index("ix_message_mailbox", "message", ["mailbox"])
    op.create_table(
        "greeting",
        sa.Column("mailbox", sa.String(10), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("sound", sa.String(255), nullable=False),
        sa.Column("duration_s", sa.Float, nullable=False),
        sa.Column("kept", sa.BigInteger, nullable=False),
        _belongs("greeting"),
        sa.PrimaryKeyConstraint("mailbox", "kind", name="pk_greeting"),
    )


def _outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("message", sa.String(26), nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.Column("due", sa.BigInteger, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("lease_until", sa.BigInteger, nullable=True),
        sa.Column("worker", sa.String(64), nullable=True),
        sa.Column("handed_over", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_outbox"),
    )
    op.create_index("ix_outbox_message", "outbox", ["message"])
    op.create_index("ix_outbox_state_due", "outbox", ["state", "due"])
    op.create_table(
        "outbox_recipient",
        sa.Column("task", sa.String(40), nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("address", sa.String(320), nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("reply", sa.Text, nullable=False),
        sa.ForeignKeyConstraint(["task"], ["outbox.id"], name="fk_outbox_recipient_task"),
        sa.PrimaryKeyConstraint("task", "position", name="pk_outbox_recipient"),
    )
