# shellcheck shell=bash
# Keys, certificates and kubeconfigs of the cluster's own parts (ECDSA P-256, one year).
# Sourced; it writes only below the state folder, readable by root alone.

pki_up() {
  ( # no "|| fail" behind this: it would switch errexit off inside
    exec 2>>"$LOG/pki.log"
    umask 077
    cd "$PKI" || exit 1
    authorities
    certificates
    webhook_certificate
    kubeconfigs
  )
  say "keys, certificates, kubeconfigs"
}

new_key() { openssl ecparam -genkey -name prime256v1 -noout -out "$1.key"; }

# authority NAME: a key and a certificate that signs others
authority() {
  new_key "$1"
  openssl req -x509 -new -key "$1.key" -subj "/CN=$1" -days 365 -out "$1.crt" -addext keyUsage=critical,keyCertSign,cRLSign
}

authorities() {
  local name
  for name in kube-ca etcd-ca front-proxy-ca; do authority "$name"; done
  new_key sa
  openssl ec -in sa.key -pubout -out sa.pub
}

# certificate NAME CA SUBJECT USAGE [SUBJECT ALTERNATIVE NAMES]
certificate() {
  local name=$1 ca=$2 subject=$3 usage=$4 names=${5:-}
  new_key "$name"
  openssl req -new -key "$name.key" -subj "$subject" |
    openssl x509 -req -CA "$ca.crt" -CAkey "$ca.key" -CAcreateserial -days 365 -out "$name.crt" \
      -extfile <(printf 'basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=%s\n%s' \
        "$usage" "${names:+subjectAltName=$names}")
}

certificates() {
  local both=serverAuth,clientAuth service=DNS:kubernetes.default.svc
  certificate etcd etcd-ca /CN=etcd "$both" DNS:localhost,IP:127.0.0.1
  certificate apiserver-etcd etcd-ca /CN=kube-apiserver clientAuth
  # without a request-header authority the controller manager and the scheduler log an error for ever
  certificate front-proxy front-proxy-ca /CN=front-proxy clientAuth
  certificate apiserver kube-ca /CN=kube-apiserver serverAuth \
    "DNS:kubernetes,DNS:kubernetes.default,$service,$service.cluster.local,DNS:localhost,IP:$API_SERVICE_IP,IP:$NODE_IP,IP:127.0.0.1"
  certificate apiserver-kubelet kube-ca /CN=kube-apiserver-kubelet-client clientAuth
  certificate kubelet-server kube-ca "/CN=$NODE" serverAuth "DNS:$NODE,IP:$NODE_IP"
}

# MetalLB's webhook certificate has to be there before its pod: left to itself the controller writes the Secret after its pod
# has mounted it, and waits up to a minute for the mount to follow. Its rotator accepts an authority that is named "cert",
# with an RSA key in PKCS#1 form.
webhook_certificate() {
  local service=metallb-webhook-service.metallb-system.svc
  openssl genrsa -traditional -out metallb-ca.key 2048
  openssl req -x509 -new -key metallb-ca.key -subj /O=metallb/CN=cert -days 365 -out metallb-ca.crt \
    -addext keyUsage=critical,keyCertSign,digitalSignature -addext subjectAltName=DNS:cert
  certificate metallb-webhook metallb-ca "/CN=$service" serverAuth "DNS:$service"
}

kubeconfigs() {
  local local_api=https://127.0.0.1:6443
  kubeconfig admin /O=system:masters/CN=admin "https://$NODE_IP:6443"
  kubeconfig controller-manager /CN=system:kube-controller-manager "$local_api"
  kubeconfig scheduler /CN=system:kube-scheduler "$local_api"
  kubeconfig kubelet "/O=system:nodes/CN=system:node:$NODE" "$local_api"
  kubeconfig kube-proxy /CN=system:kube-proxy "$local_api"
  kubeconfig kube-router /CN=kube-router "$local_api"
}

# kubeconfig NAME SUBJECT SERVER
kubeconfig() {
  local name=$1 server=$3
  certificate "user-$name" kube-ca "$2" clientAuth
  cat >"$KUBE/$name.kubeconfig" <<YAML
apiVersion: v1
kind: Config
current-context: kisenon-local
contexts: [{name: kisenon-local, context: {cluster: kisenon-local, user: $name}}]
clusters: [{name: kisenon-local, cluster: {server: "$server", certificate-authority-data: $(base64 -w0 kube-ca.crt)}}]
users: [{name: $name, user: {client-certificate-data: $(base64 -w0 "user-$name.crt"), client-key-data: $(base64 -w0 "user-$name.key")}}]
YAML
}

# lan_pki_up: the authority that stands for public ones on the LAN, and what it signs for: the API, the console and the identity
# provider, with the key that signs its id tokens. Each is made once; a cluster of an older checkout gets what it lacks.
lan_pki_up() {
  (
    exec 2>>"$LOG/pki.log"
    umask 077
    cd "$PKI" || exit 1
    [[ -s kisenon-lan-ca.crt ]] || authority kisenon-lan-ca
    [[ -s id-token.key ]] || openssl genrsa -out id-token.key 2048
    lan_certificate api kisenon-api "IP:$API_IP,DNS:kisenon-api.kisenon-system,DNS:kisenon-api.kisenon-system.svc"
    lan_certificate console kisenon-console "IP:$CONSOLE_IP"
    lan_certificate identity-provider kisenon-identity-provider "IP:$ROOT_IP"
  )
}

# lan_certificate NAME COMMON NAME SUBJECT ALTERNATIVE NAMES
lan_certificate() { [[ -s $1.crt ]] || certificate "$1" kisenon-lan-ca "/CN=$2" serverAuth "$3"; }
