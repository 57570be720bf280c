# SPDX-License-Identifier: Apache-2.0
"""Which packages an image or an archive is made of, as SPDX 2.3: Debian's packages of its libraries, those that are compiled in, and the
npm packages of the page. Licences are those that a package itself names."""

import functools
import hashlib
import json
import os
import pathlib
import re

from oci import timestamp
from rootfs import AUTHORITIES, usr_path

# Compiled into the programs: headers alone, or code that a generator writes.
HEADERS = ["libboost1.74-dev", "libcli11-dev", "nlohmann-json3-dev"]
# Debian's short names of licences (DEP-5) that SPDX calls otherwise.
SPDX_NAMES = {
    "Expat": "MIT", "GPL-1+": "GPL-1.0-or-later", "GPL-2.0+": "GPL-2.0-or-later", "X11": "X11", "0BSD": "0BSD",
    "GPL-2": "GPL-2.0-only", "GPL-2+": "GPL-2.0-or-later", "GPL-3": "GPL-3.0-only", "GPL-3+": "GPL-3.0-or-later",
    "LGPL-2+": "LGPL-2.0-or-later", "LGPL-2.1": "LGPL-2.1-only", "LGPL-2.1+": "LGPL-2.1-or-later",
    "LGPL-3+": "LGPL-3.0-or-later", "BSD-2-clause": "BSD-2-Clause", "BSD-3-clause": "BSD-3-Clause",
    "MPL-2.0": "MPL-2.0", "Apache-2.0": "Apache-2.0", "Zlib": "Zlib", "zlib": "Zlib", "BSL-1.0": "BSL-1.0",
    "ISC": "ISC", "MIT": "MIT", "CC0-1.0": "CC0-1.0", "OpenSSL": "OpenSSL", "CC0": "CC0-1.0",
}


@functools.lru_cache(None)
def _libraries(system):
    """{path: package} of every shared library that a Debian package brought; one question instead of a hundred."""
    out = {}
    for line in system.dpkg("--search", "*.so*").splitlines():
        packages, _, path = line.rpartition(": ")
        if not line.startswith("diversion"):
            out[path] = packages.split(",")[0].split(":")[0]
    return out


def owner(path, system):
    """The Debian package of a library, whichever of its two paths /lib and /usr/lib the package lists."""
    real, known = system.file(path).removeprefix(os.path.realpath(system.root) if system.root else ""), _libraries(system)
    for name in (path, real, "/" + usr_path(path), "/" + usr_path(real), real.removeprefix("/usr")):
        if name in known:
            return known[name]
    raise RuntimeError(f"no Debian package owns {path}: a release holds nothing of unknown origin")


def packages_of(libraries, system):
    return sorted({owner(library, system) for library in libraries})


def source_of(package, system):
    """The Debian source package that a package was built from."""
    return system.dpkg("--show", "--showformat=${source:Package}\n", package).split("\n")[0]


def licences(package, system):
    """The short names in the package's copyright file; empty where that is free text."""
    text = pathlib.Path(system.file(f"/usr/share/doc/{package}/copyright")).read_text(errors="replace")
    if "Format:" not in text[:400]:
        return []
    names = set()
    for line in re.findall(r"^License:[ \t]*(\S.*)$", text, re.M):
        names |= set(re.split(r"\s+(?:and|or|and/or|with \w+ exception)\s+|,\s*|\s+and/or\s+", line.strip()))
    return sorted(name for name in names if name)


class Document:
    """Collects packages and the texts of licences that SPDX has no name for."""

    def __init__(self, name, version, epoch, purpose, system):
        self.name, self.version, self.epoch, self.purpose, self._system = name, version, epoch, purpose, system
        self.packages, self.relations, self.foreign, self.files = [], [], {}, []

    def _expression(self, package, names):
        if not names:
            return self._reference(f"{package}-copyright", f"see share/doc/{package}/copyright beside the program")
        parts = []
        for name in names:
            known = SPDX_NAMES.get(name) or (name if name in SPDX_NAMES.values() else None)
            parts.append(known or self._reference(name, f"as Debian's {package} names it: see its copyright file"))
        return " AND ".join(dict.fromkeys(parts))

    def _reference(self, name, text):
        identifier = "LicenseRef-" + re.sub(r"[^A-Za-z0-9.-]+", "-", name)
        self.foreign.setdefault(identifier, {"licenseId": identifier, "name": name, "extractedText": text})
        return identifier

    def add(self, name, version, supplier, licence, purl, relation):
        identifier = "SPDXRef-" + re.sub(r"[^A-Za-z0-9.-]+", "-", f"{purl.split('/')[0][4:]}-{name}")
        self.packages.append({
            "SPDXID": identifier, "name": name, "versionInfo": version, "supplier": supplier,
            "downloadLocation": "NOASSERTION", "filesAnalyzed": False, "licenseConcluded": "NOASSERTION",
            "licenseDeclared": licence, "copyrightText": "NOASSERTION",
            "externalRefs": [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": purl}]})
        self.relations.append(("SPDXRef-whole", relation, identifier))
        return identifier

    def add_debian(self, package, relation):
        text = self._system.dpkg("--show", "--showformat=${Version} ${Architecture} ${source:Package} ${source:Version}\n", package)
        version, architecture, source, source_version = text.splitlines()[0].split(" ")
        purl = f"pkg:deb/debian/{package}@{version.replace('+', '%2B')}?arch={architecture}&distro=debian-12"
        identifier = self.add(package, version, "Organization: Debian", self._expression(package, licences(package, self._system)), purl,
                              relation)
        self.packages[-1]["licenseComments"] = "all that the copyright file names, whatever part of the source they cover"
        self.packages[-1]["sourceInfo"] = f"built from the Debian source {source} {source_version}"
        return identifier

    def add_file(self, path, content, package):
        identifier = f"SPDXRef-file-{len(self.files)}"
        self.files.append({
            "SPDXID": identifier, "fileName": f"./{path}", "licenseConcluded": "NOASSERTION", "copyrightText": "NOASSERTION",
            "checksums": [{"algorithm": "SHA1", "checksumValue": hashlib.sha1(content).hexdigest()},
                          {"algorithm": "SHA256", "checksumValue": hashlib.sha256(content).hexdigest()}]})
        self.relations.append((package, "CONTAINS", identifier))

    def render(self):
        whole = {"SPDXID": "SPDXRef-whole", "name": self.name, "versionInfo": self.version, "filesAnalyzed": False,
                 "downloadLocation": "NOASSERTION", "licenseConcluded": "NOASSERTION", "licenseDeclared": "NOASSERTION",
                 "copyrightText": "NOASSERTION", "primaryPackagePurpose": self.purpose}
        packages = [whole, *sorted(self.packages, key=lambda p: p["SPDXID"])]
        digest = hashlib.sha256(json.dumps([packages, self.files], sort_keys=True).encode()).hexdigest()
        return json.dumps({
            "spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT", "name": self.name,
            "documentNamespace": f"https://traffictap.io/spdx/{self.name}-{self.version}-{digest[:32]}",
            "creationInfo": {"created": timestamp(self.epoch), "creators": [f"Tool: traffictap-release-{self.version}"]},
            "packages": packages, "files": self.files,
            "hasExtractedLicensingInfos": sorted(self.foreign.values(), key=lambda one: one["licenseId"]),
            "relationships": [
                {"spdxElementId": a, "relationshipType": kind, "relatedSpdxElement": b}
                for a, kind, b in [("SPDXRef-DOCUMENT", "DESCRIBES", "SPDXRef-whole"), *self.relations]],
        }, indent=1).encode()


def npm_packages(lock):
    """(name, version, licence) of what the page is bundled from: everything that is not for its building alone."""
    for path, package in sorted(json.loads(pathlib.Path(lock).read_text())["packages"].items()):
        if path and not package.get("dev") and not package.get("devOptional"):
            yield path.split("node_modules/")[-1], package["version"], package.get("license", "NOASSERTION")


def document(name, version, epoch, files, system, lock=None, purpose="CONTAINER"):
    """The bytes of the SBOM of one image or archive. `files`: {path in it: path in the system} of what Debian's packages brought.
    `lock`: the package-lock.json of a page that is compiled in. `purpose`: SPDX' word for what it is."""
    out = Document(name, version, epoch, purpose, system)
    owners = {path: "ca-certificates" if source == AUTHORITIES else owner(source, system) for path, source in files.items()}
    identifiers = {package: out.add_debian(package, "CONTAINS") for package in sorted(set(owners.values()))}
    for path, source in sorted(files.items()):
        out.add_file(path, pathlib.Path(system.file(source)).read_bytes(), identifiers[owners[path]])
    for package in HEADERS:
        out.add_debian(package, "STATIC_LINK")
    if lock:
        for package, package_version, licence in npm_packages(lock):
            purl = f"pkg:npm/{package.replace('@', '%40')}@{package_version}"
            out.add(package, package_version, "NOASSERTION", licence, purl, "STATIC_LINK")
    return out.render()
