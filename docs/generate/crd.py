# SPDX-License-Identifier: Apache-2.0
"""The kinds' fields, out of the schemas under crds/."""

import pathlib

import yaml

from generate.markdown import code, escaped, generated, table

KINDS = ("traffictaps", "clustertraffictaps", "tapdestinations")


def _type(schema):
    if schema.get("x-kubernetes-int-or-string"):
        return "integer or string"
    if schema.get("type") == "array":
        return f"list of {_type(schema['items'])}"
    if "additionalProperties" in schema:
        return f"map of {_type(schema['additionalProperties'])}"
    return schema.get("format") or schema.get("type", "any")


def _bounds(schema):
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is not None and high is not None:
        return f"From {low} to {high}."
    if low:
        return f"At least {low}."
    return f"At most {high}." if high is not None else ""


def _limits(schema):
    """What the schema demands, in words as far as that helps."""
    out = []
    values = schema.get("enum") or schema.get("items", {}).get("enum")
    if values:
        out.append("One of " + ", ".join(code(str(v)) for v in values) + ".")
    if "default" in schema:
        default = schema["default"]
        out.append(f"Default: {code(', '.join(default) if isinstance(default, list) else str(default))}.")
    out.append(_bounds(schema))
    if schema.get("maxItems"):
        out.append(f"At most {schema['maxItems']}.")
    for rule in schema.get("x-kubernetes-validations", []) + schema.get("items", {}).get("x-kubernetes-validations", []):
        message = rule.get("message", "")
        out.append(escaped(message[:1].upper() + message[1:]) + "." if message else "")
    return " ".join(x for x in out if x)


def _children(schema):
    """The object whose fields a heading of its own lists, or nothing."""
    inner = schema.get("items", schema)
    inner = inner.get("additionalProperties", inner) if "properties" not in inner else inner
    return inner if isinstance(inner, dict) and inner.get("properties") else None


def _rows(schema):
    required = set(schema.get("required", []))
    for name, field in schema["properties"].items():
        meaning = escaped(field.get("description", "")) + (" **Required.**" if name in required else "")
        yield [code(name), _type(field), " ".join(x for x in (meaning, _limits(field)) if x)]


def _sections(path, schema, same_as=None):
    """Markdown of an object and, below it, of the objects in it; `same_as`: sections that are not repeated."""
    rows = list(_rows(schema))
    if same_as is None or same_as.get(path) != rows:
        yield f"### {path}\n\n{escaped(schema.get('description', ''))}\n\n" + table(["Field", "Type", "Meaning"], rows)
    for name, field in schema["properties"].items():
        inner = _children(field)
        if inner:
            mark = "[]" if field.get("type") == "array" else ".*" if "additionalProperties" in field else ""
            yield from _sections(f"{path}.{name}{mark}", inner, same_as)


def _all_rows(path, schema):
    out = {path: list(_rows(schema))}
    for name, field in schema["properties"].items():
        inner = _children(field)
        if inner:
            mark = "[]" if field.get("type") == "array" else ".*" if "additionalProperties" in field else ""
            out.update(_all_rows(f"{path}.{name}{mark}", inner))
    return out


def page(root):
    """docs/reference/crd.md"""
    out = [generated("crds/"), "# Custom resources\n\n"
           "Group `traffictap.io`, version `v1alpha1`. The API server rejects objects that violate these rules, and says why.\n\n"]
    told = {}
    for plural in KINDS:
        crd = yaml.safe_load((pathlib.Path(root) / f"crds/traffictap.io_{plural}.yaml").read_text())["spec"]
        schema = crd["versions"][0]["schema"]["openAPIV3Schema"]
        names = crd["names"]
        short = ", ".join(code(x) for x in names.get("shortNames", []))
        out.append(f"## {names['kind']}\n\n{escaped(schema['description'])} {crd['scope']}. "
                   + (f"Short name: {short}.\n\n" if short else "\n\n"))
        if told:
            out.append("Fields that are not listed here are the same as those of the TrafficTap.\n\n" if plural == KINDS[1] else "")
        for part in ("spec", "status"):
            if part in schema["properties"] and schema["properties"][part].get("properties"):
                path = f"{names['kind']}.{part}"
                known = {path + k: v for k, v in told.get(part, {}).items()} if plural == KINDS[1] else None
                out += _sections(path, schema["properties"][part], known)
                if plural == KINDS[0]:
                    rows = _all_rows(path, schema["properties"][part])
                    told[part] = {k.removeprefix(path): v for k, v in rows.items()}
    return "".join(out).rstrip() + "\n"
