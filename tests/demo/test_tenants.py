"""Which tenants `make demo BASELINES=folder` makes of a folder."""

import pytest

from opsapp.demo import DemoError
from opsapp.demo.tenants import of_exports


def export(folder, *collections):
    for collection in collections:
        (folder / collection).mkdir(parents=True)
        (folder / collection / "one.json").write_text("{}")
    return folder


def test_export_sets_fill_the_three_tenants_then_get_their_own(tmp_path):
    for name in ("d Größe!", "a", "b", "c", "e"):
        export(tmp_path / name, "configurationPolicies")
    (tmp_path / "empty").mkdir()
    (tmp_path / ".git").mkdir()
    tenants = of_exports(tmp_path)
    assert [(item.slug, item.folder.name) for item in tenants] == [
        ("contoso", "a"),
        ("fabrikam", "b"),
        ("northwind", "c"),
        ("d-gr-e", "d Größe!"),
        ("e", "e"),
    ]
    assert len({item.entra_tenant_id for item in tenants}) == 5


@pytest.mark.parametrize("collection", ["configurationPolicies", "Settings Catalog", "Compliance"])
def test_a_folder_of_collections_is_one_export_set(tmp_path, collection):
    [tenant] = of_exports(export(tmp_path, collection, "LooksLikeNothing"))
    assert (tenant.slug, tenant.folder) == ("contoso", tmp_path)


def test_a_folder_of_files_is_one_export_set(tmp_path):
    (tmp_path / "policy.json").write_text("{}")
    assert [item.folder for item in of_exports(tmp_path)] == [tmp_path]


def test_sets_with_colliding_or_reserved_names_get_slugs_of_their_own(tmp_path):
    for name in ("0", "1", "2", "x y", "x-y", "contoso", "new", "~~~"):
        export(tmp_path / name, "configurationPolicies")
    slugs = [item.slug for item in of_exports(tmp_path)]
    assert sorted(slugs[3:]) == ["contoso-2", "new-2", "tenant", "x-y", "x-y-2"]


def test_ids_are_the_same_at_every_start(tmp_path):
    export(tmp_path / "a", "configurationPolicies")
    assert of_exports(tmp_path) == of_exports(tmp_path)
    assert of_exports(tmp_path)[0].argument.startswith("contoso=")


def test_nothing_to_load_is_said(tmp_path):
    with pytest.raises(DemoError, match="no exported policies"):
        of_exports(tmp_path)
    with pytest.raises(DemoError, match="no folder"):
        of_exports(tmp_path / "missing")
