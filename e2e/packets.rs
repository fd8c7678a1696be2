//! Probes by packets: who can open a TCP connection to what.

use std::collections::BTreeSet;
use std::process::Command;

use crate::cluster_handle::{Cluster, Ended, Host, run};

/// Where a probe dials from.
pub(crate) enum From<'a> {
    /// A probe pod: namespace and name.
    Pod(&'a str, &'a str),
    /// Inside the network of the process of this id.
    NetworkOf(i32),
    /// A host of the LAN.
    Lan(Host),
}

/// The targets, `address:port`, that a connection could be opened to.
pub(crate) fn reached(cluster: &Cluster, from: &From<'_>, targets: &[String]) -> BTreeSet<String> {
    let script = format!(
        "for t in {}; do (timeout 6 busybox nc -w 3 \"${{t%:*}}\" \"${{t#*:}}\" -e /bin/true \
         </dev/null >/dev/null 2>&1 && echo \"$t open\" || echo \"$t closed\") & done; wait",
        targets.join(" ")
    );
    let said = shell(cluster, from, &script).output();
    let open = said.lines().filter_map(|line| line.strip_suffix(" open"));
    let closed = said.lines().filter_map(|line| line.strip_suffix(" closed"));
    let open = open.map(str::to_owned).collect::<BTreeSet<_>>();
    let told = open.len() + closed.count();
    assert_eq!(told, targets.len(), "the probe left targets out: {said}");
    open
}

/// Runs a shell script there.
pub(crate) fn shell(cluster: &Cluster, from: &From<'_>, script: &str) -> Ended {
    match from {
        From::Pod(namespace, pod) => {
            cluster.kubectl(&["-n", namespace, "exec", pod, "--", "sh", "-c", script])
        }
        From::Lan(host) => cluster.lan(*host, &[], script),
        From::NetworkOf(pid) => {
            let mut command = Command::new("nsenter");
            command.args([&format!("--net=/proc/{pid}/ns/net"), "sh", "-c", script]);
            run(command, "")
        }
    }
}

/// Makes a probe pod and waits until it runs.
#[track_caller]
pub(crate) fn probe_pod(cluster: &Cluster, namespace: &str) {
    cluster.apply(namespace, POD);
    let wait = [
        "wait",
        "--for=condition=Ready",
        "pod/probe",
        "--timeout=60s",
    ];
    cluster
        .kubectl(&[&["-n", namespace], &wait[..]].concat())
        .output();
}

/// Confined as workload namespaces demand.
const POD: &str = r#"
apiVersion: v1
kind: Pod
metadata: { name: probe }
spec:
  automountServiceAccountToken: false
  enableServiceLinks: false
  terminationGracePeriodSeconds: 0
  securityContext: { runAsNonRoot: true, runAsUser: 65532, seccompProfile: { type: RuntimeDefault } }
  containers:
    - name: probe
      image: localhost/busybox:local
      imagePullPolicy: Never
      command: [sleep, "3600"]
      resources: { limits: { cpu: 100m, memory: 32Mi } }
      securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: [ALL] } }
"#;
