# SPDX-License-Identifier: Apache-2.0
"""YAML as a person would write it: keys in their order, texts of several lines as blocks."""

import yaml


class _Dumper(yaml.SafeDumper):
    pass


_Dumper.add_representer(str, lambda dumper, text: dumper.represent_scalar(
    "tag:yaml.org,2002:str", text, style="|" if "\n" in text else None))


def text(value):
    return yaml.dump(value, Dumper=_Dumper, sort_keys=False, width=1000, allow_unicode=True)
