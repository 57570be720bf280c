# SPDX-License-Identifier: Apache-2.0
"""Small pieces of Markdown."""

import re


def generated(source):
    return f"<!-- Generated from {source} by `make docs-reference`: edit that. -->\n\n"


def escaped(text):
    """Prose that both GitHub and VitePress show as it is; code in backticks stays."""
    parts = re.split(r"(`[^`]*`)", " ".join(text.split()))
    parts[::2] = [p.replace("<", "&lt;").replace("{{", "&#123;&#123;") for p in parts[::2]]
    return "".join(parts).replace("|", "\\|")


def code(text):
    """Inline code for a cell of a table."""
    ticks = "``" if "`" in text else "`"
    return f"{ticks}{text}{ticks}".replace("|", "\\|")


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows]) + "\n\n"
