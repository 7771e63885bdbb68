"""The shelves that choices of administrators stand on, over the one database."""

from routing.adapters.sqlalchemy_documents import SqlAlchemyDocuments
from routing.handling import Handling
from routing.shelf import Shelf
from storage.database import Database


def handlings(database: Database) -> Shelf[Handling]:
    """What each extension does with its calls, by its number."""
    return Shelf(SqlAlchemyDocuments(database), "handling", Handling, Handling())
