#!/usr/bin/env bash
# Takes the local cluster down and leaves nothing of it: process, mount, network, cgroup, kernel setting, file.
# It ends only processes that it can prove to be the cluster's own, touches nothing that up.sh has not made, and keeps the
# caches (binaries, images) and the last logs. At the end it looks for itself and names whatever is left.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=e2e/cluster/settings.sh
. "$here/settings.sh"
for stage in progress daemon state machine network; do
  # shellcheck source=/dev/null
  . "$here/stage/$stage.sh"
done

# Clients of the API server end before it, or it would wait for their watches.
FIRST=(identity-provider kubelet kube-router kube-proxy kube-controller-manager kube-scheduler)
LAST=(kube-apiserver containerd etcd)

stop_daemons() {
  local name
  local -a ending=()
  for name in "$@"; do
    daemon_alive "$name" && kill -s TERM "$DAEMON_PID" 2>/dev/null && ending+=("$name")
  done
  for name in ${ending[@]+"${ending[@]}"}; do daemon_end "$name" TERM 10; done
}

# our_shims: the container runtime's helpers that were started for our socket, whatever binary folder they came from
our_shims() {
  local folder
  for folder in /proc/[0-9]*; do
    tr '\0' ' ' <"$folder/cmdline" 2>/dev/null | grep -q -- "containerd-shim-runc-v2 .*-address $CONTAINERD_SOCKET" || continue
    printf '%s\n' "${folder#/proc/}"
  done
}

stop_containers() {
  local pid
  for pid in $(cgroup_processes) $(our_shims); do kill -s KILL "$pid" 2>/dev/null || true; done
}

our_mounts() { awk -v folder="$STATE/" 'index($2, folder) == 1 {print $2}' /proc/mounts | sort -r; }

remove_mounts() {
  local mount round
  for round in 1 2 3; do
    while read -r mount; do
      umount "$mount" 2>/dev/null || { [[ $round == 1 ]] || umount -l "$mount" 2>/dev/null || true; }
    done < <(our_mounts)
  done
}

# our_daemons: processes that still match a record, by id and start time
our_daemons() {
  local name
  for name in $(daemon_names); do daemon_alive "$name" && printf '%s=%s\n' "$name" "$DAEMON_PID"; done
  return 0
}

remove_state() {
  if [[ -d $LOG ]]; then
    rm -rf "$LAST_LOG"
    mv "$LOG" "$LAST_LOG"
  fi
  # After a reboot the recorded ids mean nothing; nothing is mounted below the state any more, whatever the way here.
  rm -rf --one-file-system "$STATE"
}

# report_leftovers: what is still there although it should not be
report_leftovers() {
  local left=0
  leftover() { [[ -z $2 ]] || { printf 'LEFT %s: %s\n' "$1" "$(tr '\n' ' ' <<<"$2")" >&2; left=1; }; }
  leftover processes "$STILL_RUNNING$(our_shims)"
  leftover mounts "$(our_mounts)"
  leftover "network namespaces" "$(find /run/netns -name 'kisenon-*' 2>/dev/null || true)"
  leftover interfaces "$(ip -br link 2>/dev/null | awk '$1 ~ /^ksn/ {print $1}')"
  leftover cgroups "$(for mount in $(cgroup_mounts); do [[ ! -d $mount/$CGROUP ]] || printf '%s\n' "$mount/$CGROUP"; done)"
  leftover files "$([[ ! -e $STATE ]] || printf '%s' "$STATE")"
  return "$left"
}

main() {
  [[ ${CLUSTER:-local} == local ]] || exec "$here/current.sh" down
  require_root "taking the local cluster down"
  mkdir -p "$CACHE"
  if [[ -z ${KISENON_CLUSTER_LOCKED:-} ]]; then
    exec 9>"$LOCK_FILE"
    flock -n 9 || { say "another run is bringing the cluster up or down: waiting for it"; flock 9; }
  fi
  if [[ ! -e $STATE && ! -e /run/netns/$NODE && ! -e /sys/class/net/$ROOT_INTERFACE ]]; then
    say "there is no local cluster"
    return
  fi
  if same_boot; then
    stop_daemons "${FIRST[@]}"
    stop_daemons "${LAST[@]}"
    stop_containers
  fi
  say "processes ended"
  STILL_RUNNING=$(our_daemons)
  remove_mounts
  network_down
  machine_down
  remove_state
  report_leftovers || fail "the cluster is down, but not everything could be removed"
  say "the cluster is gone; logs of its run: $LAST_LOG"
}

main
