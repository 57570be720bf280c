# SPDX-License-Identifier: Apache-2.0
"""OCI image layouts (image-spec 1.1) as one archive: of images, with the manifest.json that older `docker load` reads, and of
other artifacts."""

import dataclasses
import gzip
import hashlib
import io
import json
import tarfile
import time

CONFIG, LAYER = "application/vnd.oci.image.config.v1+json", "application/vnd.oci.image.layer.v1.tar+gzip"
MANIFEST, INDEX = "application/vnd.oci.image.manifest.v1+json", "application/vnd.oci.image.index.v1+json"


def tar(entries, epoch):
    """`entries`: {path: rootfs.File}. The same entries give the same bytes."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for path, file in sorted(entries.items()):
            member = tarfile.TarInfo(path)
            member.mtime, member.mode = epoch, file.mode
            if file.link is not None:
                member.type, member.linkname = tarfile.SYMTYPE, file.link
            elif file.content is None:
                member.type = tarfile.DIRTYPE
            else:
                member.size = len(file.content)
            archive.addfile(member, io.BytesIO(file.content or b""))
    return out.getvalue()


@dataclasses.dataclass(frozen=True)
class Blob:
    media_type: str
    content: bytes
    diff_id: str = ""  # of a layer: the digest of what it is before compression

    @property
    def digest(self):
        return "sha256:" + hashlib.sha256(self.content).hexdigest()

    @property
    def path(self):
        return "blobs/" + self.digest.replace(":", "/")

    def descriptor(self, **more):
        return {"mediaType": self.media_type, "digest": self.digest, "size": len(self.content), **more}


def layer(entries, epoch):
    """`entries`: {path: rootfs.File}."""
    plain = tar(entries, epoch)
    return Blob(LAYER, gzip.compress(plain, 6, mtime=0), "sha256:" + hashlib.sha256(plain).hexdigest())


def json_blob(media_type, value):
    return Blob(media_type, json.dumps(value, sort_keys=True, separators=(",", ":")).encode())


def timestamp(epoch):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(epoch))


@dataclasses.dataclass(frozen=True)
class Image:
    reference: str  # name:tag
    architecture: str
    layers: list
    entrypoint: list
    user: str
    labels: dict
    epoch: int

    def config(self):
        return json_blob(CONFIG, {
            "architecture": self.architecture,
            "os": "linux",
            "created": timestamp(self.epoch),
            "config": {"Entrypoint": self.entrypoint, "User": self.user, "WorkingDir": "/", "Labels": self.labels},
            "rootfs": {"type": "layers", "diff_ids": [one.diff_id for one in self.layers]},
            "history": [{"created": timestamp(self.epoch), "created_by": "charts/image/build_images.py"} for _ in self.layers],
        })

    def manifest(self):
        return json_blob(MANIFEST, {
            "schemaVersion": 2, "mediaType": MANIFEST, "config": self.config().descriptor(),
            "layers": [one.descriptor() for one in self.layers], "annotations": self.labels})


def layout(index, blobs, epoch, more=None):
    """The bytes of a tar with an image layout. `index`: the descriptors that it is entered by. `more`: other files by path."""
    from rootfs import File, with_directories

    files = {
        "oci-layout": File(0o644, b'{"imageLayoutVersion":"1.0.0"}'),
        "index.json": File(0o644, json_blob(INDEX, {"schemaVersion": 2, "mediaType": INDEX, "manifests": index}).content),
        **{path: File(0o644, content) for path, content in (more or {}).items()},
        **{blob.path: File(0o644, blob.content) for blob in blobs},
    }
    return tar(with_directories(files), epoch)


def images_archive(images):
    """The bytes of a tar that holds all the images; layers that they share are in it once. A name stands for an index of
    its architectures, of which there may be one."""
    blobs, index, loadable = [], [], []
    for reference in dict.fromkeys(image.reference for image in images):
        manifests = []
        for image in (one for one in images if one.reference == reference):
            manifest, config = image.manifest(), image.config()
            blobs += [manifest, config, *image.layers]
            manifests.append(manifest.descriptor(platform={"os": "linux", "architecture": image.architecture}))
            # What reads manifest.json knows no architectures: it gets the first one's image.
            if len(manifests) == 1:
                loadable.append({"Config": config.path, "RepoTags": [reference], "Layers": [b.path for b in image.layers]})
        every = json_blob(INDEX, {"schemaVersion": 2, "mediaType": INDEX, "manifests": manifests,
                                  "annotations": image.labels})
        blobs.append(every)
        index.append(every.descriptor(annotations={
            "org.opencontainers.image.ref.name": reference, "io.containerd.image.name": f"docker.io/library/{reference}"}))
    return layout(index, blobs, images[0].epoch, {"manifest.json": json.dumps(loadable).encode()})
