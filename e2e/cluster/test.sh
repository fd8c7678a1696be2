#!/usr/bin/env bash
# Runs every test layer in order, with the set-up that each needs, and prints at the end where the time went.
# The cluster goes down again only if this run brought it up. With CI=true nothing is left out; without root or outside
# Linux, what needs a cluster is left out with a plain line.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=e2e/cluster/settings.sh
. "$here/settings.sh"
for stage in progress daemon machine state; do
  # shellcheck source=/dev/null
  . "$here/stage/$stage.sh"
done
cd "$REPO_DIR"
unset MAKEFLAGS MFLAGS MAKELEVEL # the stages are runs of make of their own

STAGES=()
STARTED_CLUSTER=

# stage NAME COMMAND...: runs it and notes the time, also when it fails
stage() {
  local name=$1 began=$SECONDS status=0
  shift
  printf '\n=== %s\n' "$name"
  "$@" || status=$?
  STAGES+=("$(printf '%-22s %6d s%s' "$name" $((SECONDS - began)) "$([[ $status == 0 ]] || printf '   FAILED')")")
  return "$status"
}

finish() {
  local status=$?
  trap - EXIT
  if [[ -n $STARTED_CLUSTER ]]; then stage "cluster down" "$here/down.sh" || status=1; fi
  printf '\nWhere the time went\n'
  printf '  %s\n' "${STAGES[@]}"
  printf '  %-22s %6d s\n' total "$SECONDS"
  [[ $status == 0 ]] || printf 'FAILED\n'
  exit "$status"
}

# has_cluster_rights: 0 when a cluster can be brought up here; in CI anything else is an error further on, not a reason to skip
has_cluster_rights() { [[ ${CI:-} == true ]] || [[ $(uname -s) == Linux && $(id -u) == 0 ]]; }

main() {
  trap finish EXIT
  trap 'exit 130' INT TERM
  if has_cluster_rights; then stage packages "$here/packages.sh"; fi
  stage tools "$here/tools.sh"
  stage lint make lint
  stage console make console
  stage unit make unit
  stage integration make it
  if ! has_cluster_rights; then
    printf '\nLeft out: images, cluster and end-to-end stories. They need Linux and root: sudo make test\n'
    return
  fi
  stage images "$here/images.sh"
  stage image make image
  if [[ $(cluster_state) != running ]]; then STARTED_CLUSTER=yes; fi
  stage "cluster up" "$here/up.sh"
  stage "end-to-end stories" make e2e
  stage "console stories" make console-e2e
}

main
