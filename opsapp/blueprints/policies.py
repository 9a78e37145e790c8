"""/tenants/<slug>/policies: the policies of a tenant, and one of them in any of its versions."""

from flask import Blueprint, abort, render_template, request
from flask.typing import ResponseReturnValue

from opsapp.blueprints.context import asked_number, cursor
from opsapp.intune.readable import count_of, has_numbered, matching, sections_of
from opsapp.intune.secrets import masked
from opsapp.models import Policy, PolicyVersion, Tenant
from opsapp.permissions import requires
from opsapp.presenters import assignment_words, policy_words
from opsapp.presenters.tenant_actions import start_action
from opsapp.refusals import NotFound
from opsapp.services import groups, overview
from opsapp.services import policies as service

bp = Blueprint("policies", __name__, url_prefix="/tenants/<slug>/policies")

ASSIGNED_WORDS = {"yes": "Assigned", "no": "Not assigned"}
SEEN_WORDS = {"gone": "Gone from the tenant", "all": "Present and gone"}
GREATEST_VERSION = 2**31 - 1
LARGE = 128 * 1024  # bytes of JSON that a page carries unasked


@bp.get("")
@requires("tenant.view")
def index(tenant: Tenant) -> ResponseReturnValue:
    chosen, sort = _filter(), _sort()
    facets = service.facets(tenant)
    found = service.browse(tenant, chosen, sort, cursor())
    group_name = groups.name_of(tenant, chosen.group) if chosen.group else None
    active = None if facets.total else _active_sync(tenant)
    return render_template(
        "policies/index.html",
        tenant=tenant,
        chosen=chosen,
        sort=sort,
        found=found,
        facets=facets,
        sentence=policy_words.list_sentence(found, facets, chosen, group_name),
        words=_chip_words(facets, chosen, group_name),
        sync=start_action(tenant, "inventory.sync", active),
        label_of=service.label_of,
        kind_word=policy_words.kind_word,
        is_assignable=service.is_assignable,
        assigned_words=ASSIGNED_WORDS,
        seen_words=SEEN_WORDS,
    )


def _filter() -> service.PolicyFilter:
    """What the address asks for; a value that does not exist is as if it were not there."""
    asked = request.args
    assigned, seen = asked.get("assigned", ""), asked.get("seen", "")
    return service.PolicyFilter(
        type=asked.get("type", ""),
        platform=asked.get("platform", ""),
        assigned=assigned if assigned in ASSIGNED_WORDS else "",
        seen=seen if seen in SEEN_WORDS else "",
        group=asked.get("group", "").strip(),
        q=asked.get("q", "").strip(),
    )


def _chip_words(
    facets: service.Facets, chosen: service.PolicyFilter, group_name: str | None
) -> dict[str, dict[str, str]]:
    return {
        "type": dict(facets.types),
        "assigned": ASSIGNED_WORDS,
        "seen": SEEN_WORDS,
        "group": {chosen.group: group_name or chosen.group},
    }


def _sort() -> str:
    sort = request.args.get("sort", "")
    return sort if sort.removeprefix("-") in service.SORTS else "name"


def _active_sync(tenant: Tenant) -> object:
    active = overview.active_runs(tenant)
    return next((run for run in active if run.type == "inventory.sync" and not run.inputs), None)


@bp.get("/<int:policy_id>")
@requires("tenant.view")
def show(tenant: Tenant, policy_id: int) -> ResponseReturnValue:
    try:
        policy = service.find(tenant, policy_id)
        version = service.version_of(policy, _asked_version())
    except NotFound:
        abort(404)
    return _page(tenant, policy, version)


def _asked_version() -> int | None:
    """None means the latest; a number beyond all numbers is one that does not exist."""
    wanted = request.args.get("version", type=int)
    return wanted if wanted is None else max(0, min(wanted, GREATEST_VERSION))


def _page(tenant: Tenant, policy: Policy, version: PolicyVersion) -> str:
    content, assignments = version.content.content, version.assignments.content
    names = service.names_in(tenant, content, assignments)
    versions, has_older = service.versions_of(
        policy, before=asked_number("versions_before", GREATEST_VERSION)
    )
    sections = sections_of(content)
    find = request.args.get("find", "").strip()
    rows = assignment_words.rows_of(assignments, names)
    size = version.content.size + version.assignments.size
    total, label = count_of(sections), service.label_of(policy.collection)
    assigned = assignment_words.assigned_sentence(rows)
    return render_template(
        "policies/show.html",
        tenant=tenant,
        policy=policy,
        version=version,
        versions=versions,
        sentence=policy_words.policy_sentence(
            policy, version, assigned, total, assignable=service.is_assignable(policy.collection)
        ),
        eyebrow=" · ".join(filter(None, (label, policy.platform))),
        is_assignable=service.is_assignable,
        description=str(content.get("description") or ""),
        older=versions[-1].number if has_older else None,
        names=names,
        total=total,
        sections=matching(sections, find) if find else sections,
        has_numbered=has_numbered(sections),
        count_of=count_of,
        find=find,
        with_ids=request.args.get("ids") == "1",
        assignments=rows,
        scope_tags=policy_words.scope_tags_of(content, names),
        template=policy_words.template_of(content),
        kind=policy_words.kind_word(policy.kind),
        label=label,
        changed_words=policy_words.CHANGED_WORDS,
        raw=masked({"content": content, "assignments": assignments}),
        raw_size=size,
        with_raw=size <= LARGE or request.args.get("raw") == "1",
    )
