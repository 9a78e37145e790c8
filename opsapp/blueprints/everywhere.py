"""/policies: the policies of all tenants the viewer may see, and any two of them side by side."""

from flask import Blueprint, abort, render_template, request
from flask.typing import ResponseReturnValue

from opsapp.blueprints.context import GREATEST_ID, actor
from opsapp.blueprints.policy_pages import asked_filter, download, list_file_name, list_values
from opsapp.models import PolicyVersion
from opsapp.permissions import allows, signed_in, viewer
from opsapp.presenters import policy_diff
from opsapp.presenters.numbers import plural
from opsapp.refusals import NotFound
from opsapp.services import policies, policy_compare, policy_export, policy_list
from opsapp.services.paging import Cursor
from opsapp.services.policy_list import PolicyFilter
from opsapp.services.policy_search import Scope

bp = Blueprint("everywhere", __name__, url_prefix="/policies")

SHORTEST_FIND = 2
FOUND_SHOWN = 12
GREATEST_VERSION = 2**31 - 1


@bp.get("")
@signed_in
def index() -> ResponseReturnValue:
    scope = Scope(user=viewer())
    facets = policy_list.facets_everywhere(scope)
    reach = policy_export.reach_of(viewer())
    where = f"in {plural(reach.allowed + reach.left_out, 'tenant')}"
    return render_template(
        "policies/everywhere.html",
        reach=reach,
        **list_values(scope, asked_filter(everywhere=True), facets, where),
    )


@bp.post("/export")
@signed_in
def export() -> ResponseReturnValue:
    """All that match, of the tenants where the viewer may export; as CSV."""
    scope = Scope(user=viewer(), word=policy_export.WORD)
    pieces = policy_export.list_as_csv(actor(), scope, asked_filter(everywhere=True))
    return download(pieces, list_file_name("all"), "text/csv")


@bp.get("/compare")
@signed_in
def compare() -> ResponseReturnValue:
    """``left`` and ``right`` are ``ID`` or ``ID@VERSION``; without one of them it is to choose."""
    left, right = (_asked_side(name) for name in ("left", "right"))
    find = request.args.get("find", "").strip()
    before_label, after_label = policy_diff.side_labels(left, right)
    compared = policy_compare.compare_versions(left, right) if left and right else None
    return render_template(
        "policies/compare_any.html",
        before_label=before_label,
        after_label=after_label,
        left=left,
        right=right,
        find=find,
        found=_found(find),
        found_shown=FOUND_SHOWN,
        place_of=place_of,
        **(policy_diff.page_values(compared) if compared else {"compared": None}),
    )


def place_of(version: PolicyVersion) -> str:
    """How a side is named in the address."""
    return f"{version.policy_id}@{version.number}"


def _asked_side(name: str) -> PolicyVersion | None:
    """The version that the address names; None where it names none. Aborts with 404."""
    text = request.args.get(name, "").strip()
    if not text:
        return None
    number, _, version = text.partition("@")
    if not number.isdecimal() or not (version.isdecimal() or not version):
        abort(404)
    try:
        policy = policies.find_anywhere(min(int(number), GREATEST_ID))
        if not allows(viewer(), policy.tenant, "tenant.view"):
            abort(404)
        wanted = min(int(version), GREATEST_VERSION) if version else None
        return policies.version_of(policy, wanted)
    except NotFound:
        abort(404)


def _found(find: str) -> policy_list.PolicyList | None:
    """Policies to choose from; None where nothing is looked for."""
    if len(find) < SHORTEST_FIND:
        return None
    chosen = PolicyFilter(q=find, seen="all")
    return policy_list.browse(Scope(user=viewer()), chosen, "name", Cursor())
