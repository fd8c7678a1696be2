//! The server: a gate that proves the perimeter, and Postgres, which waits for it. Pure.

use std::collections::BTreeMap;

use k8s_openapi::api::apps::v1::{StatefulSet, StatefulSetSpec};
use k8s_openapi::api::core::v1::{ConfigMap, PodTemplateSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, ObjectMeta};
use serde_json::{Value, json};

use super::super::validate::ValidEndpoint;
use super::config_map::{ADMITTED, CANARY_ADDRESS, ENTRYPOINT, POSTGRESQL_CONF};
use super::credentials::ROLE_SQL;
use super::{PORT, labels, metadata, settings};
use crate::config::Config;
use crate::controller::endpoint::gate::GATE;
use crate::controller::endpoint::materials::{CERTIFICATE, KEY};
use crate::controller::endpoint::progress::SERVER;
use crate::controller::object::meta::TEMPLATE_DIGEST;
use crate::crd::label::ENDPOINT_ID;
use crate::probe::pass;

/// A server that recovers from a crash may take this long to listen.
const RECOVERY_SECONDS: i32 = 3_600;
const TERMINATION_SECONDS: i64 = 60;

/// Processor limit of a gate: less would make every start wait for it. Afterwards it uses none.
pub(in crate::controller) const GATE_CPU: &str = "500m";
/// Memory limit of a gate. Beside it the program runs that shows the evidence.
pub(in crate::controller) const GATE_MEMORY: &str = "32Mi";
/// Where the gate leaves its pass.
const PASS_VOLUME: &str = "pass";
/// The socket that a server opens when it listens.
const SOCKET: &str = "/run/postgresql/.s.PGSQL.5432";

pub(super) fn build(valid: &ValidEndpoint, config: &Config, config_map: &ConfigMap) -> StatefulSet {
    let template = template(valid, config, config_map);
    StatefulSet {
        metadata: metadata(valid),
        spec: Some(StatefulSetSpec {
            replicas: Some(i32::from(valid.running)),
            service_name: Some(valid.id.clone()),
            selector: LabelSelector {
                match_labels: Some([(ENDPOINT_ID.to_owned(), valid.id.clone())].into()),
                ..LabelSelector::default()
            },
            template,
            ..StatefulSetSpec::default()
        }),
        ..StatefulSet::default()
    }
}

fn template(valid: &ValidEndpoint, config: &Config, config_map: &ConfigMap) -> PodTemplateSpec {
    let spec = json!({
        "automountServiceAccountToken": false,
        "serviceAccountName": crate::controller::project::SERVICE_ACCOUNT,
        "enableServiceLinks": false,
        // No name server at all: Postgres needs none, and names tell of other tenants (N6).
        "dnsPolicy": "None",
        "dnsConfig": { "nameservers": ["127.0.0.1"] },
        "terminationGracePeriodSeconds": TERMINATION_SECONDS,
        "securityContext": {
            "runAsNonRoot": true,
            "runAsUser": 999,
            "runAsGroup": 999,
            "fsGroup": 999,
            // At every start Kubernetes would make the data group-writable, which Postgres refuses.
            "fsGroupChangePolicy": "OnRootMismatch",
            "seccompProfile": { "type": "RuntimeDefault" },
        },
        // Kubelet starts them in this order and at once: the gate's proof and the making of the
        // server's container take the same time.
        "containers": [gate(config, valid), postgres(config, valid)],
        "volumes": volumes(valid),
    });
    let restarting = [ENTRYPOINT, POSTGRESQL_CONF].map(|key| {
        config_map
            .data
            .as_ref()
            .and_then(|data| data.get(key))
            .cloned()
    });
    let digest = settings::hex(&[
        spec.to_string().as_bytes(),
        json!(restarting).to_string().as_bytes(),
    ]);
    PodTemplateSpec {
        metadata: Some(ObjectMeta {
            labels: Some(labels(valid)),
            annotations: Some(BTreeMap::from([(TEMPLATE_DIGEST.to_owned(), digest)])),
            ..ObjectMeta::default()
        }),
        // The text above is of this very type: what does not fit shows in the first test.
        spec: serde_json::from_value(spec).ok(),
    }
}

fn gate(config: &Config, valid: &ValidEndpoint) -> Value {
    let from = |key: &str| json!({ "configMapKeyRef": { "name": valid.id, "key": key } });
    json!({
        "name": GATE,
        "image": config.image,
        "imagePullPolicy": config.image_pull_policy.as_str(),
        "args": ["gate"],
        "env": [
            { "name": "KISENON_CANARY_ADDRESS", "valueFrom": from(CANARY_ADDRESS) },
            { "name": "KISENON_ADMITTED", "valueFrom": from(ADMITTED) },
        ],
        "resources": {
            "requests": { "cpu": "5m", "memory": "8Mi" },
            "limits": { "cpu": GATE_CPU, "memory": GATE_MEMORY },
        },
        "securityContext": confined(),
        "volumeMounts": [mount(PASS_VOLUME, pass::FOLDER, false)],
    })
}

fn postgres(config: &Config, valid: &ValidEndpoint) -> Value {
    json!({
        "name": SERVER,
        "image": valid.image,
        "imagePullPolicy": config.image_pull_policy.as_str(),
        "command": ["sh", format!("/etc/kisenon/config/{ENTRYPOINT}")],
        "env": [
            { "name": "PGDATA", "value": "/var/lib/postgresql/data/pgdata" },
            { "name": "LANG", "value": "C.UTF-8" },
        ],
        // Not a dial: the gate listens on that port before. It ends with its first success, since
        // a command each second would cost 5 % of a processor; a dial costs next to nothing. The
        // first moment is left to the server.
        "startupProbe": {
            "exec": { "command": ["test", "-S", SOCKET] },
            "initialDelaySeconds": 1,
            "periodSeconds": 1,
            "failureThreshold": RECOVERY_SECONDS,
        },
        "readinessProbe": { "tcpSocket": { "port": PORT }, "periodSeconds": 10 },
        "resources": {
            "requests": { "cpu": "50m", "memory": "64Mi" },
            "limits": { "cpu": valid.cpu, "memory": valid.memory },
        },
        "securityContext": confined(),
        // Its last words are the best explanation of why it did not come up.
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "volumeMounts": [
            mount("data", "/var/lib/postgresql/data", false),
            mount("run", "/run/postgresql", false),
            mount("shared-memory", "/dev/shm", false),
            mount("temporary", "/tmp", false),
            mount("config", "/etc/kisenon/config", true),
            mount("credentials", "/etc/kisenon/credentials", true),
            // Only the gate may say that the gate has passed.
            mount(PASS_VOLUME, pass::FOLDER, true),
        ],
    })
}

fn mount(volume: &str, path: &str, read_only: bool) -> Value {
    json!({ "name": volume, "mountPath": path, "readOnly": read_only })
}

fn volumes(valid: &ValidEndpoint) -> Value {
    let item = |key: &str| json!({ "key": key, "path": key });
    json!([
        { "name": "data", "persistentVolumeClaim": { "claimName": valid.id } },
        { "name": "run", "emptyDir": { "medium": "Memory", "sizeLimit": "16Mi" } },
        { "name": "shared-memory", "emptyDir": { "medium": "Memory" } },
        { "name": "temporary", "emptyDir": { "sizeLimit": "256Mi" } },
        { "name": PASS_VOLUME, "emptyDir": { "medium": "Memory", "sizeLimit": "1Mi" } },
        { "name": "config", "configMap": { "name": valid.id } },
        { "name": "credentials", "secret": {
            "secretName": valid.id,
            "defaultMode": 0o440,
            // The password itself is of no use to the server.
            "items": [item(CERTIFICATE), item(KEY), item(ROLE_SQL)],
        } },
    ])
}

fn confined() -> Value {
    json!({
        "allowPrivilegeEscalation": false,
        "readOnlyRootFilesystem": true,
        "capabilities": { "drop": ["ALL"] },
    })
}
