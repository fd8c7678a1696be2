# shellcheck shell=bash
# The LAN: a switch, the node, two client hosts, each in a network namespace, and one leg into the machine's own network.
# Sourced; it changes no route, rule or setting of the machine's own network beyond that leg.

network_up() {
  local host
  for host in "$LAN" "$NODE" "$CLIENT" "$OTHER"; do ip netns add "$host"; done
  in_lan sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1
  ip -n "$LAN" link add lan type bridge
  ip -n "$LAN" link set lo up
  ip -n "$LAN" link set lan up
  in_lan sysctl -qw net.bridge.bridge-nf-call-iptables=0
  attach "$NODE" "$NODE_INTERFACE" "$NODE_IP"
  attach "$CLIENT" ksnclient "$CLIENT_IP"
  attach "$OTHER" ksnother "$OTHER_IP"
  attach root "$ROOT_INTERFACE" "$ROOT_IP"
  in_node sysctl -qw net.ipv4.ip_forward=1 net.bridge.bridge-nf-call-iptables=1
  # The policy controller speaks IPv4 only here, so IPv6 between pods would pass it by: it is off in pods, and dropped here.
  in_node ip6tables -P FORWARD DROP
  # The node has no default route: nothing can leave the machine. Processes on its own network still need some route for
  # service addresses, or connect() fails before kube-proxy's rule can rewrite the address.
  ip -n "$NODE" route add "$SERVICE_CIDR" dev "$NODE_INTERFACE" src "$NODE_IP"
  say "network: node $NODE_IP, clients $CLIENT_IP and $OTHER_IP, this machine $ROOT_IP"
}

in_lan() { nsenter --net="/run/netns/$LAN" "$@"; }

# attach NAMESPACE|root INTERFACE ADDRESS: a cable from there to the switch
attach() {
  local host=$1 interface=$2 address=$3/$LAN_PREFIX
  ip link add "$interface" type veth peer name "${interface}-l"
  ip link set "${interface}-l" netns "$LAN"
  ip -n "$LAN" link set "${interface}-l" master lan up
  if [[ $host == root ]]; then
    sysctl -qw "net.ipv6.conf.$interface.disable_ipv6=1"
    ip addr add "$address" dev "$interface"
    ip link set "$interface" up
  else
    ip link set "$interface" netns "$host"
    nsenter --net="/run/netns/$host" sysctl -qw net.ipv6.conf.all.disable_ipv6=1
    ip -n "$host" link set lo up
    ip -n "$host" addr add "$address" dev "$interface"
    ip -n "$host" link set "$interface" up
  fi
}

# network_down: whatever still runs inside our namespaces is ours; every rule and interface goes with them
network_down() {
  local host pids deadline=$((SECONDS + 10))
  ip link del "$ROOT_INTERFACE" 2>/dev/null || true
  for host in "$NODE" "$CLIENT" "$OTHER" "$LAN"; do
    [[ -e /run/netns/$host ]] || continue
    while pids=$(ip netns pids "$host" 2>/dev/null) && [[ -n $pids ]] && ((SECONDS < deadline)); do
      # shellcheck disable=SC2086
      kill -s KILL $pids 2>/dev/null || true
      sleep 0.02
    done
    ip netns del "$host"
  done
}
