//! What the configuration accepts, and what it says to whoever wrote it wrong.

use super::*;

const GOOD: &str = r#"
image: localhost/kisenon:local
addressPool: {ranges: [10.77.0.100-10.77.0.149], quarantineSeconds: 3600}
clusterNetworks: {pods: [10.244.0.0/16], services: [10.96.0.0/16], nodes: []}
endpointDomain: ""
postgres: {images: {"15": localhost/postgres:15, "17": localhost/postgres:17}}
storage: {defaultClassName: ""}
imagePullPolicy: IfNotPresent
apiKeys: {keepExpiredSeconds: 7200}
"#;

/// What a file says that differs from the good one in one place.
fn refusal(from: &str, to: &str) -> String {
    assert!(GOOD.contains(from), "{from}");
    let error = Config::parse(&GOOD.replace(from, to)).expect_err(to);
    match std::error::Error::source(&error) {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}

#[test]
fn a_full_file_is_read() {
    let config = Config::parse(GOOD).unwrap();
    assert_eq!(config.image, "localhost/kisenon:local");
    assert!(config.address_pool.contains("10.77.0.149".parse().unwrap()));
    assert_eq!(config.quarantine, SignedDuration::from_hours(1));
    assert_eq!(config.keep_expired_keys, SignedDuration::from_hours(2));
    assert_eq!(config.cluster_networks.all().len(), 2);
    assert_eq!(config.endpoint_domain, None);
    assert_eq!(config.default_storage_class, None);
    assert_eq!(config.postgres_images["17"], "localhost/postgres:17");
}

#[test]
fn what_is_left_out_has_a_default() {
    let config = Config::parse(
        "
image: a
addressPool: {ranges: [192.0.2.0/28]}
clusterNetworks: {pods: [10.244.0.0/16], services: [10.96.0.0/16]}
postgres: {images: {17: b}}
",
    )
    .unwrap();
    assert_eq!(config.quarantine, SignedDuration::from_hours(24));
    assert_eq!(config.image_pull_policy.as_str(), "IfNotPresent");
    assert_eq!(
        config.keep_expired_keys,
        SignedDuration::from_hours(30 * 24)
    );
    assert_eq!(config.endpoint_domain, None);
}

#[test]
fn versions_may_be_written_with_and_without_quotes() {
    let plain = GOOD.replace(r#""15":"#, "15:").replace(r#""17":"#, "17:");
    assert_eq!(Config::parse(&plain).unwrap(), Config::parse(GOOD).unwrap());
    let twice = refusal(r#""15":"#, "17:");
    assert_eq!(
        twice,
        r#"postgres.images: "17" is there twice: write one image for it"#
    );
}

#[test]
fn every_pull_policy_is_spelt_as_kubernetes_does() {
    for policy in ["Never", "Always", "IfNotPresent"] {
        let config = Config::parse(&GOOD.replace("IfNotPresent", policy)).unwrap();
        assert_eq!(config.image_pull_policy.as_str(), policy);
    }
    assert!(refusal("IfNotPresent", "Sometimes").contains("Always"));
}

#[test]
fn a_cluster_without_ranges_is_refused() {
    for (from, field) in [
        ("[10.244.0.0/16]", "clusterNetworks.pods: "),
        ("[10.96.0.0/16]", "clusterNetworks.services: "),
    ] {
        let refusal = refusal(from, "[]");
        assert!(refusal.starts_with(field), "{refusal}");
        assert!(refusal.contains("for example [10."), "{refusal}");
    }
    assert!(refusal("pods: [10.244.0.0/16], ", "").starts_with("clusterNetworks.pods: "));
}

#[test]
fn a_refusal_names_the_field_and_what_to_write() {
    for (from, to, message) in [
        (
            "10.244.0.0/16",
            "10.244.3.0/16",
            r#"clusterNetworks.pods: "10.244.3.0/16" has host bits set: write 10.244.0.0/16"#,
        ),
        (
            "10.244.0.0/16",
            "fd00::/8",
            r#"clusterNetworks.pods: "fd00::/8" is not an IPv4 range: write it as 192.0.2.0/24"#,
        ),
        (
            "[10.77.0.100-10.77.0.149]",
            "[]",
            "addressPool.ranges: the address pool is empty: write at least one range",
        ),
        (
            "10.77.0.100-10.77.0.149",
            "10.96.0.0/28",
            "addressPool.ranges: 10.96.0.0/28 overlaps clusterNetworks.services 10.96.0.0/16: write addresses outside the cluster's own ranges",
        ),
        (
            r#""15""#,
            "15.4",
            r#"postgres.images: "15.4" is not a major version: write its two digits, for example "17""#,
        ),
        (
            "localhost/postgres:15",
            r#""""#,
            r#"postgres.images.15: "" is not an image reference: write for example registry.example.com/name:tag"#,
        ),
        (
            "localhost/kisenon:local",
            r#""a b""#,
            r#"image: "a b" is not an image reference: write for example registry.example.com/name:tag"#,
        ),
    ] {
        assert_eq!(refusal(from, to), message);
    }
    let none = refusal(
        r#"{"15": localhost/postgres:15, "17": localhost/postgres:17}"#,
        "{}",
    );
    assert!(
        none.starts_with("postgres.images: write at least one version"),
        "{none}"
    );
}

#[test]
fn a_domain_is_a_dns_name_with_room_for_an_endpoint() {
    let with = |domain: &str| {
        let field = format!("endpointDomain: {domain:?}");
        Config::parse(&GOOD.replace(r#"endpointDomain: """#, &field))
    };
    let good = with("db.example.com").unwrap();
    assert_eq!(good.endpoint_domain.as_deref(), Some("db.example.com"));
    let long = format!("{}.com", ["a"; 120].join("."));
    for bad in [
        "DB.example.com",
        "db.example.com.",
        "-a.com",
        "a_b.com",
        "10.0.0.1",
        " ",
        &*long,
    ] {
        assert!(
            with(bad).unwrap_err().to_string().contains("lower case"),
            "{bad}"
        );
    }
}

#[test]
fn a_storage_class_has_the_name_of_an_object() {
    let refusal = refusal(r#"defaultClassName: """#, "defaultClassName: Fast!");
    assert!(refusal.contains("kubectl get storageclass"), "{refusal}");
}

#[test]
fn an_unknown_or_missing_field_is_named() {
    assert!(refusal("quarantineSeconds", "quarantine").contains("quarantineSeconds"));
    assert!(refusal("image: localhost/kisenon:local", "").contains("image"));
    assert!(refusal("3600", "-1").contains("failed to parse configuration"));
    assert!(refusal("image:", "token: x\nimage:").contains("token"));
}

#[test]
fn a_missing_file_is_named() {
    let error = Config::load(Path::new("/nonexistent/kisenon.yaml")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "failed to read configuration file /nonexistent/kisenon.yaml"
    );
}

#[test]
fn an_identity_is_never_empty() {
    let identity = Identity::new("kisenon-7d9f-x", "kisenon-system").unwrap();
    assert_eq!(identity.pod_name(), "kisenon-7d9f-x");
    assert_eq!(identity.namespace(), "kisenon-system");
    for (pod, namespace, variable) in [("", "a", "POD_NAME"), ("a", "", "POD_NAMESPACE")] {
        let error = Identity::new(pod, namespace).unwrap_err().to_string();
        assert!(error.starts_with(&format!("{variable}: ")), "{error}");
    }
}
