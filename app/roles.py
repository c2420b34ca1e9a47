"""The roles of those who may enter, each with all that the ones before it may: viewer, operator, admin."""

from enum import StrEnum


class Role(StrEnum):
    """What the holder of a token may do: read; register, run, stop and delete; and all that concerns the instance itself."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    ADMIN = "admin"

    def may(self, needed: "Role") -> bool:
        """Whether this role includes `needed`."""
        order = list(Role)
        return order.index(self) >= order.index(needed)
