"""The tables of conferences, as the newest migration leaves them."""

from sqlalchemy import Column, ForeignKey, Index, Integer, String, Table, Text

from storage.tables import Instant, new_metadata

metadata = new_metadata()

conference = Table(
    "conference",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("room", String(4), nullable=False),
    Column("holds", String(4), nullable=True),
    Column("closes", Instant, nullable=True),
    Column("document", Text, nullable=False),
    Index("ix_conference_room", "room"),
    Index("ix_conference_holds", "holds", unique=True),
)
"""What was arranged. `holds` is its room as long as no other conference took that room over, which
one may do once this one is closed; `closes` is None where that never comes by itself."""

mail = Table(
    "conference_mail",
    metadata,
    Column("id", String(80), primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("conference", String(40), nullable=False),
    Column("document", Text, nullable=False),
    Column("created", Instant, nullable=False),
    Column("due", Instant, nullable=True),
    Column("attempts", Integer, nullable=False),
    Column("fault", Text, nullable=False),
    Index("ix_conference_mail_due", "due"),
)
"""E-mails; `due` is None once one was sent or given up, so that its id stays known."""

session = Table(
    "conference_session",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("conference", String(40), nullable=False, index=True),
    Column("room", String(4), nullable=False),
    Column("title", String(200), nullable=False),
    Column("language", String(8), nullable=False),
    Column("document", Text, nullable=False),
    Column("began", Instant, nullable=False, index=True),
    Column("ended", Instant, nullable=True),
)
"""What was held: from the first who came until nobody was there any more. `document` is the
conference as it was arranged then; `ended` is None while it is held, or where a crash cut it off
and no start has closed it yet."""

entry = Table(
    "conference_entry",
    metadata,
    Column("session", ForeignKey("conference_session.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("document", Text, nullable=False),
)
"""What happened in a session, in order: the kind of each entry, and what it tells besides."""
