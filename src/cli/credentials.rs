//! The file of profiles, each an API key of one server (C13): readable by its owner alone, and
//! never half written.
//!
//! A file that is a link, belongs to somebody else or may be read by others is not used, nor one in
//! a folder that is a link, belongs to somebody else or may be written by others: whoever could put
//! it there could choose the server that keys are sent to.

use std::collections::BTreeMap;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use nix::fcntl::OFlag;
use nix::unistd::Uid;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize, Serializer};
use tempfile::NamedTempFile;
use url::Url;

use super::error::Error;

const FILE: &str = "credentials.json";
const LOCK: &str = "credentials.lock";
/// What the names of files begin with that are to take the place of the file.
const FRESH: &str = ".credentials";
/// Version of the format that this program writes.
const VERSION: u32 = 1;
/// Largest file that is read, bytes.
const LARGEST: u64 = 1024 * 1024;
/// Bits of a mode that let others in.
const OF_OTHERS: u32 = 0o077;
/// Those that let others write.
const WRITTEN_BY_OTHERS: u32 = 0o022;

/// All profiles of this machine.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Stored {
    version: u32,
    /// The profile that is used where none is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) current_profile: Option<String>,
    /// By name.
    #[serde(default)]
    pub(crate) profiles: BTreeMap<String, Profile>,
}

impl Default for Stored {
    fn default() -> Self {
        Self {
            version: VERSION,
            current_profile: None,
            profiles: BTreeMap::new(),
        }
    }
}

/// A sign-in to one server.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Profile {
    /// The server, which alone is sent the key.
    pub(crate) api_url: Url,
    /// Authorities that its certificate is checked against instead of the system's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) ca_file: Option<PathBuf>,
    /// The key.
    #[serde(serialize_with = "expose")]
    pub(crate) api_key: SecretString,
    /// Id of the key, by which the server revokes it.
    pub(crate) key_id: String,
    /// Whom it acts for, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) account: Option<String>,
}

impl Profile {
    /// Whether the key is of this server.
    pub(crate) fn is_for(&self, api_url: &Url) -> bool {
        self.api_url.origin() == api_url.origin()
    }
}

fn expose<S: Serializer>(key: &SecretString, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(key.expose_secret())
}

/// The folder where profiles are kept; none where nobody knows the home of the person.
#[derive(Clone, Debug)]
pub(crate) struct CredentialStore {
    folder: Option<PathBuf>,
}

impl CredentialStore {
    /// In this folder, whether or not it is there.
    pub(crate) const fn in_folder(folder: Option<PathBuf>) -> Self {
        Self { folder }
    }

    /// The file.
    pub(crate) fn file(&self) -> Option<PathBuf> {
        self.folder.as_ref().map(|folder| folder.join(FILE))
    }

    /// All profiles; none where there is no file.
    ///
    /// # Errors
    /// When the file cannot be trusted, read or understood.
    pub(crate) fn read(&self) -> Result<Stored, Error> {
        let Some(path) = self.file() else {
            return Ok(Stored::default());
        };
        let failed = |source| Error::File {
            verb: "read",
            path: path.clone(),
            source,
        };
        if let Some(folder) = &self.folder {
            check_folder(folder)?;
        }
        let mut options = OpenOptions::new();
        // Neither a link nor a pipe that waits for a writer.
        let flags = OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK;
        let file = match options.read(true).custom_flags(flags.bits()).open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Stored::default()),
            Err(_) if path.is_symlink() => return Err(is_a_link(&path)),
            Err(error) => return Err(failed(error)),
        };
        check(&file.metadata().map_err(failed)?, &path)?;
        let mut text = String::new();
        file.take(LARGEST)
            .read_to_string(&mut text)
            .map_err(failed)?;
        parse(&text, &path)
    }

    /// Makes sure that profiles can be kept, before anybody goes to the trouble of signing in.
    ///
    /// # Errors
    /// When the folder cannot be trusted or written to.
    pub(crate) fn prepare(&self) -> Result<(), Error> {
        let folder = self.made()?;
        drop(fresh(folder)?);
        Ok(())
    }

    /// The folder, there and private.
    fn made(&self) -> Result<&Path, Error> {
        let Some(folder) = &self.folder else {
            return Err(Error::refused("there is no home folder to keep a key in")
                .hinting("set HOME, or use KISENON_API_KEY instead"));
        };
        make_private(folder)?;
        Ok(folder)
    }

    /// Changes the profiles, with no other keon in between. Without a profile there is no file.
    ///
    /// # Errors
    /// When the change is refused, or the file cannot be trusted, read or written; then it is as it
    /// was.
    pub(crate) fn change<T>(
        &self,
        change: impl FnOnce(&mut Stored) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let folder = self.made()?;
        let lock = lock(&folder.join(LOCK))?;
        let mut stored = self.read()?;
        let outcome = change(&mut stored)?;
        stored.version = VERSION;
        sweep(folder);
        if stored.profiles.is_empty() {
            remove(folder)?;
        } else {
            write(folder, &stored)?;
        }
        drop(lock);
        Ok(outcome)
    }
}

/// The version is looked at first: a later one may have another shape.
fn parse(text: &str, path: &Path) -> Result<Stored, Error> {
    #[derive(Deserialize)]
    struct Versioned {
        version: u32,
    }
    let damaged = |_| {
        Error::refused(format!("{} is damaged", path.display()))
            .hinting("remove the file and sign in again: keon login")
    };
    let Versioned { version } = serde_json::from_str(text).map_err(damaged)?;
    if version > VERSION {
        return Err(
            Error::refused(format!("{} was written by a newer keon", path.display()))
                .hinting("install the newest keon"),
        );
    }
    serde_json::from_str(text).map_err(damaged)
}

fn is_a_link(path: &Path) -> Error {
    Error::refused(format!("{} is a symbolic link", path.display()))
        .hinting("remove it and sign in again: keon login")
}

fn check(metadata: &std::fs::Metadata, path: &Path) -> Result<(), Error> {
    let path = path.display();
    if !metadata.is_file() {
        return Err(Error::refused(format!("{path} is not a file")).hinting("remove it"));
    }
    if metadata.uid() != Uid::effective().as_raw() {
        return Err(Error::refused(format!("{path} belongs to somebody else"))
            .hinting("remove it and sign in again: keon login"));
    }
    if metadata.mode() & OF_OTHERS != 0 {
        return Err(Error::refused(format!(
            "{path} can be read or written by others (mode {:o})",
            metadata.mode() & 0o777
        ))
        .hinting(format!(
            "if nobody else has used it: chmod 600 {path}; otherwise revoke the key in the console"
        )));
    }
    Ok(())
}

/// Where there is no folder, there is no file.
fn check_folder(folder: &Path) -> Result<(), Error> {
    let metadata = match std::fs::symlink_metadata(folder) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(source) => {
            return Err(Error::File {
                verb: "read",
                path: folder.to_owned(),
                source,
            });
        }
    };
    let path = folder.display();
    if !metadata.is_dir() || metadata.uid() != Uid::effective().as_raw() {
        return Err(Error::refused(format!("{path} is not a folder of yours")).hinting("remove it"));
    }
    if metadata.mode() & WRITTEN_BY_OTHERS != 0 {
        return Err(Error::refused(format!(
            "{path} can be written by others (mode {:o})",
            metadata.mode() & 0o777
        ))
        .hinting(format!(
            "look at what is in it; if it is all yours: chmod 700 {path}"
        )));
    }
    Ok(())
}

/// Makes the folder, or closes it to others who may read.
pub(super) fn make_private(folder: &Path) -> Result<(), Error> {
    let failed = |source| Error::File {
        verb: "make",
        path: folder.to_owned(),
        source,
    };
    if let Some(parent) = folder.parent() {
        std::fs::create_dir_all(parent).map_err(failed)?;
    }
    match DirBuilder::new().mode(0o700).create(folder) {
        Ok(()) => return Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(failed(error)),
    }
    check_folder(folder)?;
    let metadata = std::fs::symlink_metadata(folder).map_err(failed)?;
    if metadata.mode() & OF_OTHERS != 0 {
        use std::os::unix::fs::PermissionsExt as _;
        let closed = std::fs::Permissions::from_mode(0o700);
        std::fs::set_permissions(folder, closed).map_err(failed)?;
    }
    Ok(())
}

/// Held until it is dropped.
fn lock(path: &Path) -> Result<File, Error> {
    let failed = |source| Error::File {
        verb: "lock",
        path: path.to_owned(),
        source,
    };
    let mut options = OpenOptions::new();
    options.create(true).truncate(false).write(true).mode(0o600);
    let flags = OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK;
    let file = options
        .custom_flags(flags.bits())
        .open(path)
        .map_err(failed)?;
    file.lock().map_err(failed)?;
    Ok(file)
}

/// A new file takes the place of the old one, whole: made with `O_EXCL` and mode 0600.
fn write(folder: &Path, stored: &Stored) -> Result<(), Error> {
    let path = folder.join(FILE);
    let failed = |source| Error::File {
        verb: "write",
        path: path.clone(),
        source,
    };
    let text = serde_json::to_vec_pretty(stored).map_err(|error| failed(error.into()))?;
    let mut file = fresh(folder)?;
    file.write_all(&text).map_err(failed)?;
    file.write_all(b"\n").map_err(failed)?;
    file.as_file().sync_all().map_err(failed)?;
    file.persist(&path).map_err(|error| failed(error.error))?;
    // So that the name is there after a crash as well.
    settle(folder).map_err(failed)
}

/// A file that nobody else can open, with a name that nobody can foresee.
fn fresh(folder: &Path) -> Result<NamedTempFile, Error> {
    let made = tempfile::Builder::new().prefix(FRESH).tempfile_in(folder);
    made.map_err(|source| Error::File {
        verb: "write to",
        path: folder.to_owned(),
        source,
    })
}

fn remove(folder: &Path) -> Result<(), Error> {
    let path = folder.join(FILE);
    let removed = match std::fs::remove_file(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed.and_then(|()| settle(folder)),
    };
    removed.map_err(|source| Error::File {
        verb: "remove",
        path,
        source,
    })
}

/// Removes what a keon that was killed while it wrote has left: copies of keys that nobody would
/// find. Only under the lock, so that nobody writes meanwhile.
fn sweep(folder: &Path) {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        let name = entry.file_name();
        if name.as_encoded_bytes().starts_with(FRESH.as_bytes()) {
            // What cannot be removed is no reason not to write.
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

fn settle(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}
