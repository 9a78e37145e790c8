"""A step made ready to be sent."""

from opsapp.intune.restore import Step, id_of
from opsapp.restore.request import ready

CHINA = "https://microsoftgraph.chinacloudapi.cn"
PLACE = "/beta/deviceManagement/roleScopeTags('0')"


def test_ids_are_put_in_and_bindings_lead_to_the_tenants_own_cloud():
    body = {
        "displayName": "https://graph.microsoft.com/ is not a binding here",
        "roleScopeTags@odata.bind": [f"https://graph.microsoft.com{PLACE}"],
        "values": [{"presentation@odata.bind": f"https://graph.microsoft.com{PLACE}"}],
        "of": id_of("groups", "a"),
    }
    step = Step("Create", "POST", f"/x/{id_of('groups', 'a')}", body)
    request = ready(step, lambda _, source_id: f"new {source_id}", CHINA)
    assert request.address == "/x/new%20a"
    assert request.body == {
        "displayName": body["displayName"],
        "roleScopeTags@odata.bind": [f"{CHINA}{PLACE}"],
        "values": [{"presentation@odata.bind": f"{CHINA}{PLACE}"}],
        "of": "new a",
    }
