#!/usr/bin/env bash
# cargo build of statically linked programs, which run on any Linux of this processor:
#   cargo-static.sh ARGUMENTS...   builds, for the target alone, so that build scripts and macros are compiled as ever
#   cargo-static.sh --print-dir    prints the folder that holds one folder for each profile, and builds nothing
# It writes only to the cargo target folder.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=e2e/cluster/settings.sh
. "$here/settings.sh"

export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$CACHE/target}
target=$(rustc -vV | sed -n 's/^host: //p')
if [[ ${1:-} == --print-dir ]]; then
  printf '%s/%s\n' "$CARGO_TARGET_DIR" "$target"
  exit
fi
variable=CARGO_TARGET_${target//-/_}_RUSTFLAGS
export "${variable^^}=-C target-feature=+crt-static"
exec cargo build --manifest-path "$REPO_DIR/Cargo.toml" --locked --target "$target" "$@"
