# shellcheck shell=bash
# Kisenon itself in the running cluster: the local overlay, a sample tenant, and what a person can do next.
# Sourced; it applies only what the repository's own manifests hold.

OVERLAY=$REPO_DIR/kustomize/overlays/local
SAMPLE=$REPO_DIR/examples/shop.yaml
DEPLOYMENTS=(kisenon-operator kisenon-canary kisenon-api kisenon-console)

# kisenon_present: the checkout holds an operator that can be built and manifests to install it
kisenon_present() { [[ -f $REPO_DIR/Cargo.toml && -f $REPO_DIR/src/bin/kisenon/main.rs && -d $OVERLAY ]]; }

kisenon_up() {
  if ! kisenon_present; then
    say "Kisenon itself is not installed: this checkout has no kustomize/overlays/local or no src/bin/kisenon"
    return
  fi
  ln -sf "$KEON" "$STATE_BIN/keon"
  : >"$LOG/kisenon.log"
  local name
  local -A before=()
  for name in "${DEPLOYMENTS[@]}"; do before[$name]=$(pod_template "$name"); done
  api_prepare
  kube apply --server-side --force-conflicts -k "$OVERLAY" >>"$LOG/kisenon.log" 2>&1 || fail "could not apply kustomize/overlays/local" kisenon
  restart_on_new_image
  for name in "${DEPLOYMENTS[@]}"; do wait_for_rollout "$name"; done
  save_authorities 60 || fail "the operator has not published its certificate authority (ConfigMap kisenon-system/kisenon-ca, key ca.crt)"
  api_reachable
  console_reachable
  sample_up
  quotas_up
}

pod_template() { kube -n kisenon-system get deployment "$1" -o 'jsonpath={.spec.template}' 2>/dev/null || true; }

image_of() { if [[ $1 == kisenon-console ]]; then printf localhost/kisenon-console:local; else printf localhost/kisenon:local; fi; }

# The tag stays the same when the content changes, so a Deployment that is otherwise as it was (in its caller's `before`) would
# not notice. One that has changed has new pods already: to end them at once costs half a minute where a process is too young
# to hear the signal.
restart_on_new_image() {
  local name line record=$STATE/deployed
  for name in "${DEPLOYMENTS[@]}"; do
    line=$(awk -v image="$(image_of "$name")" '$1 == image' "$STATE/images")
    if [[ ! -e $record ]] || grep -qxF "$line" "$record"; then continue; fi
    [[ $(pod_template "$name") == "${before[$name]}" ]] || continue
    say "the image of $name has changed: restarting it"
    kube -n kisenon-system rollout restart "deployment/$name" >/dev/null
  done
  grep '^localhost/kisenon' "$STATE/images" >"$record"
}

wait_for_rollout() {
  if ! kube -n kisenon-system rollout status "deployment/$1" --timeout=120s >>"$LOG/kisenon.log" 2>&1; then
    {
      kube -n kisenon-system get pods -o wide
      kube -n kisenon-system describe "deployment/$1" | tail -n 12
      kube -n kisenon-system logs "deployment/$1" --tail=20
    } >>"$LOG/kisenon.log" 2>&1 || true
    fail "the Deployment $1 is not available" kisenon
  fi
  say "$1"
}

# save_authorities SECONDS: for clients outside the cluster, the operator's certificate authority, for which it waits that
# long, and the LAN's; without the first, the second is there alone
save_authorities() {
  local deadline=$((SECONDS + $1)) authority
  while true; do
    authority=$(kube -n kisenon-system get configmap kisenon-ca -o 'jsonpath={.data.ca\.crt}' 2>/dev/null || true)
    if [[ $authority == *"BEGIN CERTIFICATE"* ]]; then
      write_authorities "$authority"
      return
    fi
    ((SECONDS < deadline)) || break
    sleep 0.2
  done
  [[ -s $CA_FILE ]] || write_authorities
  return 1
}

write_authorities() {
  { [[ -z ${1:-} ]] || printf '%s\n' "$1"; cat "$PKI/kisenon-lan-ca.crt"; } >"$CA_FILE.new"
  mv "$CA_FILE.new" "$CA_FILE"
}

sample_up() {
  if [[ ! -f $SAMPLE ]]; then
    say "no sample tenant: examples/shop.yaml is not there"
    return
  fi
  kube wait --for=condition=Established --timeout=30s \
    crd/projects.kisenon.com crd/endpoints.kisenon.com >>"$LOG/kisenon.log" 2>&1 || fail "the CRDs are not served" kisenon
  wait_until 60 "sample tenant applied" - kube apply --server-side --force-conflicts -f "$SAMPLE"
  local endpoint=endpoint.kisenon.com/shop-main
  if ! { kube -n acme wait --for=create "$endpoint" --timeout=60s &&
    kube -n acme wait --for=condition=Ready "$endpoint" --timeout=120s; } >>"$LOG/kisenon.log" 2>&1; then
    {
      kube -n acme get projects.kisenon.com,endpoints.kisenon.com -o wide
      kube -n acme get "$endpoint" -o yaml
      kube -n kisenon-system logs deployment/kisenon-operator --tail=20
    } >>"$LOG/kisenon.log" 2>&1 || true
    fail "the endpoint shop-main in namespace acme is not Ready" kisenon
  fi
  say "endpoint acme/shop-main is Ready"
}

# quotas_up: Kubernetes may begin to count new kinds only after half a minute. Until then the quota of a new tenant lets
# nothing through, and the API answers 503 to a person's first write.
quotas_up() {
  local quota=kisenon-up
  kube -n kisenon-system create quota "$quota" --hard=count/projects.kisenon.com=0,count/endpoints.kisenon.com=0,count/apikeys.kisenon.com=0 \
    >>"$LOG/kisenon.log" 2>&1 || true # a run that was ended has left it
  wait_until 90 "quotas count" - quota_counts "$quota"
  kube -n kisenon-system delete quota "$quota" >>"$LOG/kisenon.log" 2>&1
}

quota_counts() {
  local used kind
  used=$(kube -n kisenon-system get quota "$1" -o 'jsonpath={.status.used}')
  for kind in projects endpoints apikeys; do [[ $used == *"count/$kind.kisenon.com"* ]] || return 1; done
}

next_steps() {
  printf '\nThe cluster is up. Next:\n\n'
  # shellcheck disable=SC2016
  printf '  eval "$(make -s env)"\n  kubectl get pods -A\n'
  if [[ -e $STATE/deployed && -f $SAMPLE ]]; then
    printf '  kubectl -n acme get projects.kisenon.com,endpoints.kisenon.com\n'
    # shellcheck disable=SC2016
    printf '  make -s lan CMD='\''psql "$(kubectl -n acme get secret shop-main-connection -o "jsonpath={.data.uri}" | base64 -d)" -c "select 1"'\''\n'
  fi
  if [[ -e $STATE/deployed ]]; then
    # shellcheck disable=SC2016
    printf '\nThe HTTP API is at %s:\n\n  %s\n\n' "$API_URL" \
      'curl --cacert "$KISENON_CA_FILE" -H "Authorization: Bearer $(make -s token EMAIL=dev@kisenon.test)" "$KISENON_API_URL/v1/me"'
    printf 'The console is at %s: sign in as dev@kisenon.test, without a password. Let your browser trust\n%s, or open it with a profile of its own:\n\n  %s\n\n' \
      "$CONSOLE_URL" "$CA_FILE" "$(browser_command)"
  fi
  printf '  make down\n'
}

# browser_command: Chromium with an empty profile, which takes the keys of the console and of the identity provider as they are
browser_command() {
  local name keys=()
  for name in console identity-provider; do
    keys+=("$(openssl x509 -in "$PKI/$name.crt" -noout -pubkey | openssl pkey -pubin -outform der | openssl dgst -sha256 -binary | base64)")
  done
  # Chromium starts as root only without its sandbox; with sudo it is started by somebody else.
  # shellcheck disable=SC2016
  printf 'chromium %s--user-data-dir="$(mktemp -d)" --ignore-certificate-errors-spki-list=%s,%s %s' \
    "$([[ -n ${SUDO_USER:-} ]] || printf -- '--no-sandbox ')" "${keys[@]}" "$CONSOLE_URL"
}
