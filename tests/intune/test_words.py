"""Names as phrases."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsapp.intune.vocabulary import SPELLINGS, WORDS
from opsapp.intune.words import readable, readable_id, separated


@pytest.mark.parametrize(
    ("name", "phrase"),
    [
        ("passwordMinimumLength", "Password minimum length"),
        ("osMinimumVersion", "OS minimum version"),
        ("wiFiSecurityType", "Wi-Fi security type"),
        ("iosManagedAppProtection", "iOS managed app protection"),
        ("allowedOutboundClipboardSharingLevel", "Allowed outbound clipboard sharing level"),
        ("partialEnablementStrategy", "Partial enablement strategy"),
        ("enabledForReportingButNotEnforced", "Enabled for reporting but not enforced"),
        ("macOSGeneralDeviceConfiguration", "macOS general device configuration"),
        ("macOsVppApp", "macOS vpp app"),
        ("iPadOSVersion", "iPadOS version"),
        ("MFA", "MFA"),
        ("", ""),
    ],
)
def test_capitals_begin_words(name, phrase):
    assert readable(name) == phrase


@pytest.mark.parametrize(
    ("name", "phrase"),
    [
        ("allowrealtimemonitoring", "Allow realtime monitoring"),
        ("internetzoneallowaccesstodatasources", "Internet zone allow access to data sources"),
        (
            "blockcredentialstealingfromwindowslocalsecurityauthoritysubsystem",
            "Block credential stealing from Windows local security authority subsystem",
        ),
        ("configure_smbv1server", "Configure SMB v1 server"),
        ("internetexplorer", "Internet Explorer"),
        ("bitlocker_requiredeviceencryption", "BitLocker require device encryption"),
        ("approveddomainstousetdcactivexcontrol", "Approved domains to use TDC ActiveX control"),
        ("theme", "Theme"),
    ],
)
def test_words_written_together_are_separated(name, phrase):
    assert readable_id(name) == phrase


def test_letters_that_are_no_word_stay_together():
    assert separated("xqzjk") == ("xqzjk",)
    assert separated("allowxqzjk") == ("allow", "xqzjk")


@given(st.text(alphabet="abcdefghijklmnopqrstuvwxyz", max_size=60))
def test_separating_loses_no_letter(text):
    assert "".join(separated(text)) == text


@given(st.text(max_size=80))
def test_any_name_becomes_a_phrase(name):
    assert isinstance(readable(name), str)
    assert isinstance(readable_id(name), str)


def test_the_vocabulary_is_lower_case_letters():
    assert all(word.isalpha() and word == word.lower() for word in WORDS)
    assert SPELLINGS.keys() <= WORDS
