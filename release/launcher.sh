#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Starts kubectl-traffictap with the loader and libraries next to it, so that it runs on any Linux, whatever is installed.
# Under the name kubectl_complete-traffictap it answers kubectl's completion.
set -eu
self=$(readlink -f "$0")
lib=${self%/*}/lib
case ${0##*/} in
  kubectl_complete-traffictap) set -- __complete "$@" ;;
esac
# The bundled OpenSSL would look for certificate authorities in Debian's place only.
if [ -z "${SSL_CERT_FILE:-}${SSL_CERT_DIR:-}" ]; then
  for bundle in /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/ca-bundle.pem \
    /etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem /etc/ssl/cert.pem; do
    if [ -r "$bundle" ]; then
      export SSL_CERT_FILE="$bundle"
      break
    fi
  done
fi
for loader in "$lib"/ld-linux*; do
  exec "$loader" --inhibit-cache --library-path "$lib" --argv0 "$0" "$lib/kubectl-traffictap" "$@"
done
