# shellcheck shell=bash
# Turns a folder into a one-layer OCI archive with buildah: no registry, no base image, no daemon.
# Sourced; it writes only the archive that it is asked for and its own storage below the cache.

# oci_archive IMAGE FOLDER ARCHIVE [buildah config options...]
oci_archive() {
  local image=$1 folder=$2 archive=$3 container storage log
  shift 3
  storage=$(mktemp -d "$IMAGES_ROOT/storage.XXXXXX")
  log=$storage.log
  printf '[storage]\ndriver = "vfs"\nrunroot = "%s/run"\ngraphroot = "%s/root"\n' "$storage" "$storage" >"$storage/storage.conf"
  if ! (
    export CONTAINERS_STORAGE_CONF=$storage/storage.conf BUILDAH_ISOLATION=chroot TMPDIR=$storage
    container=$(buildah from scratch) &&
      buildah copy -q "$container" "$folder" / &&
      buildah config "$@" "$container" &&
      buildah commit -q "$container" "oci-archive:$archive.part:$image" &&
      buildah rm "$container"
  ) >"$log" 2>&1; then
    tail -n 15 "$log" >&2
    fail "could not write the image $image; the log is $log"
  fi
  rm -rf "$storage" "$log"
  mv "$archive.part" "$archive"
}
