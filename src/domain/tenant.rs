//! Tenants of the API and their namespaces. An id is 24 hexadecimal digits, made once and at
//! random; nothing in it tells who the tenant is.

/// Name prefix of the namespaces that the API makes; its fence admits no other.
pub const NAMESPACE_PREFIX: &str = "kisenon-tenant-";

/// Name of the namespace of the API tenant with this id.
#[must_use]
pub fn namespace(id: &str) -> String {
    format!("{NAMESPACE_PREFIX}{id}")
}

/// Whether a namespace is the one that the API makes for the tenant, rather than one that an
/// admin has given it.
#[must_use]
pub fn is_namespace_of(name: &str, id: &str) -> bool {
    name.strip_prefix(NAMESPACE_PREFIX) == Some(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_admins_namespace_is_not_the_apis() {
        let id = "0a1b2c3d4e5f60718293a4b5";
        assert!(is_namespace_of(&namespace(id), id));
        assert!(!is_namespace_of("acme", "acme"));
    }
}
