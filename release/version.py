#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The version, and whether everything that names it agrees: sources, chart, changelog, upgrade notes, documents and tag.
usage: version.py; prints the version, or what does not hold together."""

import dataclasses
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
SECTION = re.compile(r"^## (\d+\.\d+\.\d+) \((unreleased|\d{4}-\d\d-\d\d)\)$", re.M)
NAMED = re.compile(r"(?:traffictap-(?:operator|collector|images|chart|olm|olm-bundle)[:-]v?|linux-amd64-|traffictap-)(\d+\.\d+\.\d+)")


@dataclasses.dataclass(frozen=True)
class Tree:
    """What the check looks at. `documents`: {path: text}; `tags_here` stand at the commit, `tags` at it or before."""

    cmake: str
    chart: str
    changelog: str
    upgrade: str
    documents: dict
    tags_here: frozenset
    tags: frozenset


def _git(*args):
    done = subprocess.run(["git", "-C", ROOT, *args], text=True, capture_output=True, check=False)
    return frozenset(tag for tag in done.stdout.split() if re.fullmatch(r"v\d+\.\d+\.\d+", tag))


def read():
    documents = {str(path.relative_to(ROOT)): path.read_text()
                 for folder in ("docs", "charts", "release") for path in sorted((ROOT / folder).rglob("*.md"))}
    text = {name: (ROOT / name).read_text()
            for name in ("CMakeLists.txt", "charts/traffictap/Chart.yaml", "CHANGELOG.md", "docs/upgrade.md")}
    return Tree(*text.values(), documents, _git("tag", "--points-at", "HEAD"), _git("tag", "--merged", "HEAD"))


def version(tree):
    return re.search(r"^project\(traffictap VERSION (\d+\.\d+\.\d+)", tree.cmake, re.M).group(1)


def _numbers(text):
    return tuple(int(part) for part in text.split("."))


def faults(tree):
    """What does not hold together, a sentence each."""
    number, out = version(tree), []
    for key in ("version", "appVersion"):
        has = re.search(rf"^{key}: (\S+)$", tree.chart, re.M).group(1)
        if has != number:
            out.append(f"Chart.yaml: {key} is {has}, CMakeLists.txt says {number}")
    sections = SECTION.findall(tree.changelog)
    if [line for line in re.findall(r"^## .*$", tree.changelog, re.M)] != [f"## {n} ({when})" for n, when in sections]:
        out.append('CHANGELOG.md: a heading is not "## VERSION (unreleased)" or "## VERSION (YYYY-MM-DD)"')
    order = [n for n, _ in sections]
    if order != sorted(order, key=_numbers, reverse=True) or len(set(order)) != len(order):
        out.append("CHANGELOG.md: its versions do not go from the newest to the oldest, each once")
    if not sections or sections[0][0] != number:
        return [*out, f"CHANGELOG.md: its first section is not of {number}"]
    out += [f"CHANGELOG.md: {n} is unreleased, and newer ones follow it" for n, when in sections[1:] if when == "unreleased"]
    for n in order[:-1]:
        if f"\n## To {n}\n" not in tree.upgrade:
            out.append(f'docs/upgrade.md: no "## To {n}": say what there is to do, or that there is nothing')
    out += [f"tag v{n} is missing: CHANGELOG.md says that {n} was released" for n, when in sections[1:] if f"v{n}" not in tree.tags]
    out += [f"{path}: names {found}, the version is {number}" for path, text in tree.documents.items()
            for found in sorted(set(NAMED.findall(text)) - {number})]
    return out + _of_tags(tree, number, sections[0][1] != "unreleased")


def _of_tags(tree, number, released):
    out = [f"the commit has the tag {tag}, its version is {number}" for tag in sorted(tree.tags_here - {f"v{number}"})]
    if tree.tags_here and not released:
        out.append(f"the commit has a tag, and CHANGELOG.md says that {number} is unreleased: give its date")
    if f"v{number}" in tree.tags - tree.tags_here:
        out.append(f"{number} has its tag at an earlier commit: raise the version in CMakeLists.txt and Chart.yaml")
    return out


if __name__ == "__main__":
    found = read()
    torn = faults(found)
    sys.exit("\n".join(torn)) if torn else print(version(found))
