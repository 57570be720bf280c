# SPDX-License-Identifier: Apache-2.0
"""The fenced blocks of the documents. A block's first line says what is done with it:

    ```sh run            run by the tests, in the page's own directory, in order
    ```text output       what the block before it prints: … stands for any word, a line … for any lines
    ```yaml file=NAME    written to NAME in the page's directory; the API server has to take it
    <!-- not run here: REASON -->   before a block that stays as it is
"""

import dataclasses
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
GENERATED = "<!-- Generated from "
FENCE = re.compile(r"(?:^<!-- not run here: (?P<why>.+?) -->\n)?^```(?P<info>[^\n`]*)\n(?P<text>.*?)^```$", re.M | re.S)


@dataclasses.dataclass
class Block:
    page: str
    line: int
    language: str
    mark: str
    text: str
    why_not: str

    def __str__(self):
        return f"{self.page}:{self.line}"

    @property
    def file(self):
        return self.mark.removeprefix("file=") if self.mark.startswith("file=") else None


def pages():
    """{path below docs/: text} of what people read, without what is generated."""
    out = {}
    for path in sorted(DOCS.rglob("*.md")):
        name, text = str(path.relative_to(DOCS)), path.read_text()
        if path.name != "README.md" and not text.startswith(GENERATED) and "Written by `make" not in text:
            out[name] = text
    return out


def blocks(name, text):
    for found in FENCE.finditer(text):
        language, _, mark = found["info"].strip().partition(" ")
        line = text.count("\n", 0, found.start("info")) + 1
        yield Block(name, line, language, mark, found["text"], found["why"] or "")


def at_the_top():
    """{file: text} of the documents beside the sources, which the site does not have."""
    return {path.name: path.read_text() for path in sorted(ROOT.glob("*.md"))}


def all_blocks():
    for name, text in pages().items():
        yield from blocks(name, text)


def agrees(expected, actual):
    """Whether `actual` is what `expected` describes, up to the width of blanks."""
    parts = []
    for line in expected.splitlines():
        words = [r"\S+" if word == "…" else re.escape(word).replace("…", r"\S*") for word in line.split()]
        if not words:
            continue
        parts.append(r"(?:[^\n]*\n)*?" if line.strip() == "…" else r"[ \t]*" + r"[ \t]+".join(words) + r"[ \t]*\n")
    seen = "".join(line + "\n" for line in actual.splitlines() if line.strip())
    return re.fullmatch("".join(parts), seen) is not None
