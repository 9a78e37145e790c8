"""Readers of export folders: IntuneCD, IntuneManagement, the portal and raw Graph answers.

Pure: no Flask, no database, nothing of OpsApp. Unknown is said, never dropped: every file of a
folder ends in exactly one of ``ExportFolder.objects``, ``named_groups`` or ``left_out``.
"""

from opsapp.exports.annotations import drop_annotations
from opsapp.exports.model import ExportedObject, ExportFolder, LeftOut, NamedGroup
from opsapp.exports.reader import read_folder

__all__ = [
    "ExportFolder",
    "ExportedObject",
    "LeftOut",
    "NamedGroup",
    "drop_annotations",
    "read_folder",
]
