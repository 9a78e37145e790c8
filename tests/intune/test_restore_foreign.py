"""What of an object cannot follow it into another tenant."""

from opsapp.intune.restore.foreign import without_imported


def test_settings_of_imported_files_are_lacking() -> None:
    ours = {"definition": {"id": "a", "displayName": "Server", "policyType": "admxIngested"}}
    built_in = {"definition": {"id": "b", "displayName": "Clock", "policyType": "admxBacked"}}

    content, lacks = without_imported({"definitionValues": [ours, built_in]})

    assert content["definitionValues"] == [built_in]
    assert lacks == ("“Server”, a setting of an imported ADMX file: set it by hand",)


def test_other_objects_stay_as_they_are() -> None:
    assert without_imported({"displayName": "Policy"}) == ({"displayName": "Policy"}, ())
