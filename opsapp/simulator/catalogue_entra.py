"""Conditional Access and what it refers to, and the terms of use."""

from typing import Any

from opsapp.simulator import catalogue_types as types
from opsapp.simulator.catalogue_row import CA, Collection, Rights

_POLICY: dict[str, Any] = {
    "root": CA,
    "rights": Rights(
        ("Policy.Read.All", "Policy.ReadWrite.ConditionalAccess"),
        ("Policy.ReadWrite.ConditionalAccess",),
    ),
    "children": (),
    "scope_tags": "",
    "top_allowed": False,
    "stamps": ("createdDateTime", "modifiedDateTime"),
    "patch_status": 204,
    "delete_status": 204,
}
_AGREEMENTS = Rights(
    ("Agreement.Read.All", "Agreement.ReadWrite.All"), ("Agreement.ReadWrite.All",)
)

ENTRA = (
    Collection(
        "conditionalAccessPolicies",
        element="conditionalAccessPolicy",
        segment="policies",
        v1=True,
        required=("state", "conditions"),
        read_only=("templateId",),
        references=(
            ("conditions.users.includeGroups", "groups"),
            ("conditions.users.excludeGroups", "groups"),
            ("conditions.locations.includeLocations", "namedLocations"),
            ("conditions.locations.excludeLocations", "namedLocations"),
            ("grantControls.authenticationStrength.id", "authenticationStrengthPolicies"),
            ("grantControls.termsOfUse", "agreements"),
        ),
        actions=("restore",),
        defaults={"state": "disabled"},
        **_POLICY,
    ),
    Collection(
        "namedLocations",
        element="namedLocation",
        v1=True,
        polymorphic=True,
        types=types.NAMED_LOCATIONS,
        actions=("restore",),
        **_POLICY,
    ),
    Collection(
        "authenticationStrengthPolicies",
        element="authenticationStrengthPolicy",
        segment="authenticationStrengths/policies",
        alias="policies/authenticationStrengthPolicies",
        v1=True,
        required=("allowedCombinations",),
        read_only=("policyType", "requirementsSatisfied"),
        immutable=("allowedCombinations",),
        actions=("updateAllowedCombinations",),
        defaults={"policyType": "custom", "requirementsSatisfied": "mfa"},
        **_POLICY | {"children": ("combinationConfigurations",), "create_status": 201},
    ),
    Collection(
        "authenticationContextClassReferences",
        element="authenticationContextClassReference",
        v1=True,
        filter_allowed=False,
        settable=("id",),
        required=("id",),
        **_POLICY | {"stamps": ()},
    ),
    Collection(
        "agreements",
        "identityGovernance/termsOfUse",
        "agreement",
        _AGREEMENTS,
        v1=True,
        children=("files",),
        scope_tags="",
        stamps=(),
        filter_allowed=False,
        create_parts=("files",),
        row_verbs={"files": ("POST",)},
        delete_status=204,
        patch_status=204,
    ),
)
