# SPDX-License-Identifier: Apache-2.0
"""The live API, out of the sections of the sources' READMEs that are for its users."""

import pathlib
import re

from generate.markdown import generated

STANDALONE = ("The stream", "Filters", "The other paths", "Several collectors", "Who may read")


def _sections(path, names):
    """{name: text} of a README's sections."""
    parts = dict(re.findall(r"^## ([^\n]+)\n(.*?)(?=^## |\Z)", path.read_text(), re.M | re.S))
    for name in names:
        if name not in parts:
            raise ValueError(f"{path} has no section {name}")
    return {name: parts[name].strip() for name in names}


def page(root):
    """docs/reference/live-api.md"""
    src = pathlib.Path(root) / "src"
    cluster = _sections(src / "apiserver/README.md", ["The API"])["The API"]
    standalone = _sections(src / "observe/README.md", STANDALONE)
    out = [generated("src/apiserver/README.md and src/observe/README.md"), "# Live API\n\n## In a cluster\n\n", cluster, "\n\n"]
    out += [f"## {name}\n\n{text}\n\n" for name, text in standalone.items()]
    text = "".join(out).replace("(observe/README.md)", "(below)")
    return text.rstrip() + "\n"
