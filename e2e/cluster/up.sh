#!/usr/bin/env bash
# Brings up a one-node Kubernetes on this machine, then Kisenon in it with a sample tenant. Undone by down.sh.
# Again on a running cluster it is quick: it imports images that changed and applies the manifests anew.
# It may not touch another cluster, another network's rules, or files outside the cache that it has not recorded first.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=e2e/cluster/settings.sh
. "$here/settings.sh"
for stage in progress daemon state machine network pki control-plane node addons cache npm-packages identity-provider api kisenon; do
  # shellcheck source=/dev/null
  . "$here/stage/$stage.sh"
done

prepare() {
  mkdir -p "$CACHE"
  "$here/packages.sh"
  "$here/tools.sh"
  TOOLS_BIN=$("$here/tools.sh" --print-bin)
  "$here/images.sh"
  if kisenon_present; then
    identity_provider_packages
    "$here/image-kisenon.sh"
    "$here/image-console.sh"
    # shellcheck disable=SC2034 # for stage/kisenon.sh
    KEON=$("$here/keon.sh")
  fi
  say "packages, binaries and images are there"
}

list_images() {
  "$here/images.sh" --list
  if kisenon_present; then
    "$here/image-kisenon.sh" --list
    "$here/image-console.sh" --list
  fi
}

start_cluster() {
  local import
  machine_up
  list_images >"$STATE/images"
  ln -s "$TOOLS_BIN/kubectl" "$STATE_BIN/kubectl"
  printf '%s\n' "$TOOLS_BIN" >"$STATE/tools"
  network_up
  pki_up
  containerd_up
  import_images 9>&- &
  import=$!
  control_plane_up
  node_up
  wait "$import" || fail "an image could not be imported" images
  say "images imported"
  addons_up
  touch "$STATE/complete"
  say "Kubernetes is up"
}

# refresh_cluster: the cluster runs; start what was stopped on purpose, import what has changed
refresh_cluster() {
  local name
  [[ $(cat "$STATE/tools") == "$TOOLS_BIN" ]] || say "its binaries are older than this checkout's: make down, make up to change them"
  for name in $(daemon_names); do
    daemon_alive "$name" || { daemon_spawn "$name"; say "started $name again"; }
  done
  wait_until 60 "API server" kube-apiserver kube get --raw /readyz
  if kisenon_present; then
    list_images >"$STATE/images"
    import_images || fail "an image could not be imported" images
  fi
}

# A command that failed without a message of ours still gets a line that says where to look.
on_exit() {
  local status=$?
  ((status == 0)) || printf '%7s s  not up; logs: %s\n' "$(elapsed)" "$LOG" >&2
}

main() {
  trap on_exit EXIT
  [[ ${CLUSTER:-local} == local ]] || exec "$here/current.sh" up
  require_root "the local cluster"
  prepare
  exec 9>"$LOCK_FILE"
  flock -n 9 || { say "another run is bringing the cluster up or down: waiting for it"; flock 9; }
  case $(cluster_state) in
    running) say "the cluster is running" && refresh_cluster ;;
    stale)
      say "what is left of an earlier cluster does not run any more: removing it"
      KISENON_CLUSTER_LOCKED=1 "$here/down.sh"
      start_cluster
      ;;
    absent) start_cluster ;;
  esac
  kisenon_up
  next_steps
}

main
