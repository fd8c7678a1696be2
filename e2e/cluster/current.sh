#!/usr/bin/env bash
# Installs Kisenon into the cluster of the current kube context, or removes it: current.sh up|down.
# It names the context and its server and goes on only with consent: typed on a terminal, or CONFIRM=<context name>.
# It applies the overlay that OVERLAY names and nothing else: addresses and images differ from cluster to cluster, so there
# is no default. The person's own kubectl is used where there is one.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=e2e/cluster/settings.sh
. "$here/settings.sh"
# shellcheck source=e2e/cluster/stage/progress.sh
. "$here/stage/progress.sh"

OVERLAY=${OVERLAY:-}
KUBECTL=$(command -v kubectl || printf '%s/kubectl' "$("$here/tools.sh" --print-bin)")

# consent QUESTION: the context's name, typed or given beforehand
consent() {
  local context=$1 question=$2 answer=${CONFIRM:-}
  printf '%s\n' "$question"
  if [[ -z $answer ]]; then
    [[ -t 0 ]] || fail "this is not a terminal: give consent with CONFIRM=$context"
    read -r -p "Type the context's name to go on: " answer
  fi
  [[ $answer == "$context" ]] || fail "not confirmed: '$answer' is not '$context'; nothing was changed"
}

# The first start of API and console needs their keys, which are the admin's to make and to keep.
require_secrets() {
  local name
  for name in kisenon-api kisenon-console kisenon-console-tls; do
    "$KUBECTL" --context="$1" -n kisenon-system get secret "$name" >/dev/null 2>&1 ||
      fail "the Secret kisenon-system/$name is not there: make the Secrets first (docs/k3s.md, step 4); nothing was changed"
  done
}

install() {
  require_secrets "$1"
  "$KUBECTL" --context="$1" apply --server-side -k "$OVERLAY"
  local name
  for name in kisenon-operator kisenon-canary kisenon-api kisenon-console; do
    "$KUBECTL" --context="$1" -n kisenon-system rollout status "deployment/$name" --timeout=180s
  done
}

# Tenants' objects go first, while the operator is there to take their servers down.
remove() {
  if "$KUBECTL" --context="$1" get crd projects.kisenon.com >/dev/null 2>&1; then
    "$KUBECTL" --context="$1" delete projects.kisenon.com --all --all-namespaces --timeout=300s
  fi
  "$KUBECTL" --context="$1" delete --ignore-not-found -k "$OVERLAY" --timeout=180s
}

main() {
  local context server projects=0
  [[ -f $OVERLAY/kustomization.yaml ]] || fail "name your overlay: OVERLAY=kustomize/overlays/<yours> (docs/k3s.md says how to make one)"
  context=$("$KUBECTL" config current-context 2>/dev/null) || fail "there is no current kube context: kubectl config use-context NAME"
  server=$("$KUBECTL" config view --minify -o 'jsonpath={.clusters[0].cluster.server}')
  case ${1:-} in
    up)
      consent "$context" "This installs Kisenon (CRDs, namespace kisenon-system, cluster roles) into context '$context' at $server."
      install "$context"
      ;;
    down)
      projects=$("$KUBECTL" --context="$context" get projects.kisenon.com -A -o name 2>/dev/null | wc -l)
      consent "$context" "This removes Kisenon from context '$context' at $server: $projects projects with their servers and data, CRDs, kisenon-system."
      remove "$context"
      ;;
    *) printf 'usage: current.sh up|down\n' >&2; exit 2 ;;
  esac
}

main "$@"
