# shellcheck shell=bash
# etcd and the control plane, on the node's network.
# Sourced; it starts processes and nothing more: what they need (keys, network) is there already.

etcd_up() {
  daemon_start etcd "$TOOLS_BIN/etcd" --name=kisenon --data-dir="$STATE/etcd" --log-level=warn \
    --listen-client-urls=https://127.0.0.1:2379 --advertise-client-urls=https://127.0.0.1:2379 \
    --listen-peer-urls=http://127.0.0.1:2380 --initial-advertise-peer-urls=http://127.0.0.1:2380 \
    --initial-cluster=kisenon=http://127.0.0.1:2380 --listen-metrics-urls=http://127.0.0.1:2381 \
    --client-cert-auth --trusted-ca-file="$PKI/etcd-ca.crt" --cert-file="$PKI/etcd.crt" --key-file="$PKI/etcd.key" \
    --auto-compaction-retention=1h
}

# One line per write of the operator, so that a test can count them; everything else stays out of the log.
audit_policy() {
  cat >"$STATE/audit-policy.yaml" <<'YAML'
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- level: Metadata
  users: ["system:serviceaccount:kisenon-system:kisenon-operator"]
  verbs: [create, update, patch, delete, deletecollection]
- level: None
YAML
}

apiserver_up() {
  audit_policy
  daemon_start kube-apiserver "$TOOLS_BIN/kube-apiserver" \
    --advertise-address="$NODE_IP" --bind-address=0.0.0.0 --secure-port=6443 --service-cluster-ip-range="$SERVICE_CIDR" \
    --etcd-servers=https://127.0.0.1:2379 --etcd-cafile="$PKI/etcd-ca.crt" \
    --etcd-certfile="$PKI/apiserver-etcd.crt" --etcd-keyfile="$PKI/apiserver-etcd.key" \
    --client-ca-file="$PKI/kube-ca.crt" --tls-cert-file="$PKI/apiserver.crt" --tls-private-key-file="$PKI/apiserver.key" \
    --kubelet-client-certificate="$PKI/apiserver-kubelet.crt" --kubelet-client-key="$PKI/apiserver-kubelet.key" \
    --kubelet-certificate-authority="$PKI/kube-ca.crt" --kubelet-preferred-address-types=InternalIP \
    --service-account-issuer=https://kubernetes.default.svc.cluster.local \
    --service-account-key-file="$PKI/sa.pub" --service-account-signing-key-file="$PKI/sa.key" \
    --requestheader-client-ca-file="$PKI/front-proxy-ca.crt" --requestheader-allowed-names=front-proxy \
    --requestheader-username-headers=X-Remote-User --requestheader-group-headers=X-Remote-Group \
    --requestheader-extra-headers-prefix=X-Remote-Extra- \
    --proxy-client-cert-file="$PKI/front-proxy.crt" --proxy-client-key-file="$PKI/front-proxy.key" \
    --authorization-mode=Node,RBAC --anonymous-auth=false --allow-privileged=true --profiling=false \
    --enable-admission-plugins=NodeRestriction,DenyServiceExternalIPs \
    --audit-policy-file="$STATE/audit-policy.yaml" --audit-log-path="$LOG/audit.log" --audit-log-maxsize=200
}

control_plane_up() {
  etcd_up
  wait_until 30 "etcd" etcd in_node curl -sf http://127.0.0.1:2381/readyz
  apiserver_up
  wait_until 90 "API server" kube-apiserver kube get --raw /readyz
  kube apply -f "$CLUSTER_DIR/manifests/access.yaml" >/dev/null
  # A count/ quota made within 30 s of its CRD refuses everything until the next full sync, by default five minutes later.
  # Kinds that are there when the controller starts count at once.
  if kisenon_present; then kube apply --server-side --force-conflicts -k "$REPO_DIR/crds" >/dev/null; fi
  daemon_start kube-controller-manager "$TOOLS_BIN/kube-controller-manager" --bind-address=127.0.0.1 --leader-elect=false \
    --kubeconfig="$KUBE/controller-manager.kubeconfig" --authentication-kubeconfig="$KUBE/controller-manager.kubeconfig" \
    --authorization-kubeconfig="$KUBE/controller-manager.kubeconfig" --use-service-account-credentials=true \
    --root-ca-file="$PKI/kube-ca.crt" --service-account-private-key-file="$PKI/sa.key" \
    --cluster-signing-cert-file="$PKI/kube-ca.crt" --cluster-signing-key-file="$PKI/kube-ca.key" \
    --flex-volume-plugin-dir="$STATE/volume-plugins" --resource-quota-sync-period=15s --profiling=false
  daemon_start kube-scheduler "$TOOLS_BIN/kube-scheduler" --bind-address=127.0.0.1 --leader-elect=false --profiling=false \
    --kubeconfig="$KUBE/scheduler.kubeconfig" --authentication-kubeconfig="$KUBE/scheduler.kubeconfig" \
    --authorization-kubeconfig="$KUBE/scheduler.kubeconfig"
}
