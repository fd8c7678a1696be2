//! Permanent ids. An id is a pure function of the object's UID (RFC 9562), so that names never
//! hold user text and survive a restore of the operator's own state.

use thiserror::Error;

/// Name prefix of every workload namespace; the fence admits no other.
pub const WORKLOAD_NAMESPACE_PREFIX: &str = "kisenon-prj-";

/// The UID is not what Kubernetes gives.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("UID {0:?} holds fewer than 24 hexadecimal digits")]
pub struct InvalidUid(String);

/// `prj-` and the first 24 hexadecimal digits of the UID.
///
/// # Errors
/// When the UID holds too few digits.
pub fn project_id(uid: &str) -> Result<String, InvalidUid> {
    Ok(format!("prj-{}", digits(uid, 24)?))
}

/// `ep-` and the first 16 hexadecimal digits of the UID.
///
/// # Errors
/// When the UID holds too few digits.
pub fn endpoint_id(uid: &str) -> Result<String, InvalidUid> {
    Ok(format!("ep-{}", digits(uid, 16)?))
}

/// `key-` and the first 16 hexadecimal digits of the UID.
///
/// # Errors
/// When the UID holds too few digits.
pub fn api_key_id(uid: &str) -> Result<String, InvalidUid> {
    Ok(format!("key-{}", digits(uid, 16)?))
}

/// Name of the workload namespace of the project with this UID.
///
/// # Errors
/// When the UID holds too few digits.
pub fn workload_namespace(project_uid: &str) -> Result<String, InvalidUid> {
    Ok(format!(
        "{WORKLOAD_NAMESPACE_PREFIX}{}",
        digits(project_uid, 24)?
    ))
}

fn digits(uid: &str, count: usize) -> Result<String, InvalidUid> {
    let digits = uid
        .chars()
        .filter(|c| *c != '-')
        .take(count)
        .collect::<String>();
    let valid = digits.len() == count
        && digits
            .chars()
            .all(|c| c.is_ascii_digit() || ('a'..='f').contains(&c));
    valid
        .then_some(digits)
        .ok_or_else(|| InvalidUid(uid.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const UID: &str = "0a1b2c3d-4e5f-4789-9abc-def012345678";

    #[test]
    fn ids_are_the_first_digits_of_the_uid() {
        assert_eq!(project_id(UID).unwrap(), "prj-0a1b2c3d4e5f47899abcdef0");
        assert_eq!(endpoint_id(UID).unwrap(), "ep-0a1b2c3d4e5f4789");
        assert_eq!(api_key_id(UID).unwrap(), "key-0a1b2c3d4e5f4789");
        assert_eq!(
            workload_namespace(UID).unwrap(),
            "kisenon-prj-0a1b2c3d4e5f47899abcdef0"
        );
    }

    #[test]
    fn what_is_no_uid_gives_no_id() {
        for uid in [
            "",
            "abc",
            "0A1B2C3D-4E5F-4789-9ABC-DEF012345678",
            "../../etc/passwd/0123456789",
        ] {
            assert!(project_id(uid).is_err(), "{uid}");
            assert!(endpoint_id(uid).is_err(), "{uid}");
            assert!(api_key_id(uid).is_err(), "{uid}");
        }
    }
}
