"""What belongs to the tenant as a whole: filters, scope tags, roles, access, settings."""

from opsapp.intune.catalogue.row import (
    GROUPS,
    TAGS,
    Assigning,
    AssignmentSource,
    Part,
    PolicyType,
    Reference,
    Writing,
    always,
    unless_expanded,
)

_CONFIGURATION = "DeviceManagementConfiguration.Read.All"
_RBAC = "DeviceManagementRBAC.Read.All"
_POLICY = "Policy.Read.All"
_AGREEMENT = "Agreement.Read.All"
_DM = "/deviceManagement"
_CA = "/identity/conditionalAccess"

_SCOPE_TAGS_OF_ROLE = "microsoft.graph.deviceAndAppManagementRoleAssignment/roleScopeTags"

TENANT = (
    PolicyType(
        "assignmentFilters",
        "Assignment filters",
        "assignment filter",
        f"{_DM}/assignmentFilters",
        _CONFIGURATION,
        assignments=AssignmentSource.NONE,
        noise=frozenset({"payloads"}),
        references=(Reference("roleScopeTags[]", "roleScopeTags"),),
        writing=Writing(
            strip=("payloads",), strip_on_update=("platform", "assignmentFilterManagementType")
        ),
    ),
    PolicyType(
        "roleScopeTags",
        "Scope tags",
        "scope tag",
        f"{_DM}/roleScopeTags",
        _RBAC,
        references=(GROUPS,),
        writing=Writing(
            assign=Assigning(), strip=("isBuiltIn",), but="The built-in tag stays as it is."
        ),
    ),
    PolicyType(
        "roleDefinitions",
        "Intune roles",
        "Intune role",
        f"{_DM}/roleDefinitions",
        _RBAC,
        assignments=AssignmentSource.NONE,
        references=(TAGS,),
        writing=Writing(
            strip=("isBuiltIn", "isBuiltInRoleDefinition", "roleAssignments", "permissions"),
            but="Built-in roles cannot be changed.",
        ),
    ),
    PolicyType(
        "roleAssignments",
        "Intune role assignments",
        "Intune role assignment",
        f"{_DM}/roleAssignments",
        _RBAC,
        assignments=AssignmentSource.NONE,
        item_query=f"$expand={_SCOPE_TAGS_OF_ROLE}",  # the list leaves out members and scopes
        item_fallback="",
        parts=(
            unless_expanded("roleScopeTags", _SCOPE_TAGS_OF_ROLE),
            Part("roleDefinition", "roleDefinition", single=True, optional=True),
        ),
        reread=always,  # no date, and the list shows neither members nor scopes
        references=(
            Reference("members[]", "groups"),
            Reference("resourceScopes[]", "groups"),
            Reference("scopeMembers[]", "groups"),
            Reference("roleDefinition.id", "roleDefinitions"),
            Reference("roleScopeTags[].id", "roleScopeTags"),
        ),
        writing=Writing(strip=("roleDefinition", "roleScopeTags")),
    ),
    PolicyType(
        "operationApprovalPolicies",
        "Multi Admin Approval policies",
        "Multi Admin Approval policy",
        f"{_DM}/operationApprovalPolicies",
        _RBAC,
        assignments=AssignmentSource.NONE,
        references=(Reference("approverGroupIds[]", "groups"),),
        writing=Writing(
            create="", update="", cannot="A change of it needs a second person's approval itself."
        ),
    ),
    PolicyType(
        "deviceManagementSettings",
        "Device management settings",
        "device management settings",
        "/deviceManagement?$select=settings",
        _CONFIGURATION,
        assignments=AssignmentSource.NONE,
        single=True,
        writing=Writing(create="", update="PATCH /deviceManagement"),
    ),
    PolicyType(
        "conditionalAccessPolicies",
        "Conditional Access policies",
        "Conditional Access policy",
        f"{_CA}/policies",
        _POLICY,
        assignments=AssignmentSource.NONE,
        references=(
            Reference("conditions.users.includeGroups[]", "groups"),
            Reference("conditions.users.excludeGroups[]", "groups"),
            Reference("conditions.locations.includeLocations[]", "namedLocations"),
            Reference("conditions.locations.excludeLocations[]", "namedLocations"),
            Reference(
                "conditions.applications.includeAuthenticationContextClassReferences[]",
                "authenticationContextClassReferences",
            ),
            Reference("grantControls.authenticationStrength.id", "authenticationStrengthPolicies"),
            Reference("grantControls.termsOfUse[]", "agreements"),
        ),
        writing=Writing(
            strip=("templateId",),
            but="Restored disabled or report-only unless chosen otherwise: it can lock out.",
        ),
    ),
    PolicyType(
        "namedLocations",
        "Named locations",
        "named location",
        f"{_CA}/namedLocations",
        _POLICY,
        assignments=AssignmentSource.NONE,
    ),
    PolicyType(
        "authenticationStrengthPolicies",
        "Authentication strengths",
        "authentication strength",
        f"{_CA}/authenticationStrengths/policies",
        _POLICY,
        assignments=AssignmentSource.NONE,
        parts=(unless_expanded("combinationConfigurations"),),
        reread=lambda content: "combinationConfigurations" not in content,
        writing=Writing(but="Built-in strengths cannot be changed."),
    ),
    PolicyType(
        "authenticationContextClassReferences",
        "Authentication contexts",
        "authentication context",
        f"{_CA}/authenticationContextClassReferences",
        _POLICY,
        assignments=AssignmentSource.NONE,
        writing=Writing(create="PATCH {id}"),
    ),
    PolicyType(
        "agreements",
        "Terms of use",
        "terms of use",
        "/identityGovernance/termsOfUse/agreements",
        _AGREEMENT,
        assignments=AssignmentSource.NONE,
        # One agreement without its document breaks a whole list that expands files.
        item_query="$expand=files",
        item_fallback="",
        parts=(unless_expanded("files"),),
        reread=always,  # a change of its files moves no date
        writing=Writing(
            create="", cannot="Graph does not give the document back in a form it takes."
        ),
    ),
)
