# SPDX-License-Identifier: Apache-2.0
"""Archives of our own making, unpacked by the Python that there is."""
import tarfile


def unpack(archive, directory, kind):
    """Unpacks an open tarfile by the filter of that kind, "data" or "tar", where there is one: filters came with Python 3.11.4,
    and Debian 12 has 3.11.2."""
    archive.extractall(directory, **({"filter": kind} if hasattr(tarfile, f"{kind}_filter") else {}))
