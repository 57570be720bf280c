# SPDX-License-Identifier: Apache-2.0
"""The figures of all parts as a file, so that a part can be measured anew without the others, and the page made anew
without measuring."""
import json
import pathlib

from browser import Frames
from recordings import Reading, Recording
from scenarios import Result
from shuffled import Shuffled

KINDS = {kind.__name__: kind for kind in (Frames, Reading, Recording, Result, Shuffled)}


def plain(figure):
    return str(figure) if isinstance(figure, pathlib.Path) else {"kind": type(figure).__name__, **vars(figure)}


def figure(members):
    return KINDS[members.pop("kind")](**members) if "kind" in members else members


def load(path):
    """{part: {name: [figure of each run]}}; empty where nothing was measured."""
    return json.loads(path.read_text(), object_hook=figure) if path.exists() else {}


def save(path, figures):
    path.write_text(json.dumps(figures, default=plain, indent=1) + "\n")
