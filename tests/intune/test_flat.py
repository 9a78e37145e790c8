"""Objects of all types as flat settings with keys that stay."""

import base64
import os
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opsapp.exports.reader import read_folder
from opsapp.intune.flat import LONGEST_NAME, flat_settings, settings_in
from opsapp.intune.secrets import SEALED_PREFIX, SHOWN_INSTEAD
from opsapp.intune.setting import Form
from tests.support.inventory_rows import catalog, choice, graph_id, simple

DEVICE = "device_vendor_msft_policy_config_"
RULES = "vendor_msft_firewall_mdmstore_firewallrules_{firewallrulename}"
BASELINES = os.environ.get("OPSAPP_TEST_BASELINES")


class Known(NamedTuple):
    label: str
    options: dict[str, str]


def values(content: dict[str, Any], **known: Any) -> dict[str, Any]:
    """Keys and values; one value by itself."""
    return {
        one.key: one.values[0] if len(one.values) == 1 else list(one.values)
        for one in flat_settings(content, **known)
    }


def rule(name: str, action: str = "0") -> dict[str, Any]:
    return {
        "children": [simple(f"{RULES}_name", name), choice(f"{RULES}_action_type", action)],
    }


class TestSettingsCatalog:
    def test_the_key_is_the_definition_wherever_it_lies(self):
        child = simple(f"{DEVICE}defender_minutes", 5, "Integer")
        content = catalog(choice(f"{DEVICE}defender_allowscanning", "1", child))
        assert values(content) == {
            f"{DEVICE}defender_allowscanning": "1",
            f"{DEVICE}defender_minutes": "5",
        }

    def test_groups_that_repeat_are_told_apart_and_named(self):
        groups = {"settingDefinitionId": RULES, "groupSettingCollectionValue": [rule("A")]}
        assert values(catalog(groups)) == {
            f"{RULES}[1]/{RULES}_name": "A",
            f"{RULES}[1]/{RULES}_action_type": "0",
        }
        groups["groupSettingCollectionValue"] = [rule("A"), rule("B")]
        flat = flat_settings(catalog(groups))
        assert [one.key.partition("/")[0] for one in flat] == [f"{RULES}[1]"] * 2 + [
            f"{RULES}[2]"
        ] * 2
        assert [one.path.rpartition(" / ")[2] for one in flat] == ["A", "A", "B", "B"]
        assert len(settings_in(catalog(groups))) == 2

    def test_words_of_the_definitions_come_first(self):
        key = f"{DEVICE}defender_allowscanning"
        known = {key: Known("Allow scanning of files", {f"{key}_1": "Allowed."})}
        (one,) = flat_settings(catalog(choice(key, "1")), known)
        assert (one.label, one.values) == ("Allow scanning of files", ("Allowed.",))
        assert settings_in(catalog(choice(key, "1")), known) == {key: "Allow scanning of files"}

    def test_a_reusable_group_of_settings_holds_one_instance(self):
        content = {"settingInstance": simple("reusable_thing", "x")}
        assert values(content) == {"reusable_thing": "x"}


class TestOtherTypes:
    def test_the_key_of_a_property_is_its_path(self):
        content = {"state": "enabled", "conditions": {"users": {"includeUsers": ["All"]}}}
        assert values(content) == {"state": "Enabled", "conditions/users/includeUsers": "All"}
        assert settings_in(content) == {
            "state": "State",
            "conditions/users/includeUsers": "Conditions / Users / Include users",
        }

    def test_administrative_templates_go_by_class_category_and_name(self):
        definition = {
            "id": graph_id(1),
            "displayName": "Require additional authentication at startup",
            "categoryPath": "\\Windows Components\\BitLocker\\Operating System Drives",
            "classType": "machine",
        }
        presented = {
            "value": "6",
            "presentation": {"id": graph_id(2), "label": "Minimum characters:"},
        }
        content = {
            "definitionValues": [
                {
                    "id": graph_id(3),
                    "enabled": True,
                    "definition": definition,
                    "presentationValues": [presented],
                }
            ]
        }
        key = (
            "machine\\Windows Components\\BitLocker\\Operating System Drives"
            "\\Require additional authentication at startup"
        )
        first, second = flat_settings(content)
        assert (first.key, first.section, first.values) == (key, "Windows Components", ("Enabled",))
        assert first.path == "BitLocker / Operating System Drives"
        assert (second.label, second.values) == ("Minimum characters:", ("6",))
        assert settings_in(content) == {key: "Require additional authentication at startup"}

    def test_intents_go_by_definition_and_show_the_value_itself(self):
        area = "deviceConfiguration--windows10EndpointProtectionConfiguration_"
        content = {
            "settings": [
                {"id": "1", "definitionId": f"{area}defenderBlock", "valueJson": '"auditMode"'},
                {"id": "2", "definitionId": f"{area}unset", "valueJson": "null"},
                {
                    "id": "3",
                    "definitionId": f"{area}bitLocker",
                    "valueJson": '{"encryptionMethod":"xtsAes256","message":null}',
                },
            ]
        }
        assert values(content) == {
            f"{area}defenderBlock": "Audit mode",
            f"{area}bitLocker/encryptionMethod": "XTS AES256",
        }
        assert list(settings_in(content)) == [f"{area}bitLocker", f"{area}defenderBlock"]

    def test_oma_settings_go_by_their_address(self):
        uri = "./Device/Vendor/MSFT/Policy/Config/X"
        oma = {
            "@odata.type": "#microsoft.graph.omaSettingString",
            "displayName": "Mine",
            "omaUri": uri,
            "value": "1",
        }
        assert values({"omaSettings": [oma]})[f"omaSettings[{uri}]/value"] == "1"
        assert settings_in({"omaSettings": [oma]}) == {uri: uri}

    def test_scripts_are_text(self):
        content = {"scriptContent": base64.b64encode(b"echo 1\necho 2\n").decode()}
        (one,) = flat_settings(content)
        assert (one.values, one.form) == (("echo 1\necho 2\n",), Form.LONG)

    @pytest.mark.parametrize(
        ("content", "expected"),
        [
            (
                {"apps": [{"id": "x", "mobileAppIdentifier": {"bundleId": "com.a"}}]},
                {"apps[com.a]/mobileAppIdentifier/bundleId": "com.a"},
            ),
            (
                {
                    "localizedNotificationMessages": [
                        {"id": "1", "locale": "de", "subject": "Hallo"}
                    ]
                },
                {
                    "localizedNotificationMessages[de]/locale": "de",
                    "localizedNotificationMessages[de]/subject": "Hallo",
                },
            ),
            (
                {
                    "scheduledActionsForRule": [
                        {
                            "id": "1",
                            "scheduledActionConfigurations": [
                                {"id": "2", "actionType": "block", "gracePeriodHours": 12}
                            ],
                        }
                    ]
                },
                {
                    "scheduledActionsForRule[1]/scheduledActionConfigurations[block]/actionType": (
                        "Block"
                    ),
                    "scheduledActionsForRule[1]/scheduledActionConfigurations[block]"
                    "/gracePeriodHours": "12",
                },
            ),
            (
                {
                    "rolePermissions": [
                        {"resourceActions": [{"allowedResourceActions": ["a", "b"]}]}
                    ]
                },
                {"rolePermissions[1]/resourceActions[1]/allowedResourceActions": ["a", "b"]},
            ),
        ],
        ids=["apps", "messages", "actions", "permissions"],
    )
    def test_lists_are_stepped_into_without_the_ids_of_entries(self, content, expected):
        assert values(content) == expected


class TestSecrets:
    def test_a_sealed_value_is_hidden_wherever_it_is(self):
        sealed = f"{SEALED_PREFIX}0123abcd"
        content = catalog(
            simple("some_setting", sealed),
            proxy=sealed,
            list=[sealed, "b"],
            deep={"settings": [{"name": "key", "value": sealed}]},
            intents=[[sealed]],
        )
        flat = flat_settings(content)
        assert len(flat) == 5
        assert SEALED_PREFIX not in repr(flat)
        assert all(SHOWN_INSTEAD in "".join(one.values) for one in flat)

    def test_two_secrets_differ_without_being_shown(self):
        first, second = (
            flat_settings({"password": f"{SEALED_PREFIX}{letter}"})[0] for letter in "ab"
        )
        assert first.values == second.values
        assert first.exact != second.exact


def test_a_long_key_is_cut_but_stays_its_own():
    names = [f"{'x' * 500}{letter}" for letter in "ab"]
    found = settings_in(dict.fromkeys(names, 1))
    assert len(found) == 2
    assert all(
        len(key) <= LONGEST_NAME and len(label) <= LONGEST_NAME for key, label in found.items()
    )


odd = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(
            ["name", "value", "id", "settings", "settingInstance", "definitionValues", "omaUri",
             "definition", "definitionId", "valueJson", "mobileAppIdentifier", "@odata.type", "a"]
        ),
        inner,
        max_size=4,
    ),
    max_leaves=25,
)  # fmt: skip


@given(st.dictionaries(st.sampled_from(["settings", "definitionValues", "a", "omaSettings"]), odd))
@settings(max_examples=300)
def test_no_content_is_too_odd_and_no_key_comes_twice(content):
    keys = [one.key for one in flat_settings(content)]
    assert len(keys) == len(set(keys))
    settings_in(content)


@pytest.mark.baselines
@pytest.mark.skipif(not BASELINES, reason="OPSAPP_TEST_BASELINES is not set")
def test_every_real_object_has_settings_with_names():
    folders = [folder for folder in Path(str(BASELINES)).iterdir() if folder.is_dir()]
    objects = [one for folder in folders for one in read_folder(folder).objects]
    assert len(objects) > 400
    for one in objects:
        found = settings_in(one.content)
        assert all(key and label.strip() for key, label in found.items()), one.file
        assert len(flat_settings(one.content)) >= len(found) or one.file
