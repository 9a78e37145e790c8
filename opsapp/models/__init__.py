"""All tables. Importing this package fills the metadata."""

from opsapp.models.audit import AuditEvent
from opsapp.models.delivery import Channel, Delivery, DeliveryPreference, DeliveryState
from opsapp.models.group import DirectoryGroup
from opsapp.models.lineage import RunAttention, RunRepair, RunSelection
from opsapp.models.metric import MetricTotal
from opsapp.models.notification import Notification, NotificationKind
from opsapp.models.pause import Pause
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
from opsapp.models.sealed import InstanceKey, SealedValue
from opsapp.models.setting import PolicySetting, SettingDefinition, SettingName
from opsapp.models.tenant import (
    Cloud,
    CollectionState,
    Completeness,
    ListedAssignments,
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
    "Channel",
    "Cloud",
    "CollectionState",
    "Completeness",
    "Delivery",
    "DeliveryPreference",
    "DeliveryState",
    "DirectoryGroup",
    "Hold",
    "InstanceKey",
    "ItemResult",
    "ListedAssignments",
    "Membership",
    "MetricTotal",
    "Notification",
    "NotificationKind",
    "OperationRun",
    "OperationRunEvent",
    "OperationRunItem",
    "Pause",
    "PermissionState",
    "Policy",
    "PolicyAssignment",
    "PolicySetting",
    "PolicyVersion",
    "QueueState",
    "Role",
    "RunAttention",
    "RunOutcome",
    "RunRepair",
    "RunSelection",
    "RunStatus",
    "SealedValue",
    "SettingDefinition",
    "SettingName",
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
