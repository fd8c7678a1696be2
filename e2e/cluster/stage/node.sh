# shellcheck shell=bash
# The node: containerd and its images, kubelet, kube-proxy, and kube-router as the policy controller.
# Sourced. It must not add rules of its own: the moment in which a new pod is still open under kube-router is real,
# and the tests have to meet it.

containerd_up() {
  local runc
  runc=$(PATH=$DAEMON_PATH command -v runc) || fail "runc is not installed"
  mkdir -p "$STATE/cni"
  cat >"$STATE/cni/10-kisenon.conflist" <<JSON
{"cniVersion": "0.4.0", "name": "kisenon", "plugins": [
  {"type": "bridge", "bridge": "cni0", "isGateway": true, "isDefaultGateway": true, "ipMasq": true, "hairpinMode": true,
   "ipam": {"type": "host-local", "dataDir": "$STATE/cni-addresses", "ranges": [[{"subnet": "$NODE_POD_CIDR"}]]}},
  {"type": "tuning", "sysctl": {"net.ipv6.conf.all.disable_ipv6": "1", "net.ipv6.conf.default.disable_ipv6": "1"}},
  {"type": "portmap", "capabilities": {"portMappings": true}},
  {"type": "bandwidth", "capabilities": {"bandwidth": true}}
]}
JSON
  cat >"$STATE/containerd.toml" <<TOML
version = 3
root = "$STATE/containerd"
state = "$RUN/containerd"
oom_score = 0
disabled_plugins = ["io.containerd.nri.v1.nri", "io.containerd.snapshotter.v1.blockfile", "io.containerd.snapshotter.v1.erofs"]
[grpc]
  address = "$CONTAINERD_SOCKET"
[plugins."io.containerd.internal.v1.opt"]
  path = "$STATE/containerd-opt"
[plugins."io.containerd.grpc.v1.cri"]
  stream_server_address = "127.0.0.1"
[plugins."io.containerd.cri.v1.images"]
  snapshotter = "overlayfs"
  [plugins."io.containerd.cri.v1.images".pinned_images]
    sandbox = "localhost/pause:local"
[plugins."io.containerd.cri.v1.runtime"]
  restrict_oom_score_adj = true       # a root without CAP_SYS_RESOURCE may not lower the score: every sandbox would fail
  netns_mounts_under_state_dir = true # pods' namespaces stay inside our own folder
  [plugins."io.containerd.cri.v1.runtime".cni]
    bin_dirs = ["/usr/lib/cni", "/opt/cni/bin"]
    conf_dir = "$STATE/cni"
  [plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    runtime_path = "$TOOLS_BIN/containerd-shim-runc-v2"
    [plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc.options]
      BinaryName = "$runc"
      SystemdCgroup = false
TOML
  daemon_start containerd "$TOOLS_BIN/containerd" --config "$STATE/containerd.toml" --log-level info
  wait_until 30 "containerd" containerd ctr version
}

ctr() { "$TOOLS_BIN/ctr" --address "$CONTAINERD_SOCKET" --namespace k8s.io "$@"; }

# import_image IMAGE ARCHIVE: once per archive; an archive's path names its content
import_image() {
  local record=$STATE/imported/${1//[\/:]/_}
  mkdir -p "$STATE/imported"
  [[ $(cat "$record" 2>/dev/null) != "$2" ]] || return 0
  ctr images import --base-name "${1%:*}" "$2" >>"$LOG/images.log" 2>&1 || return 1
  grep -qxF "$1" <<<"$(ctr images ls -q 2>>"$LOG/images.log")" || { printf 'the archive %s did not bring %s\n' "$2" "$1" >>"$LOG/images.log"; return 1; }
  printf '%s\n' "$2" >"$record"
}

import_images() {
  local image archive
  while read -r image archive; do import_image "$image" "$archive" || return 1; done <"$STATE/images"
}

kubelet_up() {
  mkdir -p "$STATE/kubelet" "$STATE/pod-logs"
  : >"$STATE/resolv.conf"
  # kubelet wants a root folder whose mounts are shared, for volumes that are mounted both ways
  mount --bind "$STATE/kubelet" "$STATE/kubelet"
  mount --make-rshared "$STATE/kubelet"
  cat >"$STATE/kubelet.yaml" <<YAML
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
address: $NODE_IP
authentication: {anonymous: {enabled: false}, webhook: {enabled: true}, x509: {clientCAFile: $PKI/kube-ca.crt}}
authorization: {mode: Webhook}
tlsCertFile: $PKI/kubelet-server.crt
tlsPrivateKeyFile: $PKI/kubelet-server.key
containerRuntimeEndpoint: unix://$CONTAINERD_SOCKET
cgroupDriver: cgroupfs
cgroupRoot: /$CGROUP
failCgroupV1: false
oomScoreAdj: 0
maxOpenFiles: 20000
imageGCHighThresholdPercent: 100
imageMaximumGCAge: 0s
evictionHard: {nodefs.available: "1%", imagefs.available: "1%", memory.available: "200Mi"}
podLogsDir: $STATE/pod-logs
volumePluginDir: $STATE/volume-plugins
resolvConf: $STATE/resolv.conf
seccompDefault: true
readOnlyPort: 0
serializeImagePulls: false
failSwapOn: false
clusterDomain: cluster.local
logging: {verbosity: 2}
YAML
  daemon_start kubelet "$TOOLS_BIN/kubelet" --config="$STATE/kubelet.yaml" --kubeconfig="$KUBE/kubelet.kubeconfig" \
    --root-dir="$STATE/kubelet" --hostname-override="$NODE" --node-ip="$NODE_IP"
}

kube_proxy_up() {
  cat >"$STATE/kube-proxy.yaml" <<YAML
apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
mode: iptables
clientConnection: {kubeconfig: $KUBE/kube-proxy.kubeconfig}
hostnameOverride: $NODE
clusterCIDR: $POD_CIDR
bindAddress: $NODE_IP
metricsBindAddress: 127.0.0.1:10249
healthzBindAddress: 127.0.0.1:10256
conntrack: {maxPerCore: 0, min: 0, tcpEstablishedTimeout: 0s, tcpCloseWaitTimeout: 0s} # 0: the machine's values stay
YAML
  daemon_start kube-proxy "$TOOLS_BIN/kube-proxy" --config="$STATE/kube-proxy.yaml"
}

# No --loadbalancer-ip-range: a range that holds the node's address would leave egress to the node without policy.
kube_router_up() {
  daemon_start kube-router "$TOOLS_BIN/kube-router" --kubeconfig="$KUBE/kube-router.kubeconfig" --hostname-override="$NODE" \
    --run-router=false --run-service-proxy=false --run-firewall=true --enable-cni=false \
    --service-cluster-ip-range="$SERVICE_CIDR" --health-port=20244 -v=1
}

node_up() {
  kubelet_up
  kube_proxy_up
  wait_until 60 "node registered" kubelet kube get node "$NODE"
  kube_router_up
  wait_until 90 "node Ready" kubelet kube wait --for=condition=Ready "node/$NODE" --timeout=1s
  wait_until 60 "service proxy" kube-proxy in_node curl -sf http://127.0.0.1:10256/healthz
  wait_until 60 "policy controller" kube-router in_node iptables -w -nL KUBE-ROUTER-FORWARD
}
