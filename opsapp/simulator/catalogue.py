"""The collections the simulator serves, as one table: what Graph does differently for each."""

from opsapp.simulator.catalogue_apps import APPS
from opsapp.simulator.catalogue_configuration import CONFIGURATION
from opsapp.simulator.catalogue_enrollment import ENROLLMENT
from opsapp.simulator.catalogue_entra import ENTRA
from opsapp.simulator.catalogue_row import Collection
from opsapp.simulator.catalogue_scripts import SCRIPTS
from opsapp.simulator.catalogue_tenant import TENANT

_ALL = CONFIGURATION + SCRIPTS + ENROLLMENT + APPS + TENANT + ENTRA
COLLECTIONS: dict[str, Collection] = {row.key: row for row in _ALL}
BY_PATH: dict[str, Collection] = {row.path.lower(): row for row in _ALL} | {
    row.alias.lower(): row for row in _ALL if row.alias
}

ALL_PERMISSIONS: tuple[str, ...] = tuple(
    sorted(
        {name for row in _ALL for name in (*row.rights.read, *row.rights.write)}
        | {
            "Application.Read.All",
            "Group.Create",
            "GroupMember.Read.All",
            "GroupMember.ReadWrite.All",
            "Organization.Read.All",
        }
    )
)
