#!/usr/bin/env bash
# Builds every binary of the local cluster from the pinned Go modules in tools/, once per content of those files.
#   tools.sh              builds what is missing, with one progress line per binary
#   tools.sh --print-bin  the same, and prints the folder of the binaries on stdout (progress goes to stderr)
# It writes only under the cache and changes no go.mod or go.sum.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=e2e/cluster/settings.sh
. "$here/settings.sh"
# shellcheck source=e2e/cluster/stage/progress.sh
. "$here/stage/progress.sh"

KUBERNETES_VERSION=$(awk '$1 == "k8s.io/kubernetes" && $2 ~ /^v/ {print $2; exit}' "$here/tools/kubernetes/go.mod")
VERSION_FLAGS="-X k8s.io/component-base/version.gitVersion=$KUBERNETES_VERSION"
VERSION_FLAGS+=" -X k8s.io/client-go/pkg/version.gitVersion=$KUBERNETES_VERSION"

# module folder | output | package | extra linker flags | build tags
BINARIES=(
  "kubernetes|kubernetes|.|$VERSION_FLAGS|"
  "etcd|etcd|go.etcd.io/etcd/server/v3||"
  "containerd|containerd|github.com/containerd/containerd/v2/cmd/containerd||no_btrfs no_devmapper no_zfs"
  "containerd|containerd-shim-runc-v2|github.com/containerd/containerd/v2/cmd/containerd-shim-runc-v2||no_btrfs no_devmapper no_zfs"
  "containerd|ctr|github.com/containerd/containerd/v2/cmd/ctr||no_btrfs no_devmapper no_zfs"
  "metallb|metallb-controller|go.universe.tf/metallb/controller||"
  "metallb|metallb-speaker|go.universe.tf/metallb/speaker||"
  "kube-router|kube-router|github.com/cloudnativelabs/kube-router/v2/cmd/kube-router||"
  "local-path-provisioner|local-path-provisioner|github.com/rancher/local-path-provisioner||"
)
# One binary that chooses by the name it is called with.
KUBERNETES_NAMES=(kube-apiserver kube-controller-manager kube-scheduler kubelet kube-proxy kubectl)
# Manifests that are read from the modules, so that `up` needs no Go: module folder | module | file
MANIFESTS=(
  "metallb|go.universe.tf/metallb|config/manifests/metallb-native.yaml"
  "local-path-provisioner|github.com/rancher/local-path-provisioner|deploy/local-path-storage.yaml"
)

content_hash() {
  { uname -sm
    printf '%s\n' "${BINARIES[@]}" "${KUBERNETES_NAMES[@]}" "${MANIFESTS[@]}"
    cd "$here/tools" && sha256sum -- */go.mod */go.sum */*.go
  } | sha256sum | cut -c 1-16
}

# build FOLDER "module|output|package|linker flags|tags"
build() {
  local module output package flags tags began=$SECONDS
  IFS='|' read -r module output package flags tags <<<"$2"
  (cd "$here/tools/$module" && go build -trimpath -tags "$tags" -ldflags "-s -w $flags" -o "$1/bin/$output" "$package") \
    >"$1/$output.log" 2>&1 || {
    tail -n 20 "$1/$output.log" >&2
    fail "could not build $output; the log is $1/$output.log"
  }
  rm "$1/$output.log"
  say "built $output in $((SECONDS - began)) s"
}

build_all() {
  local target=$1 work entry module name file folder
  command -v go >/dev/null || fail "Go is needed once, to build the cluster's binaries: install the version named in tools/*/go.mod"
  work=$(mktemp -d "$TOOLS_ROOT/building.XXXXXX")
  mkdir -p "$work/bin" "$work/manifests"
  say "building ${#BINARIES[@]} binaries from pinned Go modules (about ten minutes on two cores, once)"
  for entry in "${BINARIES[@]}"; do build "$work" "$entry"; done
  for name in "${KUBERNETES_NAMES[@]}"; do ln -s kubernetes "$work/bin/$name"; done
  for entry in "${MANIFESTS[@]}"; do
    IFS='|' read -r module name file <<<"$entry"
    folder=$(go -C "$here/tools/$module" list -m -f '{{.Dir}}' "$name")
    install -m 644 "$folder/$file" "$work/manifests/"
  done
  chmod 755 "$work"
  mv "$work" "$target"
}

main() {
  export CGO_ENABLED=0 GOFLAGS=-mod=readonly
  local target
  target=$TOOLS_ROOT/$(content_hash)
  if [[ ! -d $target ]]; then
    mkdir -p "$TOOLS_ROOT"
    exec 8>"$TOOLS_ROOT/lock"
    flock -n 8 || { say "another run builds the binaries: waiting for it"; flock 8; }
    [[ -d $target ]] || build_all "$target"
    exec 8>&-
  fi
}

case ${1:-} in
  '') main ;;
  --print-bin) main >&2; printf '%s\n' "$TOOLS_ROOT/$(content_hash)/bin" ;;
  *) printf 'usage: tools.sh [--print-bin]\n' >&2; exit 2 ;;
esac
