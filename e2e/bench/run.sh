#!/usr/bin/env bash
# Makes the figures of docs/benchmarks.md: run.sh [create|wake|fleet|api|cli]; without a name, all five.
# create, wake and cli need the local cluster (make up); fleet and api start a control plane of their own. Each removes what
# it made. PAIRS=5 and ROUNDS=3 (100 for cli) say how often, KEYS=100000 how many API keys are made (0: none).
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=e2e/cluster/settings.sh
. "$here/../cluster/settings.sh"

# build CARGO_ARGUMENTS: as e2e/cluster/image-kisenon.sh builds, so that the programs and most of the work are shared
build() { "$CLUSTER_DIR/cargo-static.sh" --release "$@"; }

# bench_program NAME: its path; cargo adds a hash to the file's name
bench_program() {
  build --bench "$1" --message-format=json |
    jq -r --arg name "$1" 'select(.reason == "compiler-artifact" and .target.name == $name) | .executable // empty'
}

# needs_cluster NAME
needs_cluster() { [[ -e $STATE/deployed ]] || { printf '%s needs the local cluster with Kisenon: make up\n' "$1" >&2; exit 1; }; }

start() {
  local name=$1 program
  needs_cluster "$name"
  program=$(bench_program start)
  HOST=client LAN_CMD="exec '$program' $name ${PAIRS:-5} '$here'" "$CLUSTER_DIR/lan.sh"
}

# alone NAME [ARGUMENT...]: a bench with a control plane of its own, and the server that it measures
alone() {
  local name=$1 program tools
  shift
  build --bin kisenon
  program=$(bench_program "$name")
  tools=$("$CLUSTER_DIR/tools.sh" --print-bin)
  KISENON_TOOLS_BIN=$tools "$program" "$("$CLUSTER_DIR/cargo-static.sh" --print-dir)/release/kisenon" "${ROUNDS:-3}" "$@"
}

client() {
  local program keon
  needs_cluster cli
  keon=$("$CLUSTER_DIR/keon.sh")
  program=$(bench_program cli)
  EMAIL=bench@example.com "$here/../idp/token.sh" |
    KUBECONFIG=$ADMIN_KUBECONFIG PATH=$STATE_BIN:$PATH "$program" "$keon" "$API_URL" "$CA_FILE" "${ROUNDS:-100}"
}

case ${1:-all} in
  create | wake) start "$1" ;;
  fleet) alone fleet ;;
  api) alone api "${KEYS:-100000}" ;;
  cli) client ;;
  all) start create; start wake; alone fleet; alone api "${KEYS:-100000}"; client ;;
  *) printf 'usage: run.sh [create|wake|fleet|api|cli]\n' >&2; exit 2 ;;
esac
