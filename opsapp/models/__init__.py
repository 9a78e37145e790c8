"""All tables. Importing this package fills the metadata."""

from opsapp.models.audit import AuditEvent
from opsapp.models.group import DirectoryGroup
from opsapp.models.notification import Notification, NotificationKind
from opsapp.models.policy import Policy, PolicyAssignment, PolicyVersion, Snapshot
from opsapp.models.run import (
    Hold,
    ItemResult,
    OperationRun,
    OperationRunEvent,
    OperationRunItem,
    RunOutcome,
    RunStatus,
)
from opsapp.models.tenant import (
    Cloud,
    CollectionState,
    Completeness,
    Membership,
    PermissionState,
    Role,
    Tenant,
    TenantPermission,
)
from opsapp.models.user import SignInFailure, User, UserSession
from opsapp.models.worker import QueueState, Tick, WorkerHeartbeat, WorkerState

__all__ = [
    "AuditEvent",
    "Cloud",
    "CollectionState",
    "Completeness",
    "DirectoryGroup",
    "Hold",
    "ItemResult",
    "Membership",
    "Notification",
    "NotificationKind",
    "OperationRun",
    "OperationRunEvent",
    "OperationRunItem",
    "PermissionState",
    "Policy",
    "PolicyAssignment",
    "PolicyVersion",
    "QueueState",
    "Role",
    "RunOutcome",
    "RunStatus",
    "SignInFailure",
    "Snapshot",
    "Tenant",
    "TenantPermission",
    "Tick",
    "User",
    "UserSession",
    "WorkerHeartbeat",
    "WorkerState",
]
