"""Objects of all types as sections of settings."""

import base64
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opsapp.exports.reader import read_folder
from opsapp.intune.readable import (
    count_of,
    has_numbered,
    matching,
    sections_of,
    texts_in,
)
from opsapp.intune.readable_properties import DEEPEST
from opsapp.intune.setting import Form, Section, Setting, decoded
from opsapp.models import SettingDefinition
from tests.support.inventory_rows import catalog, choice, graph_id, simple

DEVICE = "device_vendor_msft_policy_config_"


def flat(sections: list[Section]) -> dict[str, Any]:
    """Labels, with those they lie under, and values."""
    found: dict[str, Any] = {}

    def walk(prefix: str, setting: Setting) -> None:
        label = f"{prefix}/{setting.label}"
        if setting.values:
            found[label] = setting.values[0] if len(setting.values) == 1 else list(setting.values)
        for child in setting.children:
            walk(label, child)

    for section in sections:
        for setting in section.settings:
            walk(section.title, setting)
    return found


class TestProperties:
    def test_plain_properties_are_words_and_values(self):
        content = {
            "id": "1",
            "displayName": "Baseline",
            "@odata.type": "#microsoft.graph.windows10CompliancePolicy",
            "passwordRequired": True,
            "secureBootEnabled": False,
            "passwordMinimumLength": 12,
            "passwordRequiredType": "numericComplex",
            "periodBeforePinReset": "P90D",
            "validOperatingSystemBuildRanges": [],
            "osMinimumVersion": None,
            "threatLevel": "notConfigured",
        }
        (section,) = sections_of(content)
        assert flat([section]) == {
            "General/Password required": "Yes",
            "General/Secure boot enabled": "No",
            "General/Password minimum length": "12",
            "General/Password required type": "Numeric complex",
            "General/Period before PIN reset": "90 days",
        }
        assert [one.label for one in section.unset] == [
            "Valid operating system build ranges",
            "OS minimum version",
            "Threat level",
        ]

    def test_free_text_is_left_as_it_was_written(self):
        content = {"fileName": "doThis", "omaUri": "./Vendor/x", "runAsAccount": "system"}
        assert flat(sections_of(content)) == {
            "General/File name": "doThis",
            "General/OMA URI": "./Vendor/x",
            "General/Run as account": "System",
        }

    def test_what_has_members_is_a_section(self):
        content = {
            "state": "enabled",
            "conditions": {
                "users": {"includeUsers": ["All"], "excludeGroups": [graph_id(1), graph_id(2)]},
                "platforms": None,
            },
            "grantControls": {"operator": "OR", "builtInControls": ["mfa", "compliantDevice"]},
        }
        sections = sections_of(content)
        assert [section.title for section in sections] == [
            "General",
            "Conditions",
            "Grant controls",
        ]
        assert flat(sections) == {
            "General/State": "Enabled",
            "Conditions/Users/Include users": "All",
            "Conditions/Users/Exclude groups": [graph_id(1), graph_id(2)],
            "Grant controls/Operator": "OR",
            "Grant controls/Built in controls": ["MFA", "Compliant device"],
        }
        assert [one.label for one in sections[1].unset] == ["Platforms"]

    def test_objects_in_a_list_go_by_their_name_and_tell_their_type(self):
        content = {
            "omaSettings": [
                {
                    "@odata.type": "#microsoft.graph.omaSettingInteger",
                    "displayName": "One",
                    "value": 1,
                },
                {"displayName": "Two", "value": 2},
            ]
        }
        assert flat(sections_of(content)) == {
            "OMA settings/One/Type": "OMA setting integer",
            "OMA settings/One/Value": "1",
            "OMA settings/Two/Value": "2",
        }

    def test_false_is_folded_only_among_very_many(self):
        few = {f"option{number}": False for number in range(5)}
        many = {f"option{number}": False for number in range(60)}
        assert count_of(sections_of(few)) == 5
        (section,) = sections_of(many | {"switch": True})
        assert count_of([section]) == 1
        assert section.unset[0].values == ("No",)

    def test_a_script_is_shown_as_text(self):
        script = "#!/bin/sh\necho ünïcode\n"
        content = {"scriptContent": base64.b64encode(script.encode()).decode()}
        setting = sections_of(content)[0].settings[0]
        assert setting.form == Form.LONG
        assert setting.values == (script,)

    def test_an_id_keeps_its_looks(self):
        assert sections_of({"templateId": graph_id(1)})[0].settings[0].form == Form.CODE


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"a\r\nb", "a\nb"),
        ("\ufeffWrite-Host".encode(), "Write-Host"),
        ("Write-Host ä".encode("utf-16"), "Write-Host ä"),
        (b"\x89PNG\x00\x01", "6 bytes of binary data"),
        (bytes(range(128, 140)), "12 bytes of binary data"),
    ],
)
def test_base64_is_decoded(raw, text):
    assert decoded(base64.b64encode(raw).decode()) == text


def test_what_is_not_base64_is_left_alone():
    assert decoded("not base64 at all!") == "not base64 at all!"


class TestCatalog:
    def test_settings_are_grouped_by_area(self):
        content = catalog(
            choice(f"{DEVICE}defender_allowrealtimemonitoring", "1"),
            simple(f"{DEVICE}devicelock_minimumpasswordage", 3, "Integer"),
            choice("com.apple.applicationaccess_allowcloudkeychainsync", "false"),
            choice("user_vendor_msft_policy_config_experience_allowcortana", "0"),
        )
        sections = sections_of(content)
        assert flat(sections) == {
            "Defender/Allow realtime monitoring": "1",
            "Device lock/Minimum password age": "3",
            "Experience/Allow Cortana": "0",
            "Restrictions/Allow cloud keychain sync": "No",
        }
        assert sections[2].settings[0].path == "user"

    def test_templates_give_product_and_categories(self):
        setting = (
            "user_vendor_msft_policy_config_excel16v2~policy~l_microsoftofficeexcel~l_exceloptions"
            "~l_security_l_vbawarningspolicy"
        )
        child = f"{setting}_l_empty19"
        (section,) = sections_of(catalog(choice(setting, "1", choice(child, "3"))))
        assert section.title == "Microsoft Excel"
        assert section.settings[0].path == "Excel options / Security · user"
        assert flat([section]) == {
            "Microsoft Excel/VBA warnings policy": "Enabled",
            "Microsoft Excel/VBA warnings policy/Value": "3",
        }

    @pytest.mark.parametrize(
        ("setting", "chosen", "shown"),
        [
            (f"{DEVICE}admx_printing_pointandprint", "1", "Enabled"),
            (f"{DEVICE}microsoft_edge~policy~microsoft_edge_syncdisabled", "0", "Disabled"),
            (f"{DEVICE}system_allowtelemetry", "1", "1"),
            ("device_vendor_msft_laps_policies_backupdirectory", "1", "1"),
            (f"{DEVICE}defender_attacksurfacereductionrules_x", "audit", "Audit"),
            ("vendor_msft_firewall_mdmstore_x_enablefirewall", "true", "Yes"),
        ],
    )
    def test_a_number_gets_a_word_only_where_its_meaning_is_certain(self, setting, chosen, shown):
        sections = sections_of(catalog(choice(setting, chosen)))
        assert sections[0].settings[0].values == (shown,)
        assert has_numbered(sections) == shown.isdigit()

    def test_a_typed_number_is_no_choice(self):
        assert not has_numbered(sections_of(catalog(simple(f"{DEVICE}a_b", 7, "Integer"))))

    def test_several_groups_are_told_apart_by_their_names(self):
        parent = "device_vendor_msft_firewall_rules"

        def rule(name: str) -> dict[str, Any]:
            return {"children": [simple(f"{parent}_displayname", name)]}

        group = {
            "settingDefinitionId": parent,
            "groupSettingCollectionValue": [rule("A"), rule("B")],
        }
        assert flat(sections_of(catalog(group))) == {
            "Firewall/Rules/A/Display name": "A",
            "Firewall/Rules/B/Display name": "B",
        }

    def test_nothing_is_lost_of_a_policy_with_hundreds_of_settings(self):
        many = [choice(f"{DEVICE}area{number % 40}_setting{number}", "1") for number in range(640)]
        assert count_of(sections_of(catalog(*many))) == 640


class TestSearch:
    sections = sections_of(
        catalog(
            choice(f"{DEVICE}defender_allowemailscanning", "1"),
            choice(f"{DEVICE}defender_rules", "1", simple(f"{DEVICE}defender_rules_path", "C:\\X")),
            choice(f"{DEVICE}power_energysaver", "1"),
        )
    )

    @pytest.mark.parametrize(
        ("wanted", "count"),
        [("EMAIL", 1), ("defender", 2), ("c:\\x", 1), ("allowemailscanning", 1), ("nothing", 0)],
    )
    def test_it_looks_at_labels_values_ids_sections_and_what_is_inside(self, wanted, count):
        assert count_of(matching(self.sections, wanted)) == count


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=3)
    ),
    max_leaves=20,
)


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.text(max_size=20), json_values, max_size=6))
def test_no_object_is_too_odd(content):
    assert count_of(sections_of(content)) <= len(content) * 4


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.sampled_from(
    ["settingDefinitionId", "choiceSettingValue", "simpleSettingValue", "children",
     "groupSettingCollectionValue", "choiceSettingCollectionValue", "simpleSettingCollectionValue"]
), json_values))  # fmt: skip
def test_no_setting_is_too_odd(instance):
    assert count_of(sections_of(catalog(instance))) == 1


def test_nesting_ends_somewhere():
    content: dict[str, Any] = {}
    for _ in range(DEEPEST * 5):
        content = {"inner": content, "value": "x"}
    instance = simple(f"{DEVICE}a_deepest", "x")
    for _ in range(DEEPEST * 5):
        instance = choice(f"{DEVICE}a_b", "1", instance)
    assert '"inner": {' in str(sections_of(content)), "the rest is shown as JSON"
    assert "nested too deeply" in str(sections_of(catalog(instance)))


def test_every_text_is_found():
    assert sorted(texts_in({"a": ["x", {"b": "y"}], "c": 1, "d": None})) == ["x", "y"]


@pytest.mark.baselines
def test_every_real_object_is_readable():
    folder = os.environ.get("OPSAPP_TEST_BASELINES")
    if not folder:
        pytest.skip("OPSAPP_TEST_BASELINES is not set")
    objects = read_folder(Path(folder)).objects
    assert objects
    for one in objects:
        sections = sections_of(one.content)
        expected = one.content.get("settings")
        if one.collection == "configurationPolicies" and isinstance(expected, list):
            assert count_of(sections) >= len(expected), one.file


def test_settings_that_intune_calls_the_same_are_told_apart() -> None:
    prefix = "vendor_msft_firewall_mdmstore_"
    ids = [f"{prefix}{part}profile_logmaxfilesize" for part in ("domain", "public")]
    known = {key: SettingDefinition(label="Log Max File Size", options={}) for key in ids}
    content = catalog(*(simple(key, 16384, "Integer") for key in ids))
    labels = [one.label for section in sections_of(content, known) for one in section.settings]
    assert labels == ["Log Max File Size (domain profile)", "Log Max File Size (public profile)"]
