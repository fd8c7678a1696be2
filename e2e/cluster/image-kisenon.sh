#!/usr/bin/env bash
# Builds the static `kisenon` binary and from it the image localhost/kisenon:local, an OCI archive in the cache.
#   image-kisenon.sh              builds the binary (cargo decides what that takes) and, when it changed, the archive
#   image-kisenon.sh --list       prints "IMAGE ARCHIVE" for the binary built last, and builds nothing
# It writes only to the cargo target folder and the cache.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=e2e/cluster/settings.sh
. "$here/settings.sh"
# shellcheck source=e2e/cluster/stage/progress.sh
. "$here/stage/progress.sh"
# shellcheck source=e2e/cluster/stage/cache.sh
. "$here/stage/cache.sh"
# shellcheck source=e2e/cluster/image/archive.sh
. "$here/image/archive.sh"

IMAGE=localhost/kisenon:local
BINARY=$("$here/cargo-static.sh" --print-dir)/release/kisenon

archive_path() {
  local hash
  hash=$({ cat "$here/image-kisenon.sh" "$here/image/archive.sh" "$PUBLIC_ROOTS" "$BINARY"; } | sha256sum | cut -c 1-16)
  printf '%s/%s/kisenon-local.tar' "$IMAGES_ROOT" "$hash"
}

build_archive() {
  local archive=$1 work
  require_root "building the Kisenon image"
  command -v buildah >/dev/null || fail "buildah is not installed: run e2e/cluster/packages.sh"
  mkdir -p "$(dirname "$archive")"
  work=$(mktemp -d "$CACHE/image-kisenon.XXXXXX")
  mkdir -p "$work/usr/local/bin" "$work/etc/ssl/certs" "$work/tmp" "$work/var/lib/kisenon"
  chmod 755 "$work"
  chmod 1777 "$work/tmp"
  install -m 755 "$BINARY" "$work/usr/local/bin/kisenon"
  printf 'kisenon:x:65532:65532::/:/none\n' >"$work/etc/passwd"
  printf 'kisenon:x:65532:\n' >"$work/etc/group"
  printf 'hosts: files dns\n' >"$work/etc/nsswitch.conf"
  install -m 644 "$PUBLIC_ROOTS" "$work$PUBLIC_ROOTS"
  chown 65532:65532 "$work/var/lib/kisenon"
  oci_archive "$IMAGE" "$work" "$archive" --entrypoint '["/usr/local/bin/kisenon"]' --user 65532:65532
  rm -rf "$work"
  forget_old_archives
  say "image $IMAGE: $(($(stat -c %s "$archive") / 1024 / 1024)) MiB"
}

# Each build of the operator makes an archive; the five newest are enough.
forget_old_archives() { find "$IMAGES_ROOT" -mindepth 2 -name kisenon-local.tar -printf '%T@ %h\n' | keep_newest 5; }

case ${1:-} in
  '')
    "$here/cargo-static.sh" --release --bin kisenon
    archive=$(archive_path)
    [[ -s $archive ]] || build_archive "$archive"
    ;;
  --list) printf '%s %s\n' "$IMAGE" "$(archive_path)" ;;
  *) printf 'usage: image-kisenon.sh [--list]\n' >&2; exit 2 ;;
esac
