"""The store on SQLAlchemy: SQLite or PostgreSQL, one transaction a method."""

from voicemail.adapters.sqlalchemy_mailboxes import SqlAlchemyMailboxes
from voicemail.adapters.sqlalchemy_messages import SqlAlchemyMessages
from voicemail.adapters.sqlalchemy_outbox import SqlAlchemyOutbox


class SqlAlchemyStore(SqlAlchemyMailboxes, SqlAlchemyMessages, SqlAlchemyOutbox):
    """Everything but the sound, in one database."""
