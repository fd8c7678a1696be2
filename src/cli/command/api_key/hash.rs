//! `keon api-keys hash`: a key for Git, made without asking any server. The manifest holds the
//! public part and an argon2id hash; the key itself is shown once, or read.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use aws_lc_rs::rand;
use jiff::Timestamp;
use secrecy::ExposeSecret as _;
use serde::Serialize;

use crate::cli::args::api_key::{Hash, Scope};
use crate::cli::command::standard_input;
use crate::cli::context::Context;
use crate::cli::error::Error;
use crate::domain::api_key::PlainKey;
use crate::domain::api_key::hash::{self, SALT_LENGTH};

/// An `ApiKey` object, as `kubectl apply` takes it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Manifest {
    api_version: &'static str,
    kind: &'static str,
    metadata: Metadata,
    spec: Spec,
}

#[derive(Debug, Serialize)]
struct Metadata {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Spec {
    label: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<String>,
    lookup_id: String,
    hash: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    scopes: Vec<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    project: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<Timestamp>,
}

/// Makes or reads a key, and writes its manifest.
pub(super) async fn run(context: &Context, args: Hash) -> Result<(), Error> {
    // All that can be refused is refused before there is a key.
    let expires_at = super::end(&args.reach, Timestamp::now())?;
    let is_new = args.with_token.is_none();
    let key = if is_new {
        generate()?
    } else {
        let hint = "give it on standard input: --with-token - < key.txt";
        standard_input::check_named(args.with_token.as_deref(), hint)?;
        standard_input::api_key().await?
    };
    let mut salt = [0; SALT_LENGTH];
    rand::fill(&mut salt).map_err(|_| Error::NoRandomness)?;
    let hash = hash::hash(&key, &salt)
        .ok_or_else(|| Error::refused("there is too little memory to hash a key: 19 MiB"))?;
    if let Some(file) = args.key_file.as_deref() {
        keep(file, &key)?;
    }
    let manifest = manifest(&args, &key, hash, expires_at);
    let name = format!("api-key/{}", args.name);
    let text = serde_saphyr::to_string(&manifest).map_err(|error| Error::Format(error.into()))?;
    context.printer.value(&manifest, &name, || text)?;
    match &args.key_file {
        Some(file) => context
            .printer
            .note(&format!("the key is in {}, for you alone", file.display())),
        None if is_new => {
            context.printer.note("the key, which is shown only now:")?;
            context.printer.message(key.text().expose_secret())
        }
        None => Ok(()),
    }
}

fn generate() -> Result<PlainKey, Error> {
    PlainKey::generate(&mut |bytes| rand::fill(bytes).is_ok()).ok_or(Error::NoRandomness)
}

/// A new file that its owner alone can read; none is overwritten.
fn keep(path: &Path, key: &PlainKey) -> Result<(), Error> {
    let failed = |source| Error::File {
        verb: "write",
        path: path.to_owned(),
        source,
    };
    let mut options = OpenOptions::new();
    let mut file = options
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .map_err(failed)?;
    writeln!(file, "{}", key.text().expose_secret())
        .and_then(|()| file.sync_all())
        .map_err(failed)
}

fn manifest(args: &Hash, key: &PlainKey, hash: String, expires_at: Option<Timestamp>) -> Manifest {
    let scopes = args.reach.scopes.iter().map(|scope| match scope {
        Scope::Read => "read",
        Scope::Write => "write",
    });
    let label = args.label.as_ref().unwrap_or(&args.name);
    Manifest {
        api_version: "kisenon.com/v1alpha1",
        kind: "ApiKey",
        metadata: Metadata {
            name: args.name.clone(),
            namespace: args.namespace.clone(),
        },
        spec: Spec {
            label: label.clone(),
            role: args.user.is_none().then(|| args.role.clone()),
            user: args.user.clone(),
            lookup_id: key.lookup_id().to_owned(),
            hash,
            scopes: scopes.collect(),
            project: args.reach.project.clone(),
            expires_at,
        },
    }
}
