#!/usr/bin/env bash
# The console's own tools, with its npm packages as the lock file names them:
#   console.sh check       lints, types, unit tests, and whether the API's types are those of openapi.json
#   console.sh generate    writes those types anew
#   console.sh stories     the stories in a browser, on the running cluster (make up)
# Packages come from the cache: console/node_modules of the checkout is made of hard links into it, and replaced when the lock
# file has changed. Nothing else of the checkout is written, but for what the tools themselves generate.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=e2e/cluster/settings.sh
. "$here/settings.sh"
# shellcheck source=e2e/cluster/stage/progress.sh
. "$here/stage/progress.sh"
# shellcheck source=e2e/cluster/stage/cache.sh
. "$here/stage/cache.sh"
# shellcheck source=e2e/cluster/stage/npm-packages.sh
. "$here/stage/npm-packages.sh"

CONSOLE=$REPO_DIR/console
export NEXT_TELEMETRY_DISABLED=1

# packages: what somebody has installed here with npm itself stays, as long as it is the same
packages() {
  local installed record=node_modules/.package-lock.json
  npm_packages_up "$CONSOLE"
  installed=$(npm_packages "$CONSOLE")
  ! cmp -s "$installed/$record" "$CONSOLE/$record" || return 0
  rm -rf "$CONSOLE"/node_modules "$CONSOLE"/node_modules.part
  cp -al "$installed/node_modules" "$CONSOLE/node_modules.part" 2>/dev/null || {
    rm -rf "$CONSOLE/node_modules.part" # another file system
    cp -a "$installed/node_modules" "$CONSOLE/node_modules.part"
  }
  mv "$CONSOLE/node_modules.part" "$CONSOLE/node_modules"
}

check() {
  npm run --silent lint
  npm run --silent types
  npm run --silent test
  npm run --silent generate -- --check || fail "console/lib/api/schema.d.ts is not what openapi.json says: run make generate"
}

generate() { npm run --silent generate; }

stories() {
  local exports
  command -v chromium >/dev/null || fail "chromium is not installed: run e2e/cluster/packages.sh"
  exports=$("$here/env.sh")
  eval "$exports"
  export NODE_EXTRA_CA_CERTS=$KISENON_CA_FILE # read by node when it starts, and never again
  npm run --silent test:e2e
}

main() {
  case ${1:-} in
    check | generate | stories) ;;
    *) printf 'usage: console.sh check|generate|stories\n' >&2; exit 2 ;;
  esac
  packages
  cd "$CONSOLE"
  "$1"
}

main "$@"
