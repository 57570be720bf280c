"""The live API, out of the sections of src/observe/README.md that are for its users."""

import pathlib
import re

from generate.markdown import generated

FOR_USERS = ("The stream", "Filters", "The other paths", "Who may read")


def page(root):
    """docs/reference/live-api.md"""
    text = (pathlib.Path(root) / "src/observe/README.md").read_text()
    parts = dict(re.findall(r"^## ([^\n]+)\n(.*?)(?=^## |\Z)", text, re.M | re.S))
    missing = [name for name in FOR_USERS if name not in parts]
    if missing:
        raise ValueError(f"src/observe/README.md has no section {missing[0]}")
    body = "".join(f"## {name}\n{parts[name].rstrip()}\n\n" for name in FOR_USERS)
    return f"{generated('src/observe/README.md')}# Live API\n\n{body.rstrip()}\n"
