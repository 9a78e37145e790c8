"""Scripts: their content comes only with the single object."""

from opsapp.intune.catalogue.row import (
    TAGS,
    TARGETS,
    Assigning,
    AssignmentSource,
    PolicyType,
    Writing,
)

_CONFIGURATION = "DeviceManagementConfiguration.Read.All"
_SCRIPTS = "DeviceManagementScripts.Read.All"
_DM = "/deviceManagement"
_MANY = 500  # objects in a page, for what a tenant may have hundreds of

_BY_SCRIPT = Assigning(member="deviceManagementScriptAssignments")

SCRIPTS = (
    PolicyType(
        "deviceManagementScripts",
        "PowerShell scripts",
        "PowerShell script",
        f"{_DM}/deviceManagementScripts",
        _SCRIPTS,
        try_expand=("assignments",),
        try_top=_MANY,
        item_query="",
        references=(*TARGETS, TAGS),
        writing=Writing(assign=_BY_SCRIPT),
    ),
    PolicyType(
        "deviceShellScripts",
        "Shell scripts",
        "shell script",
        f"{_DM}/deviceShellScripts",
        _SCRIPTS,
        # GET {id}/assignments answers 400 for these.
        assignments=AssignmentSource.ITEM,
        try_expand=("assignments",),
        try_top=_MANY,
        item_query="$expand=assignments",
        references=(*TARGETS, TAGS),
        writing=Writing(assign=_BY_SCRIPT),
    ),
    PolicyType(
        "deviceCustomAttributeShellScripts",
        "Custom attributes",
        "custom attribute",
        f"{_DM}/deviceCustomAttributeShellScripts",
        _SCRIPTS,
        assignments=AssignmentSource.ITEM,  # the same 400
        try_expand=("assignments",),
        item_query="$expand=assignments",
        references=(*TARGETS, TAGS),
        writing=Writing(
            assign=_BY_SCRIPT,
            strip_on_update=("customAttributeName", "customAttributeType", "displayName"),
        ),
    ),
    PolicyType(
        "deviceHealthScripts",
        "Remediations",
        "remediation",
        f"{_DM}/deviceHealthScripts",
        _SCRIPTS,
        try_expand=("assignments",),
        try_top=_MANY,
        item_query="",
        noise=frozenset({"highestAvailableVersion"}),
        references=(*TARGETS, TAGS),
        writing=Writing(
            assign=Assigning(member="deviceHealthScriptAssignments"),
            strip=("isGlobalScript", "highestAvailableVersion"),
            strip_on_update=("deviceHealthScriptType",),
            but="Those Microsoft provides are left alone.",
        ),
    ),
    PolicyType(
        "deviceComplianceScripts",
        "Compliance discovery scripts",
        "compliance discovery script",
        f"{_DM}/deviceComplianceScripts",
        _CONFIGURATION,
        assignments=AssignmentSource.NONE,
        item_query="",
        references=(TAGS,),
        writing=Writing(),
    ),
)
