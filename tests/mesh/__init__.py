# SPDX-License-Identifier: Apache-2.0
"""The project's own mesh on one machine: see README.md beside this file."""

from mesh.cluster import Mesh, Pod
from mesh.owner import MeshError

__all__ = ["Mesh", "MeshError", "Pod"]
