# SPDX-License-Identifier: Apache-2.0
"""The JSON Schema of a record, out of the same comments and types as its page."""

import json
import pathlib

from generate.record import json_name, messages

ADDRESS = "https://traffictap.io/schemas/record.v1.schema.json"
SCALARS = {
    "string": {"type": "string"}, "bool": {"type": "boolean"}, "double": {"type": "number"},
    "uint32": {"type": "integer", "minimum": 0}, "uint64": {"type": "integer", "minimum": 0},
    "google.protobuf.Timestamp": {
        "type": "string", "format": "date-time",
        "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]+)?Z$"},
    "map<string, string>": {"type": "object", "additionalProperties": {"type": "string"}},
}
# Fields that are empty or zero are left out: these never are.
ALWAYS = {"TrafficPair": ["schemaVersion", "id", "tap", "verdict", "reporter"]}


def _kind(kind, label):
    one = dict(SCALARS[kind]) if kind in SCALARS else {"$ref": f"#/$defs/{kind}"}
    return {"type": "array", "items": one} if label == "repeated " else one


def _message(name, about, fields):
    out = {"type": "object"}
    if about:
        out["description"] = about
    out["properties"] = {json_name(field): {**_kind(kind, label), **({"description": says} if says else {})}
                         for label, kind, field, says in fields}
    if name in ALWAYS:
        out["required"] = ALWAYS[name]
    return out


def schema(root, closed=False):
    """New fields may appear in a record at any time, so that they are allowed; not where it is `closed`."""
    text = (pathlib.Path(root) / "proto/traffictap/v1/pair.proto").read_text()
    defs = {name: _message(name, about, fields) for name, about, fields in messages(text)}
    defs["TrafficPair"]["properties"]["schemaVersion"] = {"const": "v1"}
    if closed:
        for one in defs.values():
            one["additionalProperties"] = False
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": ADDRESS,
            "title": "A record of TrafficTap: one request or connection, as told by both of its sides",
            "$comment": "Generated from proto/traffictap/v1/pair.proto by make docs-reference: edit that.",
            "$ref": "#/$defs/TrafficPair", "$defs": defs}


def page(root):
    """docs/public/record.schema.json"""
    return json.dumps(schema(root), indent=2, ensure_ascii=False) + "\n"
