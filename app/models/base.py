"""What every row shares: the declarative base as the type checker sees it, and its columns as a query selects them."""

from typing import TYPE_CHECKING, Any

from app.extensions import Base, db

if TYPE_CHECKING:
    _Declared = Base
else:
    _Declared = db.Model


class Model(_Declared):
    """The base of our rows."""

    __abstract__ = True

    @classmethod
    def columns(cls) -> list[Any]:
        """Return all columns, to be selected as plain rows; unlike those of the table, the conditions of the model go with them."""
        return [getattr(cls, column.key) for column in cls.__table__.columns]
