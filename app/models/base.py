"""What every row shares: the declarative base as the type checker sees it."""

from typing import TYPE_CHECKING

from app.extensions import Base, db

if TYPE_CHECKING:
    Model = Base
else:
    Model = db.Model
