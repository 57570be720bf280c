# SPDX-License-Identifier: Apache-2.0
"""The JSON record, out of the comments of its protobuf schema."""

import pathlib
import re

from generate.markdown import code, escaped, generated, table

FIELD = re.compile(r"(optional |repeated |)(map<\w+, \w+>|[\w.]+) (\w+) = \d+;")
TYPES = {"double": "number", "uint32": "integer", "uint64": "integer", "bool": "boolean",
         "google.protobuf.Timestamp": "time (RFC 3339)", "map<string, string>": "map of string"}


def json_name(name):
    head, *rest = name.split("_")
    return head + "".join(word.capitalize() for word in rest)


def _type(kind, label, messages):
    name = TYPES.get(kind, kind)
    if kind in messages:
        name = f"[{kind}](#{kind.lower()})"
    return f"list of {name}" if label == "repeated " else name


def messages(text):
    """(name, comment, [(label, type, name, comment)]) in the order of the file."""
    comment, fields, name, about = [], [], None, ""
    for line in (raw.strip() for raw in text.splitlines()):
        if line.startswith("//"):
            comment.append(line[2:].strip())
            continue
        opened = re.match(r"message (\w+) \{", line)
        field = FIELD.match(line)
        if opened:
            name, about, fields = opened.group(1), " ".join(comment), []
        elif field:
            fields.append((*field.groups(), " ".join(comment)))
        elif line == "}" and name:
            yield name, about, fields
            name = None
        comment = []


def page(root):
    """docs/reference/record.md"""
    text = (pathlib.Path(root) / "proto/traffictap/v1/pair.proto").read_text()
    preface = [line[2:].strip() for line in text.split("syntax =")[0].splitlines()
               if "SPDX-License-Identifier" not in line]
    parts = list(messages(text))
    names = {name for name, _, _ in parts}
    out = [generated("proto/traffictap/v1/pair.proto"), "# The record\n\n"]
    out.append("\n".join(escaped(p) for p in " ".join(x or "\n" for x in preface).split("\n") if p.strip()).replace("\n", "\n\n"))
    out.append("\n\nFor tools: `record.schema.json` at the root of this site (docs/public/record.schema.json in the sources) says the same as a "
               "JSON Schema (2020-12). Fields that it does not know are no fault.\n\n")
    for name, about, fields in parts:
        rows = [[code(json_name(f)), _type(kind, label, names), escaped(says)] for label, kind, f, says in fields]
        out.append(f"## {name}\n\n" + (f"{escaped(about)}\n\n" if about else "") + table(["Field", "Type", "Meaning"], rows))
    return "".join(out).rstrip() + "\n"
