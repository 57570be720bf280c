# SPDX-License-Identifier: Apache-2.0
"""What is in an image: files of the root file system by their path, each from a file of the system that the programs were
built for (system.py) or from text."""

import dataclasses
import os
import pathlib
import re
import subprocess
import tempfile

USER = 65532
PROGRAMS = {"traffictap-operator": "operator/traffictap-operator", "traffictap-collector": "src/collector/traffictap-collector"}
# Debian's layout: what programs look for in /lib is in /usr/lib; in /lib64 only amd64 has something.
LINKS = {"bin": "usr/bin", "lib": "usr/lib"}
LINKS_OF = {"amd64": {"lib64": "usr/lib64"}}
AUTHORITIES = "/etc/ssl/certs/ca-certificates.crt"
LICENCES = "/usr/share/common-licenses"
ROOT = pathlib.Path(__file__).resolve().parents[2]
TEXTS = {
    "etc/passwd": f"root:x:0:0:root:/:/sbin/nologin\ntraffictap:x:{USER}:{USER}:TrafficTap:/:/sbin/nologin\n",
    "etc/group": f"root:x:0:\ntraffictap:x:{USER}:\n",
    "etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\n",
}
DIRECTORIES = {"tmp": 0o1777, "var/lib/traffictap": 0o755, "etc/traffictap": 0o755}


@dataclasses.dataclass(frozen=True)
class File:
    """With bytes a file, with a target a link, with neither a directory."""

    mode: int
    content: bytes | None = None
    link: str | None = None


def read(path, mode=0o644):
    return File(mode, pathlib.Path(path).read_bytes())


def authorities():
    """{path in an image: path in the system} of the certificate authorities."""
    return {AUTHORITIES[1:]: AUTHORITIES}


def usr_path(path):
    """/lib/x/y.so -> usr/lib/x/y.so: where Debian's packages have it since /lib is a link."""
    inside = path.lstrip("/")
    return inside if inside.startswith("usr/") else f"usr/{inside}"


def stripped(program, system):
    """The program without symbols and debugging information, and without the linker's hash of both: that one would tell
    apart what was built in two folders."""
    with tempfile.TemporaryDirectory() as directory:
        out = f"{directory}/program"
        subprocess.run([system.strip(program), "--strip-all", "--remove-section=.note.gnu.build-id", "-o", out, program], check=True)
        return read(out, 0o755)


def with_directories(files):
    """The files and every directory above them."""
    out = dict(files)
    for path in files:
        for parent in pathlib.PurePosixPath(path).parents:
            if str(parent) != ".":
                out.setdefault(str(parent), File(0o755))
    return out


def notices(packages, system):
    """share/...: our licence and NOTICE, the packages' own notices, and in full every licence that one of them refers to."""
    files = {f"share/doc/traffictap/{name}": read(ROOT / name) for name in ("LICENSE", "NOTICE")}
    for package in packages:
        files[f"share/doc/{package}/copyright"] = read(system.file(f"/usr/share/doc/{package}/copyright"))
    texts = b"".join(file.content for file in files.values()).decode(errors="replace")
    named = {name.rstrip(".") for name in re.findall(rf"{LICENCES}/([\w.+-]+)", texts)}
    for name in sorted(name for name in named if os.path.exists(f"{LICENCES}/{name}")):
        files[f"{LICENCES.removeprefix('/usr/')}/{name}"] = read(f"{LICENCES}/{name}")
    return files


def base(libraries, packages, system, architecture):
    """The layer that all images share. `packages`: names of the Debian packages whose notices go along."""
    files = {path: File(0o777, link=target) for path, target in {**LINKS, **LINKS_OF.get(architecture, {})}.items()}
    files |= {path: File(0o644, text.encode()) for path, text in TEXTS.items()}
    files |= {path: File(mode) for path, mode in DIRECTORIES.items()}
    files[AUTHORITIES[1:]] = read(system.file(AUTHORITIES))
    for library in libraries:
        files[usr_path(library)] = read(system.file(library), 0o755)
    files |= {f"usr/{path}": file for path, file in notices(packages, system).items()}
    return with_directories(files)


def program_layer(name, build, sbom):
    return with_directories({
        f"usr/bin/{name}": stripped(build.folder / PROGRAMS[name], build.system),
        f"usr/share/doc/traffictap/{name}.spdx.json": File(0o644, sbom),
    })
