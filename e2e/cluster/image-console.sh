#!/usr/bin/env bash
# Builds the console and from it the image localhost/kisenon-console:local, an OCI archive in the cache.
#   image-console.sh              builds the archive when there is none of the present content
#   image-console.sh --list       prints "IMAGE ARCHIVE" for the present content, and builds nothing
# It builds from a copy and writes only to the cache, so that nothing of the checkout but what is listed here gets in.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=e2e/cluster/settings.sh
. "$here/settings.sh"
for part in stage/progress stage/cache stage/npm-packages image/archive image/debian image/node; do
  # shellcheck source=/dev/null
  . "$here/$part.sh"
done

IMAGE=localhost/kisenon-console:local
HOME_IN_IMAGE=/srv/console

# sources: all that the console is built from; its pages show docs/*.md
sources() {
  (cd "$REPO_DIR" && find console docs/*.md openapi.json -type f -not -name '*.tsbuildinfo' -not -name next-env.d.ts -not -path console/lib/docs/pages.json \
    -not -name '*.test.ts' -not -name '.env*' -not -path 'console/node_modules/*' -not -path 'console/.next/*' \
    -not -path 'console/tests/*' -not -path 'console/test-results/*' -not -path 'console/playwright-report/*' | LC_ALL=C sort)
}

archive_path() {
  local hash
  hash=$({
    uname -m
    cat "$here"/image-console.sh "$here"/image/{archive,debian,node}.sh "$PUBLIC_ROOTS"
    cd "$REPO_DIR" && sources | tr '\n' '\0' | xargs -0 sha256sum
  } | sha256sum | cut -c 1-16)
  printf '%s/%s/kisenon-console-local.tar' "$IMAGES_ROOT" "$hash"
}

# build_pages WORK: leaves the server with all that it needs in WORK/console/.next/standalone
build_pages() {
  local work=$1
  (cd "$REPO_DIR" && sources | tar -cf - -T -) | tar -xf - -C "$work"
  # Hard links: the compiler refuses packages that are linked from elsewhere, and 600 MB are too much to copy.
  cp -al "$(npm_packages "$REPO_DIR/console")/node_modules" "$work/console/node_modules"
  (cd "$work/console" && env -i PATH="$PATH" HOME="$work" LANG=C.UTF-8 CI=1 NEXT_TELEMETRY_DISABLED=1 npm run build) \
    >"$IMAGES_ROOT/console.log" 2>&1 </dev/null || {
    tail -n 40 "$IMAGES_ROOT/console.log" >&2
    fail "the console could not be built; the log is $IMAGES_ROOT/console.log"
  }
}

# install_pages WORK ROOT
install_pages() {
  local built=$1/console/.next home=$2$HOME_IN_IMAGE
  mkdir -p "$(dirname "$home")"
  cp -a "$built/standalone" "$home"
  rm -f "$home/server.js" # server.mjs is in its place
  cp -a "$built/static" "$home/.next/static"
  [[ ! -d $1/console/public ]] || cp -a "$1/console/public" "$home/public"
  install -m 644 "$1/console/server.mjs" "$home/server.mjs"
  mkdir -p "$home/.next/cache" # a volume is mounted here
  chown -R 0:0 "$home"
}

build_archive() {
  local archive=$1 work began=$SECONDS
  require_root "building the console's image"
  command -v buildah >/dev/null || fail "buildah is not installed: run e2e/cluster/packages.sh"
  mkdir -p "$(dirname "$archive")"
  npm_packages_up "$REPO_DIR/console"
  rm -rf "$CACHE"/image-console.* # of a run that was ended
  work=$(mktemp -d "$CACHE/image-console.XXXXXX")
  build_pages "$work"
  node_root "$work"
  install_pages "$work" "$work/image"
  chmod 755 "$work/image"
  oci_archive "$IMAGE" "$work/image" "$archive" --entrypoint "[\"/usr/bin/node\",\"$HOME_IN_IMAGE/server.mjs\"]" \
    --user 65532:65532 --env "SSL_CERT_FILE=$PUBLIC_ROOTS" --env NODE_ENV=production
  rm -rf "$work"
  forget_old_archives
  say "image $IMAGE: $(($(stat -c %s "$archive") / 1024 / 1024)) MiB in $((SECONDS - began)) s"
}

# Each change of the console makes an archive; the five newest are enough.
forget_old_archives() {
  find "$IMAGES_ROOT" -mindepth 2 -name kisenon-console-local.tar -printf '%T@ %h\n' | keep_newest 5
}

main() {
  local archive
  archive=$(archive_path)
  [[ ! -s $archive ]] || return 0
  mkdir -p "$IMAGES_ROOT"
  exec 7>"$IMAGES_ROOT/console.lock"
  flock -n 7 || { say "another run builds the console: waiting for it"; flock 7; }
  [[ -s $archive ]] || build_archive "$archive"
  exec 7>&-
}

case ${1:-} in
  '') main ;;
  --list) printf '%s %s\n' "$IMAGE" "$(archive_path)" ;;
  *) printf 'usage: image-console.sh [--list]\n' >&2; exit 2 ;;
esac
