# shellcheck shell=bash
# What the cluster changes on the machine outside its own folder, remembered so that down can put it back:
# kernel settings, folders that daemons insist on, kubelet's cgroup root.
# Sourced; it touches nothing that it has not recorded first.

# Machine-wide settings that kubelet writes, and two limits that many pods need.
SYSCTLS=(
  vm.overcommit_memory kernel.panic kernel.panic_on_oops kernel.keys.root_maxkeys kernel.keys.root_maxbytes
  fs.inotify.max_user_instances fs.inotify.max_user_watches
)
# Folders that daemons make outside the folder they are told to use.
OUTSIDE=(
  /var/log/containers /var/log/pods /var/lib/cni /var/lib/kubelet /var/lib/containerd /run/containerd /run/netns
  /run/xtables.lock /usr/libexec/kubernetes
)
MODULES=(overlay br_netfilter nf_conntrack ip_tables ip_set xt_set veth bridge)

machine_up() {
  local key path
  mkdir -p "$RUN" "$LOG" "$PKI" "$KUBE" "$STATE_BIN" "$STATE/volumes" "$STATE/volume-plugins" "$STATE/manifests"
  cat /proc/sys/kernel/random/boot_id >"$STATE/boot-id"
  for key in "${SYSCTLS[@]}"; do printf '%s=%s\n' "$key" "$(sysctl -n "$key")"; done >"$STATE/sysctl.saved"
  for path in "${OUTSIDE[@]}"; do [[ -e $path ]] || printf '%s\n' "$path"; done >"$STATE/outside.made"
  # Built in, or loaded on demand: a kernel without modules is no reason to stop here.
  modprobe -a -q "${MODULES[@]}" 2>/dev/null || true
  sysctl -qw fs.inotify.max_user_instances=8192 fs.inotify.max_user_watches=524288
  cgroup_up
  say "machine prepared"
}

machine_down() {
  local line path
  cgroup_down
  [[ -s $STATE/boot-id ]] || return 0
  if same_boot && [[ -s $STATE/sysctl.saved ]]; then
    while read -r line; do sysctl -qw "$line" || true; done <"$STATE/sysctl.saved"
  fi
  [[ -s $STATE/outside.made ]] || return 0
  while read -r path; do
    [[ $path == /run/netns && -n $(ls -A /run/netns 2>/dev/null) ]] && continue
    [[ " ${OUTSIDE[*]} " == *" $path "* ]] || continue
    [[ $path != /run/netns ]] || umount /run/netns 2>/dev/null || true
    rm -rf --one-file-system "$path"
  done <"$STATE/outside.made"
}

# same_boot: the recorded cluster was started since the machine's last boot
same_boot() { [[ $(cat "$STATE/boot-id" 2>/dev/null) == "$(cat /proc/sys/kernel/random/boot_id)" ]]; }

# cgroup_mounts: the mount points of every cgroup hierarchy, version 1 and 2
cgroup_mounts() { awk '$3 == "cgroup" || $3 == "cgroup2" {print $2}' /proc/mounts; }

cgroup_up() {
  local mount file controller
  for mount in $(cgroup_mounts); do
    if [[ -e $mount/cgroup.controllers && $(stat -fc %T /sys/fs/cgroup) == cgroup2fs ]]; then
      for controller in cpu cpuset memory pids io; do
        grep -qw "$controller" "$mount/cgroup.controllers" || continue
        grep -qw "$controller" "$mount/cgroup.subtree_control" && continue
        printf '+%s' "$controller" >"$mount/cgroup.subtree_control"
        printf -- '-%s\n' "$controller" >>"$STATE/cgroup.enabled"
      done
    fi
    mkdir -p "$mount/$CGROUP"
    # a new version 1 cpuset is empty and takes no process until these are copied
    for file in cpuset.cpus cpuset.mems; do
      [[ ! -e $mount/cgroup.clone_children || ! -e $mount/$file ]] || cat "$mount/$file" >"$mount/$CGROUP/$file"
    done
  done
}

# cgroup_processes: ids of everything inside kubelet's cgroup root
cgroup_processes() {
  local mount
  for mount in $(cgroup_mounts); do
    [[ ! -d $mount/$CGROUP ]] || find "$mount/$CGROUP" -name cgroup.procs -exec cat {} + 2>/dev/null
  done | sort -un
}

cgroup_down() {
  local mount pid controller deadline=$((SECONDS + 15))
  while [[ -n $(cgroup_processes) ]] && ((SECONDS < deadline)); do
    for pid in $(cgroup_processes); do kill -s KILL "$pid" 2>/dev/null || true; done
    sleep 0.05
  done
  for mount in $(cgroup_mounts); do
    [[ ! -d $mount/$CGROUP ]] || find "$mount/$CGROUP" -depth -type d -exec rmdir {} + 2>/dev/null || true
  done
  [[ -s $STATE/cgroup.enabled ]] || return 0
  while read -r controller; do
    printf '%s' "$controller" >/sys/fs/cgroup/cgroup.subtree_control 2>/dev/null || true
  done <"$STATE/cgroup.enabled"
}
