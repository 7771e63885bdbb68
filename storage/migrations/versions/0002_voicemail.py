"""What owners and administrators may choose, urgent and forwarded messages, the history."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_YES, _NO = sa.true(), sa.false()

_Kind = type[sa.Boolean] | type[sa.Integer] | type[sa.Text] | sa.String
_NewColumn = tuple[str, _Kind, str | sa.ColumnElement[bool]]

_MAILBOX: tuple[_NewColumn, ...] = (
    ("store_on_server", sa.Boolean, _YES),
    ("zero", sa.String(80), "operator"),
    ("star", sa.String(80), "login"),
    ("envelope", sa.Boolean, _YES),
    ("trust_own_phone", sa.Boolean, _NO),
    ("can_send", sa.Boolean, _YES),
    ("can_call_back", sa.Boolean, _NO),
    ("transcribe", sa.Boolean, _NO),
    ("trash_days", sa.Integer, "30"),
    ("welcomed", sa.Boolean, _YES),
)

_MESSAGE: tuple[_NewColumn, ...] = (
    ("urgent", sa.Boolean, _NO),
    ("in_box", sa.Boolean, _YES),
    ("forwarded_by", sa.String(10), ""),
    ("transcript", sa.Text, ""),
)


def upgrade() -> None:
    _add("mailbox", _MAILBOX)
    op.add_column("mailbox", sa.Column("retention_days", sa.Integer, nullable=True))
    _add("message", _MESSAGE)
    op.execute("UPDATE message SET folder = 'old' WHERE folder = 'saved'")
    op.add_column("greeting", sa.Column("until", sa.BigInteger, nullable=True))
    _add("outbox", (("mailbox", sa.String(10), ""),))
    op.execute(
        "UPDATE outbox SET mailbox = coalesce("
        "(SELECT message.mailbox FROM message WHERE message.id = outbox.message), '')"
    )
    op.create_index("ix_outbox_mailbox", "outbox", ["mailbox"])
    op.create_table(
        "history",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("actor", sa.String(80), nullable=False),
        sa.Column("action", sa.String(40), nullable=False),
        sa.Column("mailbox", sa.String(10), nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_history"),
    )
    op.create_index("ix_history_mailbox", "history", ["mailbox"])


def downgrade() -> None:
    op.drop_table("history")
    op.drop_index("ix_outbox_mailbox", "outbox")
    op.drop_column("outbox", "mailbox")
    op.drop_column("greeting", "until")
    for table, columns in (("message", _MESSAGE), ("mailbox", _MAILBOX)):
        for name, _, _ in columns:
            op.drop_column(table, name)
    op.drop_column("mailbox", "retention_days")


def _add(table: str, columns: tuple[_NewColumn, ...]) -> None:
    """Columns that hold something in every row there is already."""
    for name, kind, default in columns:
        op.add_column(table, sa.Column(name, kind, nullable=False, server_default=default))
