"""The list of tenants, and what their owners and managers set."""

from collections.abc import Callable

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from opsapp.blueprints.context import actor, check_typed, cursor, home
from opsapp.forms.tenants import (
    CLOUDS,
    ROLE_NAMES,
    ROLES,
    CredentialForm,
    MemberForm,
    NewTenantForm,
    SettingsForm,
)
from opsapp.models import Cloud, Role, Tenant, User
from opsapp.permissions import allows, requires, role_in, signed_in, tenants_of, viewer, words_of
from opsapp.presenters import retention_words
from opsapp.presenters.notices import notice
from opsapp.refusals import NotFound, Refused
from opsapp.services import collections, current_pauses, members, retention, users
from opsapp.services import tenants as service

bp = Blueprint("tenants", __name__, url_prefix="/tenants")


@bp.get("/")
@signed_in
def index() -> ResponseReturnValue:
    search = request.args.get("q", "").strip()
    sort = request.args.get("sort", "name")
    user = viewer()
    page = service.browse(tenants_of(user), search, sort, cursor())
    return render_template(
        "tenants/index.html",
        page=page,
        search=search,
        sort=sort,
        roles=members.roles_of(user, page.rows),
        role_names=ROLE_NAMES,
        clouds=CLOUDS,
    )


@bp.route("/new", methods=["GET", "POST"])
@requires("tenants.create")
def new() -> ResponseReturnValue:
    form = NewTenantForm()
    tenant = form.attempt(lambda: service.create_tenant(actor(), _new_tenant(form)))
    if tenant is None:
        return render_template("tenants/new.html", form=form), 422 if form.errors else 200
    notice(f"{tenant.name} is added. Give it an owner, then verify its connection.", "success")
    return redirect(_settings_url(tenant, "members"))


def _new_tenant(form: NewTenantForm) -> service.NewTenant:
    return service.NewTenant(
        slug=form.slug.data or "",
        name=form.name.data or "",
        entra_tenant_id=form.entra_tenant_id.data or "",
        cloud=Cloud(form.cloud.data),
        is_production=form.is_production.data,
        credential=form.credential,
    )


@bp.get("/<slug>/settings")
@requires("collections.exclude")
def settings(tenant: Tenant) -> ResponseReturnValue:
    return _page(tenant)


def _page(
    tenant: Tenant,
    *,
    general: SettingsForm | None = None,
    credential: CredentialForm | None = None,
    member: MemberForm | None = None,
) -> ResponseReturnValue:
    """The settings page, with the form that was sent (if any) showing what is wrong with it."""
    words = words_of(role_in(viewer(), tenant))
    page = render_template(
        "tenants/settings.html",
        tenant=tenant,
        words=words,
        general=general or SettingsForm(formdata=None, obj=tenant),
        credential=credential or CredentialForm(formdata=None),
        new_member=member or MemberForm(formdata=None),
        members=members.members_of(tenant),
        roles=ROLES,
        role_names=ROLE_NAMES,
        clouds=CLOUDS,
        collections=collections.collections_of(tenant),
        history=(
            retention_words.of(tenant, retention.preview(tenant))
            if "tenant.settings" in words
            else None
        ),
        paused=current_pauses.own_of(tenant),
    )
    return page, 422 if general or credential or member else 200


@bp.post("/<slug>/settings")
@requires("tenant.settings")
def change(tenant: Tenant) -> ResponseReturnValue:
    form = SettingsForm(obj=tenant)

    def save() -> bool:
        service.change(
            actor(),
            tenant,
            name=form.name.data or "",
            is_production=form.is_production.data,
            needs_approval=form.needs_approval.data,
            timezone=form.timezone.data,
        )
        return True

    if not form.attempt(save):
        return _page(tenant, general=form)
    notice("The settings are saved.", "success")
    return redirect(_settings_url(tenant))


@bp.post("/<slug>/settings/credentials")
@requires("tenant.settings")
def replace_credential(tenant: Tenant) -> ResponseReturnValue:
    form = CredentialForm()

    def save() -> bool:
        service.replace_credential(actor(), tenant, form.credential)
        return True

    if not form.attempt(save):
        return _page(tenant, credential=form)
    notice("The credentials are stored. Verify the connection to try them.", "success")
    return redirect(_settings_url(tenant, "credentials"))


@bp.post("/<slug>/settings/credentials/remove")
@requires("tenant.settings")
def remove_credential(tenant: Tenant) -> ResponseReturnValue:
    service.remove_credential(actor(), tenant)
    notice("The credentials are removed. The default app registration is used.", "success")
    return redirect(_settings_url(tenant, "credentials"))


@bp.post("/<slug>/settings/members")
@requires("members.manage")
def add_member(tenant: Tenant) -> ResponseReturnValue:
    form = MemberForm()
    member = form.attempt(
        lambda: members.grant(
            actor(), tenant, users.find(form.email.data or ""), Role(form.role.data)
        )
    )
    if member is None:
        return _page(tenant, member=form)
    notice(f"{member.user.email} is a member now: {ROLE_NAMES[member.role].lower()}.", "success")
    return redirect(_settings_url(tenant, "members"))


@bp.post("/<slug>/settings/members/<int:user_id>/role")
@requires("members.manage")
def change_role(tenant: Tenant, user_id: int) -> ResponseReturnValue:
    user = _member(tenant, user_id)
    try:
        role = Role(request.form.get("role", ""))
    except ValueError:
        abort(400)
    done = f"{user.email} is {ROLE_NAMES[role].lower()} now."
    return _change(tenant, "members", lambda: members.grant(actor(), tenant, user, role), done)


@bp.post("/<slug>/settings/members/<int:user_id>/remove")
@requires("members.manage")
def remove_member(tenant: Tenant, user_id: int) -> ResponseReturnValue:
    user = _member(tenant, user_id)
    done = f"{user.email} is no longer a member."
    return _change(tenant, "members", lambda: members.revoke(actor(), tenant, user), done)


@bp.post("/<slug>/settings/collections/<key>/exclude")
@requires("collections.exclude")
def exclude_collection(tenant: Tenant, key: str) -> ResponseReturnValue:
    try:
        label = collections.exclude(actor(), tenant, key)
    except NotFound:
        abort(404)
    notice(f"{label} is excluded: the next sync leaves it out.", "success")
    return redirect(_settings_url(tenant, "collections"))


@bp.post("/<slug>/settings/collections/<key>/include")
@requires("collections.exclude")
def include_collection(tenant: Tenant, key: str) -> ResponseReturnValue:
    try:
        label = collections.include(actor(), tenant, key)
    except NotFound:
        abort(404)
    notice(f"{label} is included: the next sync reads it.", "success")
    return redirect(_settings_url(tenant, "collections"))


@bp.post("/<slug>/settings/suspend")
@requires("tenant.suspend")
def suspend(tenant: Tenant) -> ResponseReturnValue:
    check_typed(tenant.slug)
    service.suspend(actor(), tenant)
    notice(f"{tenant.name} is suspended: new runs are refused.", "warning")
    return redirect(_settings_url(tenant, "suspend"))


@bp.post("/<slug>/settings/resume")
@requires("tenant.suspend")
def resume(tenant: Tenant) -> ResponseReturnValue:
    service.resume(actor(), tenant)
    notice(f"{tenant.name} is resumed: runs can be started again.", "success")
    return redirect(_settings_url(tenant, "suspend"))


def _settings_url(tenant: Tenant, part: str | None = None) -> str:
    return url_for("tenants.settings", slug=tenant.slug, _anchor=part)


def _member(tenant: Tenant, user_id: int) -> User:
    found = (member for member in members.members_of(tenant) if member.user_id == user_id)
    member = next(found, None)
    if member is None:
        abort(404)
    return member.user


def _change(
    tenant: Tenant, part: str, change: Callable[[], object], done: str
) -> ResponseReturnValue:
    try:
        change()
    except Refused as refused:
        notice(refused.message, "error")
    else:
        notice(done, "success")
    if not allows(viewer(), tenant, "collections.exclude"):  # one's own role was changed
        return redirect(home())
    return redirect(_settings_url(tenant, part))
