//! Certificate authorities of endpoints as files, since libpq reads them from nowhere else.
//!
//! A file is named after what it holds, so that two endpoints never share one by mistake, and a
//! path that was printed once stays true.

use std::fs::OpenOptions;
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use aws_lc_rs::digest;
use data_encoding::HEXLOWER;
use nix::fcntl::OFlag;

use crate::cli::credentials::make_private;
use crate::cli::error::Error;

const FOLDER: &str = "authorities";
/// Bytes of the digest that name a file.
const NAME_LENGTH: usize = 16;

/// The certificates as a file of the cache.
///
/// # Errors
/// When there is no cache, or it cannot be written.
pub(super) fn keep(cache: Option<&Path>, certificate: &str) -> Result<PathBuf, Error> {
    let Some(cache) = cache else {
        let message = "there is no home folder to keep the certificate authority in";
        return Err(Error::refused(message).hinting("set HOME, or name a file with --write-ca"));
    };
    make_private(cache)?;
    let folder = cache.join(FOLDER);
    make_private(&folder)?;
    let digest = digest::digest(&digest::SHA256, certificate.as_bytes());
    let name = HEXLOWER.encode(&digest.as_ref()[..NAME_LENGTH]);
    let path = folder.join(name).with_extension("pem");
    if !holds(&path, certificate) {
        replace(&folder, &path, certificate)?;
    }
    Ok(path)
}

/// The certificates as a file of the person's choice, by its whole path.
///
/// # Errors
/// When it cannot be written.
pub(super) fn write(path: &Path, certificate: &str) -> Result<PathBuf, Error> {
    let path = std::path::absolute(path).map_err(failed(path))?;
    let folder = path.parent().unwrap_or(Path::new("/"));
    replace(folder, &path, certificate)?;
    Ok(path)
}

/// Whether the file is as it was written, and no link to somewhere else.
fn holds(path: &Path, certificate: &str) -> bool {
    let flags = OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK;
    let mut options = OpenOptions::new();
    let file = options.read(true).custom_flags(flags.bits()).open(path);
    let mut held = String::new();
    let longest = certificate.len() as u64 + 1;
    file.and_then(|file| file.take(longest).read_to_string(&mut held))
        .is_ok_and(|_| held == certificate)
}

/// A new file takes the place of the old one, whole, readable by its owner alone.
fn replace(folder: &Path, path: &Path, certificate: &str) -> Result<(), Error> {
    let mut file = tempfile::Builder::new()
        .prefix(".authority")
        .tempfile_in(folder)
        .map_err(failed(path))?;
    file.write_all(certificate.as_bytes())
        .map_err(failed(path))?;
    file.persist(path)
        .map_err(|error| failed(path)(error.error))?;
    Ok(())
}

fn failed(path: &Path) -> impl Fn(io::Error) -> Error {
    let path = path.to_owned();
    move |source| Error::File {
        verb: "write",
        path: path.clone(),
        source,
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn mode(path: &Path) -> u32 {
        std::fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn a_file_is_named_after_what_it_holds_and_is_its_owners_alone() {
        let home = tempfile::tempdir().unwrap();
        let cache = home.path().join("cache/keon");
        let (a, b) = (
            keep(Some(&cache), "A\n").unwrap(),
            keep(Some(&cache), "B\n").unwrap(),
        );
        assert_ne!(a, b);
        assert_eq!(a, keep(Some(&cache), "A\n").unwrap());
        assert_eq!(std::fs::read_to_string(&a).unwrap(), "A\n");
        assert_eq!((mode(&a), mode(a.parent().unwrap())), (0o600, 0o700));
        assert!(keep(None, "A\n").is_err());
    }

    #[test]
    fn what_somebody_has_put_there_is_replaced_and_a_link_is_not_followed() {
        let home = tempfile::tempdir().unwrap();
        let cache = home.path().join("keon");
        let path = keep(Some(&cache), "A\n").unwrap();
        std::fs::write(&path, "A\nB\n").unwrap();
        keep(Some(&cache), "A\n").unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "A\n");
        let other = home.path().join("other");
        std::fs::write(&other, "A\n").unwrap();
        std::fs::remove_file(&path).unwrap();
        std::os::unix::fs::symlink(&other, &path).unwrap();
        keep(Some(&cache), "A\n").unwrap();
        assert!(!path.is_symlink());
    }
}
