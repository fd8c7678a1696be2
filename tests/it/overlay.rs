//! What the overlays of `kustomize/` install, as `kubectl kustomize` composes it.
#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests fail the test they help"
)]

use std::path::{Path, PathBuf};
use std::process::Command;

use kisenon::config::Config;
use kisenon::config::api::ApiConfig;
use serde_json::{Value, json};
use url::Url;

use crate::cluster;

const OVERLAYS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/kustomize/overlays");
const API: &str = "kisenon-api";
const CONSOLE: &str = "kisenon-console";

/// The objects of an overlay.
struct Overlay {
    name: String,
    objects: Vec<Value>,
}

impl Overlay {
    fn build(folder: &Path) -> Self {
        let kubectl = cluster::tools().unwrap().join("kubectl");
        let output = Command::new(kubectl)
            .arg("kustomize")
            .arg(folder)
            .output()
            .unwrap();
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{name}: {error}");
        let text = String::from_utf8(output.stdout).unwrap();
        let documents = text.split("\n---\n");
        let objects = documents.map(|document| serde_saphyr::from_str(document).unwrap());
        Self {
            name,
            objects: objects.collect(),
        }
    }

    fn named(name: &str) -> Self {
        Self::build(&Path::new(OVERLAYS).join(name))
    }

    fn all() -> Vec<Self> {
        let mut folders = std::fs::read_dir(OVERLAYS)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect::<Vec<PathBuf>>();
        folders.sort();
        folders.iter().map(|folder| Self::build(folder)).collect()
    }

    fn of_kind(&self, kind: &'static str) -> impl Iterator<Item = &Value> {
        self.objects.iter().filter(move |o| o["kind"] == kind)
    }

    fn find(&self, kind: &'static str, name: &str) -> Option<&Value> {
        self.of_kind(kind).find(|o| o["metadata"]["name"] == name)
    }

    /// An object that must be there.
    #[track_caller]
    fn get(&self, kind: &'static str, name: &str) -> &Value {
        let found = self.find(kind, name);
        assert!(found.is_some(), "{} has no {kind} {name}", self.name);
        found.unwrap_or(&Value::Null)
    }

    /// A file of the configuration.
    #[track_caller]
    fn file(&self, name: &str) -> &str {
        self.generated("kisenon-config")[name].as_str().unwrap()
    }

    /// The content of a generated ConfigMap.
    #[track_caller]
    fn generated(&self, name: &str) -> &Value {
        let prefix = format!("{name}-");
        let is_it = |o: &&Value| {
            let name = o["metadata"]["name"].as_str().unwrap();
            name.starts_with(&prefix)
        };
        &self.of_kind("ConfigMap").find(is_it).unwrap()["data"]
    }

    /// The one container of a Deployment.
    #[track_caller]
    fn container(&self, deployment: &str) -> &Value {
        &self.get("Deployment", deployment)["spec"]["template"]["spec"]["containers"][0]
    }

    /// A port of a Deployment's container.
    fn port(&self, deployment: &str, name: &str) -> &Value {
        let ports = self.container(deployment)["ports"].as_array().unwrap();
        let found = ports.iter().find(|port| port["name"] == name);
        &found.unwrap()["containerPort"]
    }

    /// An environment variable of a Deployment's container.
    fn variable(&self, deployment: &str, name: &str) -> &Value {
        let variables = self.container(deployment)["env"].as_array().unwrap();
        variables.iter().find(|v| v["name"] == name).unwrap()
    }
}

#[test]
fn every_overlay_configures_the_operator_and_the_api() {
    let overlays = Overlay::all();
    assert!(overlays.len() >= 3);
    for overlay in &overlays {
        let parsed = Config::parse(overlay.file("config.yaml"));
        assert!(parsed.is_ok(), "{}: {parsed:?}", overlay.name);
        let api = ApiConfig::parse(overlay.file("api.yaml"));
        assert!(api.is_ok(), "{}: {api:?}", overlay.name);
        let api = api.unwrap();
        assert_eq!(api.public_url.scheme(), "https", "{}", overlay.name);
        assert!(api.tls.is_some(), "{}", overlay.name);
    }
}

#[test]
fn the_api_is_started_and_probed_as_it_listens() {
    for overlay in Overlay::all() {
        let container = overlay.container(API);
        let start = json!(["api", "--api-config", "/etc/kisenon/api.yaml"]);
        assert_eq!(container["args"], start, "{}", overlay.name);
        assert_eq!(overlay.port(API, "https"), 8443);
        assert_eq!(overlay.port(API, "health"), 8080);
        for (probe, path) in [("livenessProbe", "/livez"), ("readinessProbe", "/readyz")] {
            let get = json!({"path": path, "port": "health"});
            assert_eq!(container[probe]["httpGet"], get, "{}", overlay.name);
        }
    }
}

#[test]
fn no_secret_lies_in_git() {
    for overlay in Overlay::all() {
        let secrets = overlay.of_kind("Secret").collect::<Vec<_>>();
        assert!(secrets.is_empty(), "{}: {secrets:?}", overlay.name);
    }
}

#[test]
fn every_pod_is_confined() {
    for overlay in Overlay::all() {
        for deployment in overlay.of_kind("Deployment") {
            let what = format!("{}: {}", overlay.name, deployment["metadata"]["name"]);
            let pod = &deployment["spec"]["template"]["spec"];
            assert_eq!(pod["securityContext"]["runAsNonRoot"], true, "{what}");
            let seccomp = &pod["securityContext"]["seccompProfile"]["type"];
            assert_eq!(seccomp, "RuntimeDefault", "{what}");
            assert_eq!(pod["enableServiceLinks"], false, "{what}");
            for container in pod["containers"].as_array().unwrap() {
                let context = &container["securityContext"];
                assert_eq!(context["allowPrivilegeEscalation"], false, "{what}");
                assert_eq!(context["readOnlyRootFilesystem"], true, "{what}");
                assert_eq!(context["capabilities"], json!({"drop": ["ALL"]}), "{what}");
                assert!(container["resources"]["limits"].is_object(), "{what}");
            }
        }
    }
}

#[test]
fn one_image_runs_everything() {
    for overlay in Overlay::all() {
        let image = &overlay.container("kisenon-operator")["image"];
        for other in ["kisenon-canary", API] {
            assert_eq!(
                &overlay.container(other)["image"],
                image,
                "{}",
                overlay.name
            );
        }
    }
}

#[test]
fn the_api_and_the_operator_hold_accounts_of_their_own() {
    for overlay in Overlay::all() {
        for name in ["kisenon-operator", "kisenon-canary", API, CONSOLE] {
            let pod = &overlay.get("Deployment", name)["spec"]["template"]["spec"];
            assert_eq!(pod["serviceAccountName"], name, "{}", overlay.name);
        }
    }
}

#[test]
fn the_apis_address_is_its_url_and_none_of_the_endpoints() {
    let overlay = Overlay::named("local");
    let service = overlay.get("Service", API);
    let address = &service["metadata"]["annotations"]["metallb.io/loadBalancerIPs"];
    let address = address.as_str().unwrap();
    let api = ApiConfig::parse(overlay.file("api.yaml")).unwrap();
    assert_eq!(api.public_url.host_str(), Some(address));
    assert_eq!(api.public_url.port_or_known_default(), Some(443));
    assert_eq!(service["spec"]["ports"][0]["port"], 443);
    let config = Config::parse(overlay.file("config.yaml")).unwrap();
    assert!(!config.address_pool.contains(address.parse().unwrap()));
}

#[test]
fn the_console_serves_and_calls_what_the_api_is_told() {
    for overlay in Overlay::all() {
        let api = ApiConfig::parse(overlay.file("api.yaml")).unwrap();
        let console = overlay.generated(CONSOLE);
        let url = |name: &str| console[name].as_str().unwrap().parse::<Url>().unwrap();
        assert_eq!(url("KISENON_API_URL"), api.public_url, "{}", overlay.name);
        assert_eq!(
            url("KISENON_CONSOLE_URL"),
            api.console_url,
            "{}",
            overlay.name
        );
        let client = |name: &str| console[name].as_str();
        assert_eq!(client("GOOGLE_CLIENT_ID"), api.google.as_deref());
        assert_eq!(client("GITHUB_CLIENT_ID"), api.github.as_deref());
        let oidc = api.oidc.first();
        assert_eq!(client("OIDC_NAME"), oidc.map(|it| &*it.name));
        assert_eq!(client("OIDC_CLIENT_ID"), oidc.map(|it| &*it.client_id));
        let issuer = client("OIDC_ISSUER").map(|text| text.parse::<Url>().unwrap());
        assert_eq!(issuer.as_ref(), oidc.map(|it| &it.issuer));
    }
    let local = Overlay::named("local");
    let service = local.get("Service", CONSOLE);
    let address = &service["metadata"]["annotations"]["metallb.io/loadBalancerIPs"];
    let api = ApiConfig::parse(local.file("api.yaml")).unwrap();
    assert_eq!(api.console_url.host_str(), address.as_str());
}

#[test]
fn the_console_has_no_token_and_shares_one_secret_with_the_api() {
    for overlay in Overlay::all() {
        let pod = &overlay.get("Deployment", CONSOLE)["spec"]["template"]["spec"];
        assert_eq!(pod["automountServiceAccountToken"], false);
        let key = |of| overlay.variable(of, "KISENON_CONSOLE_SECRET")["valueFrom"].clone();
        let (own, apis) = (key(CONSOLE), key(API));
        for part in ["name", "key"] {
            assert_eq!(own["secretKeyRef"][part], apis["secretKeyRef"][part]);
        }
        let policy = &overlay.get("NetworkPolicy", "console")["spec"];
        assert_eq!(policy["policyTypes"], json!(["Ingress", "Egress"]));
        let port = overlay.port(CONSOLE, "https");
        let ingress = json!([{"ports": [{"protocol": "TCP", "port": port}]}]);
        assert_eq!(policy["ingress"], ingress);
        assert_eq!(
            &overlay.get("Service", CONSOLE)["spec"]["ports"][0]["targetPort"],
            port
        );
    }
}

#[test]
fn a_store_in_a_file_has_one_process_and_a_volume() {
    for name in ["local", "k3s"] {
        let overlay = Overlay::named(name);
        let deployment = &overlay.get("Deployment", API)["spec"];
        assert_eq!(deployment["replicas"], 1);
        assert_eq!(deployment["strategy"]["type"], "Recreate");
        overlay.get("PersistentVolumeClaim", API);
        let url = overlay.variable(API, "KISENON_DATABASE_URL");
        assert_eq!(url["valueFrom"]["secretKeyRef"]["optional"], true);
    }
}

#[test]
fn several_replicas_share_a_postgres() {
    let overlay = Overlay::named("ha");
    let deployment = &overlay.get("Deployment", API)["spec"];
    assert_eq!(deployment["replicas"], 2);
    assert_eq!(deployment["strategy"]["type"], "RollingUpdate");
    let url = &overlay.variable(API, "KISENON_DATABASE_URL")["valueFrom"]["secretKeyRef"];
    assert_eq!(url["name"], "kisenon-store");
    assert_eq!(url["optional"], false, "two files would be two truths");
    assert_eq!(overlay.of_kind("PersistentVolumeClaim").count(), 0);
    let mounts = overlay.container(API)["volumeMounts"].as_array().unwrap();
    assert!(mounts.iter().all(|m| m["mountPath"] != "/var/lib/kisenon"));
}

#[test]
fn a_drain_leaves_one_of_each() {
    let overlay = Overlay::named("ha");
    for deployment in overlay.of_kind("Deployment") {
        let name = deployment["metadata"]["name"].as_str().unwrap();
        assert_eq!(deployment["spec"]["replicas"], 2, "{name}");
        let budget = overlay.get("PodDisruptionBudget", name);
        assert_eq!(budget["spec"]["minAvailable"], 1, "{name}");
        let labels = &budget["spec"]["selector"]["matchLabels"];
        assert_eq!(labels, &deployment["spec"]["selector"]["matchLabels"]);
    }
}
