#!/usr/bin/env bash
# Runs $LAN_CMD with sh as another host of the cluster's LAN (HOST=other: as a second one), and ends with its exit code.
# Only the network differs from the caller's shell; nothing is written.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=e2e/cluster/settings.sh
. "$here/settings.sh"

case ${HOST:-client} in
  client) host=$CLIENT ;;
  other) host=$OTHER ;;
  *) printf 'HOST is client (%s) or other (%s)\n' "$CLIENT_IP" "$OTHER_IP" >&2; exit 2 ;;
esac
command=${LAN_CMD:-$*}
if [[ -z $command ]]; then
  printf "usage: make -s lan CMD='command' [HOST=other]\n" >&2
  exit 2
fi
if [[ ! -e /run/netns/$host ]]; then
  printf 'there is no local cluster: make up\n' >&2
  exit 1
fi
export PGSSLROOTCERT=$CA_FILE KISENON_CA_FILE=$CA_FILE KISENON_API_URL=$API_URL KUBECONFIG=$ADMIN_KUBECONFIG PATH=$STATE_BIN:$PATH
unset LAN_CMD MAKEFLAGS MAKELEVEL MFLAGS MAKEOVERRIDES
exec nsenter --net="/run/netns/$host" sh -c "$command"
