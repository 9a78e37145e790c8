"""/tenants/<slug>/policies: the policies of a tenant; one of them, its versions and its history."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from opsapp.blueprints.context import actor, asked_number
from opsapp.blueprints.policy_pages import asked_filter, download, list_file_name, list_values
from opsapp.intune.flat import flat_settings, page_keys
from opsapp.intune.readable import count_of, has_numbered, matching, sections_of
from opsapp.intune.secrets import masked
from opsapp.intune.setting import Setting
from opsapp.models import Policy, PolicyVersion, Tenant
from opsapp.operations import REGISTRY
from opsapp.permissions import requires
from opsapp.presenters import assignment_words, policy_diff, policy_history, policy_words
from opsapp.presenters.notices import notice
from opsapp.presenters.tenant_actions import StartAction, start_action
from opsapp.refusals import NotFound, Refused
from opsapp.services import overview, policy_compare, policy_export, policy_list
from opsapp.services import policies as service
from opsapp.services import policy_history as history_service
from opsapp.services.definitions import definitions_in
from opsapp.services.policy_search import Scope

bp = Blueprint("policies", __name__, url_prefix="/tenants/<slug>/policies")

CAPTURE = "policy.capture_snapshot"
GREATEST_VERSION = 2**31 - 1
LARGE = 128 * 1024  # bytes of JSON that a page carries unasked
VERSION_CHOICES = 200


@bp.get("")
@requires("tenant.view")
def index(tenant: Tenant) -> ResponseReturnValue:
    facets = policy_list.facets(tenant)
    active = None if facets.total else _active_sync(tenant)
    return render_template(
        "policies/index.html",
        tenant=tenant,
        sync=start_action(tenant, "inventory.sync", active),
        **list_values(Scope(tenant), asked_filter(), facets, "in this tenant"),
    )


def _active_sync(tenant: Tenant) -> object:
    active = overview.active_runs(tenant)
    return next((run for run in active if run.type == "inventory.sync" and not run.inputs), None)


@bp.post("/export")
@requires("policies.export")
def export_list(tenant: Tenant) -> ResponseReturnValue:
    """What the filters of the form leave, as CSV."""
    pieces = policy_export.list_as_csv(actor(), Scope(tenant), asked_filter())
    return download(pieces, list_file_name(tenant.slug), "text/csv")


@bp.post("/<int:policy_id>/export")
@requires("policies.export")
def export(tenant: Tenant, policy_id: int) -> ResponseReturnValue:
    """One policy, as Graph gave it; ``?version=`` names one that is not the latest.

    Form field ``passphrase``: with the secrets, encrypted by it.
    """
    policy, version = _found(tenant, policy_id, _asked_version())
    passphrase = request.form.get("passphrase", "")
    try:
        text = policy_export.policy_as_json(actor(), policy, version, passphrase)
    except Refused as refused:
        notice(refused.message, "warning")
        here = url_for(".show", slug=tenant.slug, policy_id=policy_id, version=version.number)
        return redirect(here, HTTPStatus.SEE_OTHER)
    return download(text, f"policy-{policy_id}-v{version.number}.json", "application/json")


def _found(
    tenant: Tenant, policy_id: int, number: int | None = None
) -> tuple[Policy, PolicyVersion]:
    """The policy and a version of it, or the latest. Aborts with 404."""
    policy = _policy(tenant, policy_id)
    return policy, _version(policy, number)


def _policy(tenant: Tenant, policy_id: int) -> Policy:
    try:
        return service.find(tenant, policy_id)
    except NotFound:
        abort(404)


def _version(policy: Policy, number: int | None) -> PolicyVersion:
    try:
        return service.version_of(policy, number)
    except NotFound:
        abort(404)


@bp.get("/<int:policy_id>/compare")
@requires("tenant.view")
def compare(tenant: Tenant, policy_id: int) -> ResponseReturnValue:
    """``from`` and ``to`` are versions: the latest and the one before it, where they are not."""
    policy, after = _found(tenant, policy_id, _asked_version("to"))
    number = _asked_version("from")
    if number is None:
        number = max(after.number - 1, 1)
    before = _version(policy, number)
    compared = policy_compare.compare_versions(before, after)
    versions, _ = service.versions_of(policy, limit=VERSION_CHOICES)
    return render_template(
        "policies/compare.html",
        tenant=tenant,
        policy=policy,
        before=before,
        after=after,
        versions=versions,
        who=policy_history.who_changed(after.changes),
        **policy_diff.page_values(compared),
    )


@bp.get("/<int:policy_id>/history")
@requires("tenant.view")
def history(tenant: Tenant, policy_id: int) -> ResponseReturnValue:
    """``setting`` is the key of a flat setting: since when it has had its value."""
    policy = _policy(tenant, policy_id)
    found = history_service.history_of(policy, request.args.get("setting", ""))
    shown = [list(span.setting.values) for span in found.spans if span.setting]
    return render_template(
        "policies/history.html",
        tenant=tenant,
        policy=policy,
        found=found,
        names=service.names_in(tenant, *shown),
        answer=policy_history.answer(found),
        who_changed=policy_history.who_changed,
        who_unknown=policy_history.UNKNOWN_WHO
        if policy_history.is_who_unknown(span.first for span in found.spans)
        else None,
    )


@bp.get("/<int:policy_id>")
@requires("tenant.view")
def show(tenant: Tenant, policy_id: int) -> ResponseReturnValue:
    policy, version = _found(tenant, policy_id, _asked_version())
    return _page(tenant, policy, version)


def _asked_version(name: str = "version") -> int | None:
    """None means the latest; a number beyond all numbers is one that does not exist."""
    wanted = request.args.get(name, type=int)
    return wanted if wanted is None else max(0, min(wanted, GREATEST_VERSION))


def _page(tenant: Tenant, policy: Policy, version: PolicyVersion) -> str:
    content, assignments = version.content.content, version.assignments.content
    names = service.names_in(tenant, content, assignments)
    settings = _settings_values(tenant, policy, content)
    rows = assignment_words.rows_of(assignments, names)
    label, total = service.label_of(policy.collection), settings["total"]
    assigned = assignment_words.assigned_sentence(rows)
    return render_template(
        "policies/show.html",
        tenant=tenant,
        policy=policy,
        version=version,
        sentence=policy_words.policy_sentence(
            policy, version, assigned, total, assignable=service.is_assignable(policy.collection)
        ),
        eyebrow=" · ".join(filter(None, (label, policy.platform))),
        is_assignable=service.is_assignable,
        description=str(content.get("description") or ""),
        has_secrets=policy_export.has_secrets(content),
        shortest_passphrase=policy_export.SHORTEST_PASSPHRASE,
        names=names,
        assignments=rows,
        scope_tags=policy_words.scope_tags_of(content, names),
        template=policy_words.template_of(content),
        kind=policy_words.kind_word(policy.kind),
        label=label,
        capture=_capture(tenant, policy),
        **settings,
        **_version_values(policy),
        **_raw_values(version, {"content": content, "assignments": assignments}),
    )


def _settings_values(tenant: Tenant, policy: Policy, content: Mapping[str, Any]) -> dict[str, Any]:
    definitions = definitions_in(content)
    sections = sections_of(content, definitions)
    keys = page_keys(sections, flat_settings(content, definitions))
    find = request.args.get("find", "").strip()
    return {
        "total": count_of(sections),
        "sections": matching(sections, find) if find else sections,
        "since": _history_address(tenant, policy, keys),
        "has_numbered": has_numbered(sections),
        "count_of": count_of,
        "find": find,
        "with_ids": request.args.get("ids") == "1",
    }


def _version_values(policy: Policy) -> dict[str, Any]:
    versions, has_older = service.versions_of(
        policy, before=asked_number("versions_before", GREATEST_VERSION)
    )
    is_unknown = policy_history.is_who_unknown(versions)
    return {
        "versions": versions,
        "older": versions[-1].number if has_older else None,
        "changed_words": policy_words.CHANGED_WORDS,
        "who_changed": policy_history.who_changed,
        "who_unknown": policy_history.UNKNOWN_WHO if is_unknown else None,
    }


def _raw_values(version: PolicyVersion, whole: Mapping[str, Any]) -> dict[str, Any]:
    """The JSON of a version; of a large one only when it is asked for."""
    size = version.content.size + version.assignments.size
    return {
        "raw": masked(whole),
        "raw_size": size,
        "with_raw": size <= LARGE or request.args.get("raw") == "1",
    }


def _history_address(
    tenant: Tenant, policy: Policy, keys: Mapping[int, str]
) -> Callable[[Setting], str | None]:
    """Where it is told since when a setting of the page has had its value."""

    def address(setting: Setting) -> str | None:
        key = keys.get(id(setting))
        if key is None:
            return None
        return url_for("policies.history", slug=tenant.slug, policy_id=policy.id, setting=key)

    return address


def _capture(tenant: Tenant, policy: Policy) -> StartAction | None:
    """The button that reads this policy again now; None where no such operation is installed."""
    if CAPTURE not in REGISTRY:
        return None
    return start_action(tenant, CAPTURE, None, {"policies": str(policy.id)})
