"""Secrets never come out, whatever holds them; what only sounds like one does."""

import json

import pytest

from opsapp.intune.readable import sections_of
from opsapp.intune.secrets import SHOWN_INSTEAD, masked
from tests.support.inventory_rows import catalog, simple

SECRET = "hunter2-secret"

HOLDERS = [
    {"preSharedKey": SECRET},
    {"wifiPassword": SECRET},
    {"encryptedValueToken": SECRET},
    {"nested": {"deeper": [{"sharedSecret": SECRET}]}},
    {"tokenValue": SECRET},
    {"qrCodeImage": {"type": "image/png", "value": SECRET}},
    {"omaSettings": [{"displayName": "x", "isEncrypted": True, "value": SECRET}]},
    {"omaSettings": [{"displayName": "x", "secretReferenceValueId": SECRET}]},
    {"customSettings": [{"name": "adminPassword", "value": SECRET}]},
    catalog(simple("device_vendor_msft_wifi_profile_presharedkey", SECRET)),
    catalog(simple("device_vendor_msft_x_y", SECRET, "Secret")),
    catalog(
        {
            "settingDefinitionId": "com.apple.airplay_password",
            "simpleSettingCollectionValue": [{"value": "one"}, {"value": SECRET}],
        }
    ),
]


@pytest.mark.parametrize("content", HOLDERS)
def test_a_secret_is_neither_in_the_settings_nor_in_the_raw_view(content):
    shown = str(sections_of(content))
    assert SECRET not in shown
    assert SHOWN_INSTEAD in shown
    assert SECRET not in json.dumps(masked(content))


NOT_SECRET = {
    "passwordMinimumLength": 8,
    "passwordRequired": True,
    "passwordRequiredType": "alphanumeric",
    "appStoreRequirePassword": False,
    "preSharedKey": None,
    "value": "plain",
}


def test_what_is_about_passwords_is_shown():
    assert masked(NOT_SECRET) == NOT_SECRET
    number = catalog(simple("device_vendor_msft_devicelock_password", 12, "Integer"))
    assert masked(number) == number


def test_masking_leaves_the_original_alone():
    content = {"a": [{"password": SECRET}]}
    assert masked(content) == {"a": [{"password": SHOWN_INSTEAD}]}
    assert content == {"a": [{"password": SECRET}]}
