"""/styleguide: every interface element in every state. Served when OPSAPP_DEBUG_PAGES is on."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

from flask import Blueprint, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    PasswordField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import Email, InputRequired, Length

from opsapp.permissions import public
from opsapp.presenters.frame import Frame, FrameTenant, FrameUser, NavGroup, NavItem
from opsapp.presenters.states import STATES

bp = Blueprint("styleguide", __name__)

LONG_NAME = (
    "Windows \N{EN DASH} Device Control \N{EN DASH} Removable storage, printers and Bluetooth "
    "\N{EN DASH} pilot ring of the "
    "northern regions, phase two (do not edit)"
)
RIGHT_TO_LEFT = "سياسة الأمان للأجهزة المحمولة"


class SampleForm(FlaskForm):
    name = StringField(
        "Name",
        [InputRequired("Give it a name."), Length(max=120)],
        description="As people know it.",
    )
    email = StringField("Contact", [Email("Write a full address, such as ana@example.com.")])
    secret = PasswordField("Client secret", [InputRequired("A secret is needed.")])
    cloud = SelectField("Cloud", choices={"global": "Global", "usgov": "US Government"})
    scope = RadioField(
        "Scope",
        choices={"all": "All policies", "some": "Only some"},
        default="all",
    )
    note = TextAreaField("Note")
    production = BooleanField("Production tenant", description="Its pages carry a coloured edge.")


class SampleFrame(Frame):
    """A frame that reads nothing: the guide looks the same for everybody."""

    user = FrameUser(1, "Ana Ferreira", "ana@example.com", is_admin=True)
    unread = 3
    tenant = FrameTenant("contoso", "Contoso", "owner", True, "#")
    tenants = [  # noqa: RUF012 - never changed
        tenant,
        FrameTenant(
            "fabrikam", "Fabrikam Manufacturing and Logistics Holding", "operator", False, "#"
        ),
        FrameTenant("northwind", "Northwind", "readonly", False, "#"),
    ]
    nav = [  # noqa: RUF012 - never changed
        NavGroup(
            "Tenant",
            [
                NavItem("Overview", "#overview", "speedometer2", current=True),
                NavItem("Policies", "#policies", "file-earmark-text", current=False),
                NavItem("Groups", "#groups", "people", current=False),
                NavItem("Settings", "#settings", "sliders", current=False),
            ],
        ),
        NavGroup(
            "Everywhere",
            [
                NavItem("Portfolio", "#portfolio", "grid", current=False),
                NavItem("Operations", "#operations", "activity", current=False),
                NavItem("Queue", "#queue", "hdd-stack", current=False),
                NavItem("Notifications", "#notifications", "bell", current=False),
                NavItem("Tenants", "#tenants", "building", current=False),
                NavItem("Users", "#users", "person-badge", current=False),
                NavItem("Audit", "#audit", "journal-text", current=False),
            ],
        ),
    ]


def _runs(now: datetime) -> list[dict[str, Any]]:
    def row(number: int, what: str, state: str, **more: Any) -> dict[str, Any]:
        return {
            "id": number,
            "what": what,
            "tenant": "Contoso",
            "state": state,
            "reason": None,
            "counts": {},
            "by": "Ana Ferreira",
            "at": now - timedelta(minutes=7 * (820 - number)),
            "seconds": 42,
        } | more

    return [
        row(
            820,
            "Sync inventory",
            "running",
            counts={"total": 453, "succeeded": 212, "unchanged": 190},
        ),
        row(819, "Sync groups", "queued", seconds=None),
        row(
            818,
            "Sync inventory",
            "partially_succeeded",
            reason="run.partial",
            counts={"total": 453, "succeeded": 412, "unchanged": 380, "failed": 37, "skipped": 4},
        ),
        row(817, LONG_NAME, "failed", reason="graph.consent_missing", tenant=RIGHT_TO_LEFT),
        row(
            816,
            "Sync inventory",
            "succeeded",
            counts={"total": 100_000, "succeeded": 99_999, "unchanged": 99_000, "failed": 1},
            seconds=7384,
        ),
        row(815, "Verify tenant", "cancelled", reason="run.cancelled_by_user", by="System"),
    ]


def _events(now: datetime) -> list[dict[str, Any]]:
    def at(minutes: float) -> datetime:
        return now - timedelta(minutes=minutes)

    return [
        {"at": at(20), "kind": "created", "message": "Created.", "actor": "Ana Ferreira"},
        {"at": at(20), "kind": "dispatched", "message": "Handed to the queue.", "actor": "System"},
        {"at": at(16), "kind": "started", "message": "Attempt 1 started.", "actor": "worker-1"},
        {
            "at": at(14),
            "kind": "held",
            "message": "Waiting for Graph until 10:14.",
            "actor": "worker-1",
            "detail": "graph.throttled: the tenant answered 429 to 3 requests",
        },
        {"at": at(2), "kind": "completed", "message": "Partially succeeded.", "actor": "worker-1"},
    ]


COLUMNS = [
    {"key": "what", "label": "Operation", "wide": True, "sortable": True},
    {"key": "state", "label": "State", "narrow": True},
    {"key": "items", "label": "Items"},
    {"key": "by", "label": "Started by", "optional": True},
    {"key": "at", "label": "Started", "narrow": True, "sortable": True},
    {"key": "seconds", "label": "Took", "numeric": True, "optional": True},
]


def _same(*labels: str) -> list[dict[str, Any]]:
    return [
        {"label": label, "before": "Enabled", "after": "Enabled", "kind": "unchanged"}
        for label in labels
    ]


DIFFERENCES = [
    *_same("Require encryption", "Require secure boot", "Block simple passwords"),
    {"label": "Minimum password length", "before": "8", "after": "14", "kind": "changed"},
    *_same(LONG_NAME),
    {"label": "Block removable storage", "before": None, "after": "Enabled", "kind": "added"},
    {
        "label": "Legacy audit policy",
        "before": "Success, Failure",
        "after": None,
        "kind": "removed",
    },
]
CONTENT = {
    "@odata.type": "#microsoft.graph.deviceManagementConfigurationPolicy",
    "name": LONG_NAME,
    "platforms": "windows10",
    "settingCount": 312,
    "roleScopeTagIds": ["0"],
    "settings": [
        {"id": str(index), "settingInstance": {"value": index * 7}} for index in range(40)
    ],
}


@bp.route("/styleguide", methods=["GET", "POST"])
@public
def show() -> ResponseReturnValue:
    """The guide. A POST validates the sample form and shows what is wrong with it."""
    now = datetime.now(UTC)
    form = SampleForm()  # type: ignore[no-untyped-call]
    form.validate_on_submit()  # type: ignore[no-untyped-call]
    return render_template(
        "styleguide/show.html",
        frame=SampleFrame(),
        states=STATES.values(),
        columns=COLUMNS,
        rows=_runs(now),
        events=_events(now),
        moments=[
            now,
            now - timedelta(minutes=3),
            now - timedelta(days=2),
            now + timedelta(hours=2),
            None,
        ],
        differences=DIFFERENCES,
        content=CONTENT,
        form=form,
        here=url_for("styleguide.show"),
        now=now,
        sample=SimpleNamespace(long=LONG_NAME, rtl=RIGHT_TO_LEFT),
    )
