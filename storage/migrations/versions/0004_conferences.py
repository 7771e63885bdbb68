"""Conferences: what was arranged, the e-mails about it, what was held and what happened there."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _arranged()
    _held()


def downgrade() -> None:
    for table in ("conference_entry", "conference_session", "conference_mail", "conference"):
        op.drop_table(table)


def _arranged() -> None:
    op.create_table(
        "conference",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("room", sa.String(4), nullable=False),
        sa.Column("holds", sa.String(4), nullable=True),
        sa.Column("closes", sa.BigInteger, nullable=True),
        sa.Column("document", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_conference"),
    )
    op.create_index("ix_conference_room", "conference", ["room"])
    op.create_index("ix_conference_holds", "conference", ["holds"], unique=True)
    op.create_table(
        "conference_mail",
        sa.Column("id", sa.String(80), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("conference", sa.String(40), nullable=False),
        sa.Column("document", sa.Text, nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.Column("due", sa.BigInteger, nullable=True),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("fault", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_conference_mail"),
    )
    op.create_index("ix_conference_mail_due", "conference_mail", ["due"])


def _held() -> None:
    op.create_table(
        "conference_session",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("conference", sa.String(40), nullable=False),
        sa.Column("room", sa.String(4), nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column("document", sa.Text, nullable=False),
        sa.Column("began", sa.BigInteger, nullable=False),
        sa.Column("ended", sa.BigInteger, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_conference_session"),
    )
    op.create_index("ix_conference_session_conference", "conference_session", ["conference"])
    op.create_index("ix_conference_session_began", "conference_session", ["began"])
    op.create_table(
        "conference_entry",
        sa.Column("session", sa.String(40), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("document", sa.Text, nullable=False),
        sa.ForeignKeyConstraint(
            ["session"], ["conference_session.id"], name="fk_conference_entry_session"
        ),
        sa.PrimaryKeyConstraint("session", "number", name="pk_conference_entry"),
    )
