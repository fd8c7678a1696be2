# shellcheck shell=bash
# MetalLB with its address pool, and the storage provisioner: upstream's manifests, changed only by our kustomizations.
# Sourced; it writes to the cluster and to the state folder.

# stage_manifest NAME UPSTREAM FILE: a folder below the state that kubectl can apply with -k
stage_manifest() {
  local folder=$STATE/manifests/$1
  mkdir -p "$folder"
  cp "$TOOLS_BIN/../manifests/$2" "$folder/upstream.yaml"
  sed "s#VOLUMES_FOLDER#$STATE/volumes#" "$CLUSTER_DIR/manifests/$1/kustomization.yaml" >"$folder/kustomization.yaml"
  kube apply --server-side -k "$folder" >>"$LOG/addons.log" 2>&1 || fail "could not apply the manifests of $1" addons
}

addons_up() {
  kube create namespace metallb-system >/dev/null
  # A speaker that starts before this Secret waits on a mount retry.
  kube -n metallb-system create secret generic memberlist --from-literal=secretkey="$(openssl rand -base64 128)" >/dev/null
  kube -n metallb-system create secret generic metallb-webhook-cert \
    --from-file=ca.crt="$PKI/metallb-ca.crt" --from-file=ca.key="$PKI/metallb-ca.key" \
    --from-file=tls.crt="$PKI/metallb-webhook.crt" --from-file=tls.key="$PKI/metallb-webhook.key" >/dev/null
  stage_manifest metallb metallb-native.yaml
  stage_manifest local-path local-path-storage.yaml
  wait_until 120 "MetalLB controller" kubelet kube -n metallb-system rollout status deployment/controller --timeout=1s
  wait_until 120 "MetalLB speaker" kubelet kube -n metallb-system rollout status daemonset/speaker --timeout=1s
  wait_until 60 "address pool" - kube apply --server-side -f "$CLUSTER_DIR/manifests/pool.yaml"
  wait_until 60 "storage" kubelet kube -n local-path-storage rollout status deployment/local-path-provisioner --timeout=1s
}
