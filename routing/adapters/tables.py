"""The table of routing, as the newest migration leaves it."""

from sqlalchemy import Column, String, Table, Text

from storage.tables import new_metadata

metadata = new_metadata()

document = Table(
    "routing_document",
    metadata,
    Column("kind", String(32), primary_key=True),
    Column("key", String(64), primary_key=True),
    Column("text", Text, nullable=False),
)
