# shellcheck shell=bash
# Whether a cluster of ours is there: absent, running, or stale (unfinished, or its processes have ended; those beside
# Kubernetes do not count, since up starts them anew).
# Sourced; it only looks.

cluster_state() {
  local name
  if [[ ! -e $STATE ]]; then printf absent; return; fi
  if [[ ! -e $STATE/complete ]] || ! same_boot || [[ ! -e /run/netns/$NODE ]]; then printf stale; return; fi
  for name in $(daemon_names); do
    daemon_alive "$name" || [[ -e $RUN/$name.stopped || -e $RUN/$name.outside ]] || { printf stale; return; }
  done
  printf running
}
