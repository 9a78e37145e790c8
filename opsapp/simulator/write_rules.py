"""What the service refuses in a body. Loading an export is another door and none of this applies.

Sources: the Graph metadata for types and navigation, tools' notes on live behaviour for the rest.
"""

import base64
import binascii
from typing import Any

from opsapp.simulator import references
from opsapp.simulator.catalogue_row import Collection
from opsapp.simulator.messages import GraphRefusal, bad_request
from opsapp.simulator.state import StoredObject, Tenant

_BUILT_IN = ("isBuiltIn", "isBuiltInRoleDefinition", "isGlobalScript", "isDefaultProfile")
# Default rows that an administrator may change all the same.
_CHANGEABLE = frozenset({"deviceEnrollmentConfigurations", "intuneBrandingProfiles"})
_CREATE_ONLY = {
    "winGetApp": ("installExperience",),
    "officeSuiteApp": ("officeConfigurationXml", "officePlatformArchitecture", "publisher"),
}


def check_create(tenant: Tenant, collection: Collection, body: dict[str, Any]) -> None:
    """Raises the 400 of a body that cannot become an object."""
    _check_members(collection, body, collection.create_parts)
    _check_type(collection, body)
    for name in (collection.name, *collection.required):
        if _is_missing(body, name):
            raise _refuse(collection, f"The property '{name}' is required.")
    if collection.images and set(body) & set(collection.images):
        raise _refuse(collection, "Images are set by PATCH.")
    _check_content(collection, body)
    references.check(tenant, collection, body)
    if collection.key == "deviceCompliancePolicies":
        references.check_actions(tenant, body.get("scheduledActionsForRule"))
    if collection.key == "authenticationContextClassReferences":
        _check_context_id(tenant, collection, body)
    if "assignments" in body:
        from opsapp.simulator.target_rules import check_targets

        check_targets(tenant, collection, body["assignments"])


def check_change(
    tenant: Tenant, collection: Collection, item: StoredObject, body: dict[str, Any], method: str
) -> None:
    """Raises the 400 of a change that is not allowed."""
    if is_built_in(item) and collection.key not in _CHANGEABLE:
        raise _refuse(collection, "A built-in object cannot be changed.")
    _check_members(collection, body, collection.put_parts if method == "PUT" else ())
    if method == "PUT":
        for name in (collection.name, *collection.required):
            if _is_missing(body, name):
                raise _refuse(collection, f"PUT needs the whole object: '{name}' is missing.")
    else:
        _check_immutable(collection, item, body)
    given = body.get("@odata.type")
    if collection.polymorphic and given and given != item.content.get("@odata.type"):
        raise _refuse(collection, "The type of an object cannot be changed.")
    _check_content(collection, body)
    references.check(tenant, collection, body)


def check_delete(collection: Collection, item: StoredObject) -> None:
    """Raises the 400 of an object that must stay."""
    if is_built_in(item):
        raise _refuse(collection, "A default or built-in object cannot be deleted.")
    if collection.key == "windowsAutopilotDeploymentProfiles" and item.children.get("assignments"):
        raise _refuse(collection, "The profile is assigned: delete its assignments first.")
    if collection.key == "namedLocations" and item.content.get("isTrusted"):
        raise _refuse(collection, "A trusted location cannot be deleted.")


def is_built_in(item: StoredObject) -> bool:
    """Rows every tenant has: default enrolment configurations, built-in roles, tags, scripts."""
    content = item.content
    return (
        any(content.get(name) is True for name in _BUILT_IN)
        or content.get("policyType") == "builtIn"
        or "_Default" in item.id
    )


def _refuse(collection: Collection, message: str) -> GraphRefusal:
    return bad_request(message, intune=collection.intune)


def _check_members(collection: Collection, body: dict[str, Any], parts: tuple[str, ...]) -> None:
    for name, value in body.items():
        if name in collection.server_owned or (name == "supportsScopeTags" and value):
            raise _refuse(collection, f"Invalid property name: '{name}' is read-only.")
        if name in collection.children and name not in parts:
            message = f"Cannot apply a value to navigation property '{name}' on entity type"
            raise _refuse(collection, f"{message} '{collection.element}'.")
        bind = name.endswith("@odata.bind") and (
            name.partition("@")[0] in (*collection.links, "roleScopeTags")
        )
        if name.startswith("#") or ("@" in name and name != "@odata.type" and not bind):
            raise _refuse(collection, f"The annotation '{name}' is not expected in a body.")


def _is_missing(body: dict[str, Any], name: str) -> bool:
    """A policy may be without settings, but has to say so."""
    nothing: tuple[Any, ...] = (None, "", {}) if name == "settings" else (None, "", [], {})
    return body.get(name) in nothing


def _check_type(collection: Collection, body: dict[str, Any]) -> None:
    given = body.get("@odata.type")
    if not collection.polymorphic:
        if given and not str(given).endswith(f".{collection.element}"):
            raise _refuse(collection, f"The type '{given}' does not fit this collection.")
        return
    known = collection.types or {collection.element}
    if not given:
        raise _refuse(collection, "The annotation '@odata.type' is required to choose a type.")
    if str(given).removeprefix("#microsoft.graph.") not in known:
        raise _refuse(collection, f"A type named '{given}' cannot be created here.")


def _check_immutable(collection: Collection, item: StoredObject, body: dict[str, Any]) -> None:
    kind = str(item.content.get("@odata.type", "")).removeprefix("#microsoft.graph.")
    fixed = (*collection.immutable, *_CREATE_ONLY.get(kind, ()))
    if item.content.get("isDefaultProfile"):
        fixed += ("profileName", "profileDescription")
    for name in fixed:
        if name in body:
            raise _refuse(collection, f"Invalid property name: '{name}' cannot be changed.")
    if collection.key == "termsAndConditions" and "version" in body:
        raise _refuse(collection, "Invalid property name: 'version' is read-only.")
    if (
        collection.key == "authenticationContextClassReferences"
        and body.get("id", item.id) != item.id
    ):
        raise _refuse(collection, "The id cannot be changed.")


def _check_content(collection: Collection, body: dict[str, Any]) -> None:
    name = body.get(collection.name)
    if name is not None and (not isinstance(name, str) or not name.strip()):
        raise _refuse(collection, f"'{collection.name}' must be a text.")
    if isinstance(name, str) and len(name) > collection.max_name:
        raise _refuse(collection, f"'{collection.name}' is longer than {collection.max_name}.")
    description = body.get("description")
    limit = collection.max_description
    if limit and isinstance(description, str) and len(description) > limit:
        raise _refuse(collection, f"'description' is longer than {limit}.")
    if collection.key == "windowsAutopilotDeploymentProfiles" and "-" in str(name):
        raise _refuse(collection, "'displayName' must not contain '-'.")
    for member in collection.base64:
        if body.get(member) is not None:
            _check_base64(collection, member, body[member])


def _check_base64(collection: Collection, member: str, value: Any) -> None:
    try:
        base64.b64decode(str(value), validate=True)
    except (binascii.Error, ValueError) as error:
        raise _refuse(collection, f"'{member}' is not base64.") from error


def _check_context_id(tenant: Tenant, collection: Collection, body: dict[str, Any]) -> None:
    identity = str(body["id"])
    number = identity.removeprefix("c")
    if not identity.startswith("c") or not number.isdecimal() or not 1 <= int(number) <= 99:  # noqa: PLR2004
        raise _refuse(collection, "The id must be c1 to c99.")
    if identity in tenant.collection(collection.key):
        raise _refuse(collection, f"The id '{identity}' is taken.")
