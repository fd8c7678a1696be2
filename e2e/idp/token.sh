#!/usr/bin/env bash
# Signs $EMAIL in with the local cluster's identity provider and at the API, and prints the session's access token.
#   EMAIL=dev@kisenon.test token.sh              prints the access token
#   EMAIL=dev@kisenon.test token.sh --id-token   stops before the API and prints the provider's id token
# Nothing else goes to stdout, no token or code goes into an argument of a process, and nothing is kept.
set -euo pipefail
shopt -s inherit_errexit
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=e2e/cluster/settings.sh
. "$here/../cluster/settings.sh"

# Where the provider would send a browser back to. Nobody listens there: the code is read off the redirect.
REDIRECT=http://127.0.0.1:49152/callback

stop() { printf '%s\n' "$*" >&2; exit 1; }

base64url() { base64 -w0 | tr '+/' '-_' | tr -d '='; }

# ask CURL OPTIONS...: one request to the provider, as a browser with cookies would make it; prints where it points next
ask() {
  local next
  next=$(curl -sS --cacert "$CA_FILE" --max-time 15 --cookie "$WORK/cookies" --cookie-jar "$WORK/cookies" \
    --output "$WORK/page" --write-out '%{redirect_url}' "$@") ||
    stop "the identity provider at $IDP_URL does not answer: make up starts it again; its log is $LOG/identity-provider.log"
  [[ -n $next ]] || stop "the identity provider refused $EMAIL: $(sed -n 's/.*<p role="alert">\(.*\)<\/p>.*/\1/p' "$WORK/page")"
  printf '%s' "$next"
}

# sign_in: authorization code with PKCE (RFC 7636); prints the id token
sign_in() {
  local verifier state next answer
  verifier=$(openssl rand 32 | base64url)
  state=$(openssl rand 16 | base64url)
  next=$(ask --get "$IDP_URL/auth" --data client_id=kisenon-console --data response_type=code --data-urlencode 'scope=openid email profile' \
    --data-urlencode "redirect_uri=$REDIRECT" --data code_challenge_method=S256 --data "state=$state" \
    --data "code_challenge=$(printf '%s' "$verifier" | openssl dgst -sha256 -binary | base64url)")
  next=$(ask "$next" --data-urlencode "email=$EMAIL")
  [[ $next == "$REDIRECT"* ]] || next=$(ask "$next")
  [[ $next == "$REDIRECT?code="*"&state=$state"* ]] || stop "the identity provider did not send a code for $EMAIL"
  next=${next#*code=}
  answer=$(printf 'grant_type=authorization_code&client_id=kisenon-console&redirect_uri=%s&code_verifier=%s&code=%s' \
    "$(jq -rn --arg uri "$REDIRECT" '$uri | @uri')" "$verifier" "${next%%&*}" |
    curl -sS --cacert "$CA_FILE" --max-time 15 --data @- "$IDP_URL/token")
  jq -er .id_token <<<"$answer" 2>/dev/null || stop "the identity provider gave no id token: $(jq -c '{error, error_description}' <<<"$answer")"
}

# exchange ID_TOKEN: prints the access token of the new session
exchange() {
  local status
  status=$(jq -n --rawfile token <(printf '%s' "$1") '{provider: "dev", idToken: $token}' |
    curl -sS --cacert "$CA_FILE" --max-time 15 --header 'content-type: application/json' --data-binary @- \
      --output "$WORK/answer" --write-out '%{http_code}' "$API_URL/v1/auth/exchange") ||
    stop "the API at $API_URL does not answer: make up; then kubectl -n kisenon-system get pods"
  case $status in
    200) jq -er .accessToken "$WORK/answer" ;;
    403) refused ;;
    *) stop "the API answered $status: $(head -c 2000 "$WORK/answer")" ;;
  esac
}

refused() {
  [[ $(jq -r .code "$WORK/answer" 2>/dev/null) == access_denied ]] || stop "the API refused: $(head -c 2000 "$WORK/answer")"
  cat >&2 <<TEXT
access_denied: $EMAIL is not on the allow-list. To allow it:
  kubectl -n kisenon-system exec deployment/kisenon-api -- /usr/local/bin/kisenon admin allow '$EMAIL'
or name it under allowList in kustomize/overlays/local/api.yaml and run make up.
TEXT
  exit 1
}

main() {
  local id_token
  [[ -n ${EMAIL:-} ]] || { printf 'usage: make -s token EMAIL=dev@kisenon.test\n' >&2; exit 2; }
  [[ -s $CA_FILE ]] || stop "there is no local cluster: make up"
  WORK=$(mktemp -d)
  trap 'rm -rf "$WORK"' EXIT
  id_token=$(sign_in)
  if [[ ${1:-} == --id-token ]]; then printf '%s\n' "$id_token"; else exchange "$id_token"; fi
}

main "$@"
