from typing import Any

from wtforms import BooleanField, EmailField, PasswordField, SelectField, StringField
from wtforms.validators import InputRequired, Length, Optional

from opsapp.forms.base import Form
from opsapp.models import Cloud, Role
from opsapp.services import tenants
from opsapp.services.names import MAX_NAME
from opsapp.services.tenants import Credential
from opsapp.services.users import time_zones

CLOUDS = {
    Cloud.GLOBAL: "Global",
    Cloud.USGOV: "US Government (GCC High)",
    Cloud.DOD: "US Government (DoD)",
    Cloud.CHINA: "China (21Vianet)",
}
ROLES = {
    Role.READONLY: "Read only: sees pages and runs",
    Role.OPERATOR: "Operator: also starts, retries and cancels own runs",
    Role.MANAGER: "Manager: also cancels any run and excludes collections",
    Role.OWNER: "Owner: also members, credentials and settings",
}
ROLE_NAMES = {role: words.partition(":")[0] for role, words in ROLES.items()}

_GUID_HELP = "A GUID such as 00000000-0000-0000-0000-000000000000."


class GeneralForm(Form):
    name = StringField(
        "Name",
        [InputRequired("Enter a name."), Length(max=MAX_NAME)],
        render_kw={"autocomplete": "off"},
    )
    is_production = BooleanField(
        "Production", description="Every page of the tenant gets a coloured edge."
    )


class SettingsForm(GeneralForm):
    needs_approval = BooleanField(
        "Restores need a second person",
        description="In a production tenant a confirmed restore waits until another owner "
        "approves it.",
    )
    timezone = SelectField(
        "Time zone",
        description="The clocks that its backup schedules follow.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.timezone.choices = {zone: zone.replace("_", " ") for zone in time_zones()}


class CredentialForm(Form):
    client_id = StringField(
        "Client id",
        [InputRequired("Enter the client id."), Length(max=64)],
        description=_GUID_HELP,
        render_kw={"autocomplete": "off", "spellcheck": "false"},
    )
    client_secret = PasswordField(
        "Client secret",
        [InputRequired("Enter the client secret."), Length(max=tenants.MAX_SECRET)],
        description="Stored encrypted. It is never shown again.",
        render_kw={"autocomplete": "new-password"},
    )

    @property
    def credential(self) -> Credential:
        return Credential(self.client_id.data or "", self.client_secret.data or "")


class NewTenantForm(GeneralForm):
    slug = StringField(
        "Short name",
        [InputRequired("Enter a short name."), Length(max=63)],
        description="Stands in addresses and commands and cannot be changed later. "
        "Lower-case letters, digits and hyphens.",
        render_kw={"autocomplete": "off", "spellcheck": "false"},
    )
    entra_tenant_id = StringField(
        "Entra tenant id",
        [InputRequired("Enter the Entra tenant id."), Length(max=64)],
        description=_GUID_HELP,
        render_kw={"autocomplete": "off", "spellcheck": "false"},
    )
    cloud = SelectField(
        "Cloud",
        [InputRequired("Choose a cloud.")],
        choices={cloud.value: name for cloud, name in CLOUDS.items()},
        default="global",
    )
    client_id = StringField(
        "Client id",
        [Optional(), Length(max=64)],
        description="Leave both empty to use the default app registration.",
        render_kw={"autocomplete": "off", "spellcheck": "false"},
    )
    client_secret = PasswordField(
        "Client secret",
        [Optional(), Length(max=tenants.MAX_SECRET)],
        description="Stored encrypted. It is never shown again.",
        render_kw={"autocomplete": "new-password"},
    )

    @property
    def credential(self) -> Credential | None:
        client_id, secret = self.client_id.data or "", self.client_secret.data or ""
        return Credential(client_id, secret) if client_id or secret else None


class MemberForm(Form):
    email = EmailField(
        "Email address",
        [InputRequired("Enter the email address of an account."), Length(max=254)],
        description="The person needs an account already; an administrator creates it.",
        render_kw={"autocomplete": "off"},
    )
    role = SelectField(
        "Role",
        [InputRequired("Choose a role.")],
        choices={role.value: words for role, words in ROLES.items()},
        default="readonly",
    )
