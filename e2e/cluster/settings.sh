# shellcheck shell=bash disable=SC2034
# Paths, names and addresses of the local cluster.
# Sourced by every script here; it may not start, write or delete anything.

CLUSTER_DIR=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
REPO_DIR=$(cd "$CLUSTER_DIR/../.." && pwd)

CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/kisenon
TOOLS_ROOT=$CACHE/tools           # binaries, one folder per content hash; kept by down
IMAGES_ROOT=$CACHE/images         # OCI archives, one folder per content hash; kept by down
NODE_MODULES_ROOT=$CACHE/npm      # npm packages, one folder per lock file; kept by down
# The certificate authorities of the public internet, for images whose programs trust them.
PUBLIC_ROOTS=/etc/ssl/certs/ca-certificates.crt
STATE=$CACHE/cluster              # everything that a running cluster writes; removed by down
LAST_LOG=$CACHE/cluster-last-log  # the logs of the cluster that was taken down last
LOCK_FILE=$CACHE/cluster.lock

RUN=$STATE/run                    # process records, sockets
LOG=$STATE/log                    # one file per process
PKI=$STATE/pki
KUBE=$STATE/kube                  # kubeconfigs, one per client
STATE_BIN=$STATE/bin              # kubectl and keon, for a person's PATH
ADMIN_KUBECONFIG=$KUBE/admin.kubeconfig
CA_FILE=$STATE/kisenon-ca.crt     # the certificate authorities of a client: the operator's and the LAN's
CONTAINERD_SOCKET=$RUN/containerd.sock

# Network namespaces: the node, the LAN's switch, and two hosts on that LAN.
NODE=kisenon-node                 # also the Kubernetes node name
LAN=kisenon-lan
CLIENT=kisenon-client
OTHER=kisenon-other
NODE_INTERFACE=ksnnode
ROOT_INTERFACE=ksnroot            # the machine's own leg into the LAN

NODE_IP=10.77.0.10
CLIENT_IP=10.77.0.20
OTHER_IP=10.77.0.30
ROOT_IP=10.77.0.1
LAN_PREFIX=24
API_IP=10.77.0.90
API_URL=https://$API_IP
CONSOLE_IP=10.77.0.91
CONSOLE_URL=https://$CONSOLE_IP
IDP_PORT=9443
IDP_URL=https://$ROOT_IP:$IDP_PORT
POD_CIDR=10.244.0.0/16
NODE_POD_CIDR=10.244.0.0/24
SERVICE_CIDR=10.96.0.0/16
API_SERVICE_IP=10.96.0.1
CGROUP=kisenon                    # kubelet's own root, so that another kubelet's pods are never touched

# Every daemon gets this PATH and nothing else from the caller's environment.
DAEMON_PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

# kubectl of the running cluster, whatever KUBECONFIG the caller has set.
kube() {
  KUBECACHEDIR=$STATE/kubectl-cache "$STATE_BIN/kubectl" --kubeconfig="$ADMIN_KUBECONFIG" "$@"
}

# A command on the node's network. Not "ip netns exec": that remounts /sys and hides the cgroups.
in_node() { nsenter --net="/run/netns/$NODE" "$@"; }
