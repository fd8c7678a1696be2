#!/usr/bin/env bash
# Builds the OCI archives that the local cluster runs, from files and Debian packages, with no registry.
#   images.sh          builds what is missing
#   images.sh --list   prints "IMAGE ARCHIVE" for each, one line each, and builds nothing
# It writes only under the cache; an archive is named by the content that it was made from and never changes.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=e2e/cluster/settings.sh
. "$here/settings.sh"
# shellcheck source=e2e/cluster/stage/progress.sh
. "$here/stage/progress.sh"
# shellcheck source=e2e/cluster/image/archive.sh
. "$here/image/archive.sh"
# shellcheck source=e2e/cluster/image/debian.sh
. "$here/image/debian.sh"
# shellcheck source=e2e/cluster/image/postgres.sh
. "$here/image/postgres.sh"

IMAGES=(
  localhost/pause:local localhost/busybox:local
  localhost/metallb-controller:local localhost/metallb-speaker:local localhost/local-path-provisioner:local
  localhost/postgres:15 localhost/postgres:17
)
BUSYBOX=$(command -v busybox || true)

name_of() { local name=${1#*/}; printf '%s' "${name%%:*}"; }

# archive_of IMAGE: the archive's path, named by the hash of this script and of what goes in
archive_of() {
  local name inputs
  name=$(name_of "$1")
  case $name in
    pause) inputs=("$here/image/pause.c") ;;
    busybox) inputs=("$BUSYBOX") ;;
    postgres) inputs=("$here/image/debian.sh" "$here/image/postgres.sh") ;;
    *) inputs=("$TOOLS_BIN/$name") ;;
  esac
  local hash
  hash=$({ printf '%s\n' "$1"; uname -m; cat "$here/images.sh" "$here/image/archive.sh" "${inputs[@]}"; } | sha256sum | cut -c 1-16)
  printf '%s/%s/%s-%s.tar' "$IMAGES_ROOT" "$hash" "$name" "${1##*:}"
}

build_pause() {
  gcc -static -Os -s -o "$1/pause" "$here/image/pause.c"
  OPTIONS=(--entrypoint '["/pause"]' --user 65535:65535)
}

build_busybox() {
  mkdir -p "$1"/{bin,tmp,etc,var,dev,proc,sys}
  chmod 1777 "$1/tmp"
  copy_busybox "$BUSYBOX" "$1/bin"
  printf 'root:x:0:0::/:/bin/sh\n' >"$1/etc/passwd"
  printf 'root:x:0:\n' >"$1/etc/group"
  OPTIONS=(--env PATH=/bin --cmd '["/bin/sh"]')
}

# build_binary FOLDER NAME: one static binary of ours at the root
build_binary() {
  mkdir -p "$1"/{tmp,etc}
  chmod 1777 "$1/tmp"
  cp "$TOOLS_BIN/$2" "$1/"
  OPTIONS=(--entrypoint "[\"/$2\"]")
}

build_postgres() {
  local root=$1 major=$2 suite
  case $major in 15) suite=bookworm ;; 17) suite=trixie ;; *) fail "no Debian release known for Postgres $major" ;; esac
  postgres_root "$suite" "$major" "$root"
  OPTIONS=(--user 999:999 --stop-signal SIGINT --cmd '["postgres"]' --env LANG=C.UTF-8
    --env "PATH=/usr/lib/postgresql/$major/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    --env PGDATA=/var/lib/postgresql/data --env "PG_MAJOR=$major")
}

build() {
  local image=$1 archive=$2 name work root began=$SECONDS
  name=$(name_of "$image")
  work=$(mktemp -d "$IMAGES_ROOT/building.XXXXXX")
  root=$work
  case $name in
    pause | busybox) "build_$name" "$work" ;;
    postgres) build_postgres "$work" "${image##*:}"; root=$work/image ;;
    *) build_binary "$work" "$name" ;;
  esac
  chmod 755 "$root"
  mkdir -p "$(dirname "$archive")"
  oci_archive "$image" "$root" "$archive" "${OPTIONS[@]}"
  rm -rf "$work"
  say "image $image: $(($(stat -c %s "$archive") / 1024 / 1024)) MiB in $((SECONDS - began)) s"
}

main() {
  local image archive
  require_root "building the cluster's images"
  mkdir -p "$IMAGES_ROOT"
  exec 8>"$IMAGES_ROOT/lock"
  flock -n 8 || { say "another run builds the images: waiting for it"; flock 8; }
  rm -rf "$IMAGES_ROOT"/building.* "$IMAGES_ROOT"/storage.* # of a run that was ended
  for image in "${IMAGES[@]}"; do
    archive=$(archive_of "$image")
    [[ -s $archive ]] || build "$image" "$archive"
  done
}

TOOLS_BIN=$("$here/tools.sh" --print-bin)
case ${1:-} in
  '') main ;;
  --list) for image in "${IMAGES[@]}"; do printf '%s %s\n' "$image" "$(archive_of "$image")"; done ;;
  *) printf 'usage: images.sh [--list]\n' >&2; exit 2 ;;
esac
