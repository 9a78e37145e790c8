"""Exports: readers of ours, IntuneCD's, IntuneManagement's, the portal's and raw Graph answers;
the writer of ours.

Pure: no Flask, no database, nothing of OpsApp. Unknown is said, never dropped: every file of an
export ends in exactly one of ``ExportFolder.objects``, ``named_groups`` or ``left_out``.
"""

from opsapp.exports.annotations import drop_annotations
from opsapp.exports.graph_objects import GraphObject, GraphObjects, graph_objects
from opsapp.exports.model import ExportedObject, ExportFolder, LeftOut, NamedGroup
from opsapp.exports.reader import read_folder, read_zip
from opsapp.exports.sources import BadArchive

__all__ = [
    "BadArchive",
    "ExportFolder",
    "ExportedObject",
    "GraphObject",
    "GraphObjects",
    "LeftOut",
    "NamedGroup",
    "drop_annotations",
    "graph_objects",
    "read_folder",
    "read_zip",
]
