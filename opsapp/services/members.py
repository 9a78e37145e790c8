"""Who belongs to a tenant, and in which role. A tenant that has an owner keeps one."""

from collections.abc import Iterable, Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session, contains_eager

from opsapp.audit import Actor, record
from opsapp.extensions import db
from opsapp.models import Membership, Role, Tenant, User
from opsapp.models.base import write
from opsapp.refusals import NotFound, Refused

BY_RANK = tuple(reversed(Role))


def members_of(tenant: Tenant) -> Sequence[Membership]:
    """The members with their users, owners first, then by address."""
    rank = sa.case({role: number for number, role in enumerate(BY_RANK)}, value=Membership.role)
    return db.session.scalars(
        sa.select(Membership)
        .join(Membership.user)
        .options(contains_eager(Membership.user))
        .where(Membership.tenant_id == tenant.id)
        .order_by(rank, User.email)
    ).all()


def memberships_of(user: User) -> Sequence[Membership]:
    """The tenants a person is a member of, by name."""
    return db.session.scalars(
        sa.select(Membership)
        .join(Membership.tenant)
        .options(contains_eager(Membership.tenant))
        .where(Membership.user_id == user.id)
        .order_by(Tenant.name)
    ).all()


def roles_of(user: User, tenants: Iterable[Tenant]) -> dict[int, Role]:
    """The person's roles in ``tenants`` by tenant id; tenants without membership are left out."""
    ids = [tenant.id for tenant in tenants]
    query = sa.select(Membership.tenant_id, Membership.role).where(
        Membership.user_id == user.id, Membership.tenant_id.in_(ids)
    )
    return {row[0]: row[1] for row in db.session.execute(query)}


def grant(actor: Actor, tenant: Tenant, user: User, role: Role) -> Membership:
    """Makes ``user`` a member, or changes the role. Refused when it would take the last owner."""
    tenant_id, user_id = tenant.id, user.id
    with write() as session:
        owners = _locked_owners(session, tenant_id)
        member = session.get(Membership, (tenant_id, user_id), populate_existing=True)
        before = member.role if member else None
        if before == role and member:
            return member
        if role != Role.OWNER:
            _keep_an_owner(owners, user_id, user)
        if member is None:
            member = Membership(tenant_id=tenant_id, user_id=user_id, role=role)
            session.add(member)
        member.role = role
        data = {"role": [before.value if before else None, role.value]}
        record(session, actor, "member.granted", user.email, tenant=tenant, data=data)
    return member


def revoke(actor: Actor, tenant: Tenant, user: User) -> None:
    """Removes a member. Raises NotFound if there is no such member, Refused for the last owner."""
    tenant_id, user_id = tenant.id, user.id
    with write() as session:
        owners = _locked_owners(session, tenant_id)
        member = session.get(Membership, (tenant_id, user_id), populate_existing=True)
        if member is None:
            raise NotFound(f"{user.email} is not a member of {tenant.slug}.", "email")
        _keep_an_owner(owners, user_id, user)
        data = {"role": [member.role.value, None]}
        session.delete(member)
        record(session, actor, "member.revoked", user.email, tenant=tenant, data=data)


def _locked_owners(session: Session, tenant_id: int) -> set[int]:
    """The ids of the owners who can act. Locks the tenant, so that two cannot remove each other."""
    session.get(Tenant, tenant_id, with_for_update=True, populate_existing=True)
    return set(
        session.scalars(
            sa.select(Membership.user_id)
            .join(User, User.id == Membership.user_id)
            .where(Membership.tenant_id == tenant_id, Membership.role == Role.OWNER, User.is_active)
        )
    )


def _keep_an_owner(owners: set[int], leaving_id: int, leaving: User) -> None:
    if owners == {leaving_id}:
        raise Refused(
            f"{leaving.email} is the last owner. Make somebody else an owner first.", "role"
        )
