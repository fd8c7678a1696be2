#!/usr/bin/env bash
# Installs the Debian packages that the local cluster needs, when run as root; else prints the one command to run.
# It may not touch package sources and removes nothing.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=e2e/cluster/settings.sh
. "$here/settings.sh"
# shellcheck source=e2e/cluster/stage/progress.sh
. "$here/stage/progress.sh"

PACKAGES=(
  runc containernetworking-plugins iptables ipset conntrack nftables iproute2 kmod # the node
  buildah mmdebstrap debian-archive-keyring busybox-static gcc libc6-dev           # images
  postgresql postgresql-client openssl curl ca-certificates jq make                # the scripts and the tests
  chromium libnss3-tools                                                           # the console's stories
)

NODE_MAJOR=20 # the oldest that the packages of e2e/idp and console start on; Debian 13 brings it, Debian 12 an older one

missing_packages() {
  local package
  for package in "${PACKAGES[@]}"; do
    [[ $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) == installed ]] || printf '%s\n' "$package"
  done
}

# forgo_system_server: the tests start database servers of their own, so Debian shall not make and start one. The
# package asks once, when it is installed; then the setting goes again.
forgo_system_server() {
  local folder=/etc/postgresql-common/createcluster.d
  mkdir -p "$folder"
  printf 'create_main_cluster = false\n' >"$folder/kisenon.conf"
  # shellcheck disable=SC2064 # the folder is known now only
  trap "rm -f '$folder/kisenon.conf'; rmdir --ignore-fail-on-non-empty '$folder'" EXIT
}

main() {
  command -v dpkg-query >/dev/null || fail "this is not a Debian system; install the equivalents of: ${PACKAGES[*]}"
  choose_node
  local -a missing
  mapfile -t missing < <(missing_packages)
  ((${#missing[@]} > 0)) || return 0
  if [[ $(id -u) != 0 ]]; then
    printf 'Debian packages are missing. Install them with:\n  sudo apt-get install --no-install-recommends %s\n' \
      "${missing[*]}" >&2
    exit 1
  fi
  say "installing Debian packages: ${missing[*]}"
  [[ " ${missing[*]} " != *" postgresql "* ]] || forgo_system_server
  mkdir -p "$CACHE"
  local log=$CACHE/packages.log
  export DEBIAN_FRONTEND=noninteractive
  if ! { apt-get update -q && apt-get install -y -q --no-install-recommends "${missing[@]}"; } >"$log" 2>&1 </dev/null; then
    tail -n 15 "$log" >&2
    fail "apt-get failed; its log is $log"
  fi
  say "Debian packages installed"
}

# is_new_enough VERSION: of Node, as `node --version` or apt writes it
is_new_enough() {
  local major=${1#v}
  major=${major%%.*}
  [[ $major =~ ^[0-9]+$ ]] && ((major >= NODE_MAJOR))
}

has_node() { command -v npm >/dev/null && is_new_enough "$(node --version 2>/dev/null)"; }

# Where the distribution's Node is too old, it has to come from elsewhere, as Rust and Go do.
choose_node() {
  if has_node; then return; fi
  is_new_enough "$(apt-cache policy nodejs | awk '$1 == "Candidate:" {print $2}')" ||
    fail "Node $NODE_MAJOR or newer is needed, with npm (here: $(node --version 2>/dev/null || printf none)): https://nodejs.org/en/download"
  PACKAGES+=(nodejs npm)
}

main
