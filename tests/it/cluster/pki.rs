//! Keys and certificates of the control plane (ECDSA P-256), and the kubeconfigs made of them.
//!
//! It writes files into the folder it is given and starts nothing.

use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose, SanType,
};
use serde_json::json;

/// An authority whose certificates all parts of the control plane accept.
pub(super) struct Authority(CertifiedIssuer<'static, KeyPair>);

/// A certificate and its key, in PEM.
pub(super) struct Credential {
    pub(super) certificate: String,
    pub(super) key: String,
}

impl Authority {
    pub(super) fn new(name: &str) -> Result<Self, rcgen::Error> {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate()?;
        CertifiedIssuer::self_signed(params, key).map(Self)
    }

    pub(super) fn certificate(&self) -> String {
        self.0.pem()
    }

    /// A certificate that serves on loopback and is a client's as well.
    pub(super) fn issue(
        &self,
        group: Option<&str>,
        name: &str,
    ) -> Result<Credential, rcgen::Error> {
        let mut params = CertificateParams::new(["localhost".to_owned()])?;
        let loopback = IpAddr::V4(Ipv4Addr::LOCALHOST);
        params.subject_alt_names.push(SanType::IpAddress(loopback));
        params.distinguished_name.push(DnType::CommonName, name);
        if let Some(group) = group {
            params
                .distinguished_name
                .push(DnType::OrganizationName, group);
        }
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![
            ExtendedKeyUsagePurpose::ServerAuth,
            ExtendedKeyUsagePurpose::ClientAuth,
        ];
        let key = KeyPair::generate()?;
        Ok(Credential {
            certificate: params.signed_by(&key, &*self.0)?.pem(),
            key: key.serialize_pem(),
        })
    }
}

/// Writes everything the control plane reads.
pub(super) fn write(folder: &Path, server: &str) -> io::Result<()> {
    let cluster = Authority::new("kisenon-it").map_err(io::Error::other)?;
    // Of its own, since whoever holds a certificate of it may say that he is anyone.
    let proxy = Authority::new("kisenon-it-front-proxy").map_err(io::Error::other)?;
    let put = |name: &str, text: &str| std::fs::write(folder.join(name), text);
    put("ca.crt", &cluster.certificate())?;
    put("proxy-ca.crt", &proxy.certificate())?;

    let accounts = KeyPair::generate().map_err(io::Error::other)?;
    put("accounts.key", &accounts.serialize_pem())?;
    put("accounts.pub", &accounts.public_key_pem())?;

    for (file, authority, name) in [
        ("etcd", &cluster, "etcd"),
        ("server", &cluster, "kube-apiserver"),
        ("proxy", &proxy, "front-proxy"),
    ] {
        let issued = authority.issue(None, name).map_err(io::Error::other)?;
        put(&format!("{file}.crt"), &issued.certificate)?;
        put(&format!("{file}.key"), &issued.key)?;
    }
    for (file, group, name) in [
        ("admin.kubeconfig", Some("system:masters"), "admin"),
        (
            "controller-manager.kubeconfig",
            None,
            "system:kube-controller-manager",
        ),
    ] {
        let issued = cluster.issue(group, name).map_err(io::Error::other)?;
        put(file, &kubeconfig(server, &cluster, &issued))?;
    }
    Ok(())
}

/// A kubeconfig that holds all it needs, in JSON, which is YAML too.
fn kubeconfig(server: &str, authority: &Authority, user: &Credential) -> String {
    let encode = |text: &str| BASE64_STANDARD.encode(text);
    json!({
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "it",
        "contexts": [{"name": "it", "context": {"cluster": "it", "user": "it"}}],
        "clusters": [{"name": "it", "cluster": {
            "server": server,
            "certificate-authority-data": encode(&authority.certificate()),
        }}],
        "users": [{"name": "it", "user": {
            "client-certificate-data": encode(&user.certificate),
            "client-key-data": encode(&user.key),
        }}],
    })
    .to_string()
}
