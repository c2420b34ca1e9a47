"""The door: every request needs somebody who may enter and has the role that its route declares, but for the endpoints that say they are public."""

from app.door.asking import PAGES, bearer, guard, is_signed_in, may
from app.door.declared import SAFE, UndeclaredAction, UndeclaredRole, does, is_public, needs, public, refuse_undeclared, role_of

__all__ = [
    "PAGES",
    "SAFE",
    "UndeclaredAction",
    "UndeclaredRole",
    "bearer",
    "does",
    "guard",
    "is_public",
    "is_signed_in",
    "may",
    "needs",
    "public",
    "refuse_undeclared",
    "role_of",
]
