"""/audit/ and /audit.ndjson: who changed what."""

from typing import Any

from flask import Response
from flask.views import MethodView

from app.api.blueprint import Blueprint
from app.api.schemas import AuditSchema
from app.door import needs
from app.roles import Role
from app.schemas.filters import AuditFilterSchema
from app.services import audit, audit_export

blueprint = Blueprint("audit", __name__, description="Who changed what")


@blueprint.route("/audit/")
class Audit(MethodView):
    """The rows of the audit."""

    @needs(Role.ADMIN)
    @blueprint.arguments(AuditFilterSchema, location="query")
    @blueprint.response(200, AuditSchema(many=True))
    @blueprint.paginate()
    def get(self, filters: dict[str, Any], pagination_parameters: Any) -> Any:
        """List who changed what, newest first

        A row for each change that somebody asked for, written in its transaction, and for each that was refused or failed; nothing changes
        or removes one. Filters: `name`, `token_id`, `action`, `outcome` and `via` (repeatable), `kind` and `object_id`, `from` and `to`.
        """
        page = audit.listing(pagination_parameters.page, pagination_parameters.page_size, **filters)
        pagination_parameters.item_count = page.total
        return page.rows


@blueprint.route("/audit.ndjson")
class Ndjson(MethodView):
    """The rows of the audit as lines of JSON."""

    @needs(Role.ADMIN)
    @blueprint.arguments(AuditFilterSchema, location="query")
    @blueprint.response(200, {"type": "string"}, content_type="application/x-ndjson")
    def get(self, filters: dict[str, Any]) -> Any:
        """Return the audit as JSON, one row a line

        Streamed, oldest first, up to the newest row that there is when it is asked for. The filters are the list's.
        """
        headers = {"Content-Disposition": 'attachment; filename="audit.ndjson"', "X-Content-Type-Options": "nosniff"}
        return Response(audit_export.as_ndjson(**filters), mimetype="application/x-ndjson", headers=headers)
