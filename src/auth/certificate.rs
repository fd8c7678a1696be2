//! The operator's certificate authority (RFC 5280) and the certificates of endpoints.
//!
//! May not read or write anything: keys come in and go out as PEM; the clock is an argument.

use std::net::IpAddr;

use jiff::{SignedDuration, Timestamp};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, KeyUsagePurpose, SanType, SerialNumber,
};
use secrecy::{ExposeSecret, SecretString};
use thiserror::Error;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer, X509Certificate};

/// Lifetime of the authority.
const AUTHORITY_LIFETIME: SignedDuration = SignedDuration::from_hours(24 * 3650);
/// Lifetime of an endpoint's certificate.
const CERTIFICATE_LIFETIME: SignedDuration = SignedDuration::from_hours(24 * 90);
/// A certificate is renewed when less than this is left of it.
const RENEW_BEFORE: SignedDuration = SignedDuration::from_hours(24 * 30);
/// Certificates are valid from a little before they are made, for clients whose clocks lag.
const BACKDATE: SignedDuration = SignedDuration::from_mins(5);

/// A key or certificate that cannot be made or read.
#[derive(Debug, Error)]
pub enum PkiError {
    /// rcgen refused.
    #[error("failed to make a certificate")]
    Make(#[from] rcgen::Error),
    /// The stored PEM is not a certificate.
    #[error("failed to read a certificate: {0}")]
    Read(String),
    /// A point in time outside the representable range.
    #[error("failed to compute a certificate's lifetime")]
    Lifetime(#[from] jiff::Error),
}

/// A certificate with its private key, both PEM (RFC 7468).
#[derive(Clone, Debug)]
pub struct KeyedCertificate {
    /// The certificate.
    pub certificate: String,
    /// Its private key (PKCS #8).
    pub key: SecretString,
}

/// The operator's certificate authority.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: String,
}

impl Authority {
    /// Makes a new authority, valid for ten years from `now`.
    ///
    /// # Errors
    /// When no key can be generated.
    pub fn generate(now: Timestamp) -> Result<KeyedCertificate, PkiError> {
        let mut params = CertificateParams::default();
        params.distinguished_name = common_name("Kisenon endpoint authority");
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        set_lifetime(&mut params, now, AUTHORITY_LIFETIME)?;
        let key = KeyPair::generate()?;
        let certificate = params.self_signed(&key)?;
        Ok(KeyedCertificate {
            certificate: certificate.pem(),
            key: key.serialize_pem().into(),
        })
    }

    /// Takes up a stored authority.
    ///
    /// # Errors
    /// When the PEM is not a certificate and its key.
    pub fn load(stored: &KeyedCertificate) -> Result<Self, PkiError> {
        let key = KeyPair::from_pem(stored.key.expose_secret())?;
        Ok(Self {
            issuer: Issuer::from_ca_cert_pem(&stored.certificate, key)?,
            certificate: stored.certificate.clone(),
        })
    }

    /// The authority's certificate, PEM.
    #[must_use]
    pub fn certificate(&self) -> &str {
        &self.certificate
    }

    /// Issues a server certificate for these names.
    ///
    /// # Errors
    /// When no key can be generated or the host is no DNS name.
    pub fn issue(&self, names: &Names, now: Timestamp) -> Result<KeyedCertificate, PkiError> {
        let mut params = CertificateParams::new(vec![names.host.clone()])?;
        params
            .subject_alt_names
            .extend(names.address.map(SanType::IpAddress));
        params.distinguished_name = common_name(&names.host);
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        set_lifetime(&mut params, now, CERTIFICATE_LIFETIME)?;
        let key = KeyPair::generate()?;
        let certificate = params.signed_by(&key, &self.issuer)?;
        Ok(KeyedCertificate {
            certificate: certificate.pem(),
            key: key.serialize_pem().into(),
        })
    }

    /// Whether a stored certificate is of this authority, holds these names, and has enough of
    /// its life left.
    #[must_use]
    pub fn still_good(&self, certificate: &str, names: &Names, now: Timestamp) -> bool {
        self.check(certificate, names, now).unwrap_or(false)
    }

    fn check(&self, certificate: &str, names: &Names, now: Timestamp) -> Result<bool, PkiError> {
        let leaf = pem_contents(certificate)?;
        let (_, leaf) = X509Certificate::from_der(&leaf).map_err(unreadable)?;
        let authority = pem_contents(&self.certificate)?;
        let (_, authority) = X509Certificate::from_der(&authority).map_err(unreadable)?;
        if leaf.verify_signature(Some(authority.public_key())).is_err() {
            return Ok(false);
        }
        let ends = leaf.validity().not_after.timestamp();
        if ends < (now + RENEW_BEFORE).as_second() {
            return Ok(false);
        }
        let Some(san) = leaf.subject_alternative_name().map_err(unreadable)? else {
            return Ok(false);
        };
        let host = san
            .value
            .general_names
            .iter()
            .any(|n| matches!(n, GeneralName::DNSName(dns) if *dns == names.host));
        let address = names.address.is_none_or(|address| {
            let octets = match address {
                IpAddr::V4(v4) => v4.octets().to_vec(),
                IpAddr::V6(v6) => v6.octets().to_vec(),
            };
            san.value
                .general_names
                .iter()
                .any(|n| matches!(n, GeneralName::IPAddress(ip) if *ip == octets))
        });
        Ok(host && address)
    }
}

/// What a server is reached by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Names {
    /// DNS name.
    pub host: String,
    /// Load-balancer address, once there is one.
    pub address: Option<IpAddr>,
}

fn common_name(name: &str) -> DistinguishedName {
    let mut distinguished = DistinguishedName::new();
    distinguished.push(DnType::CommonName, name);
    distinguished
}

fn set_lifetime(
    params: &mut CertificateParams,
    now: Timestamp,
    lifetime: SignedDuration,
) -> Result<(), PkiError> {
    let date = |at: Timestamp| {
        let date = at.to_zoned(jiff::tz::TimeZone::UTC).date();
        rcgen::date_time_ymd(i32::from(date.year()), date.month() as u8, date.day() as u8)
    };
    params.not_before = date(now.checked_sub(BACKDATE)?);
    params.not_after = date(now.checked_add(lifetime)?);
    let mut serial = [0_u8; 16];
    aws_lc_rs::rand::fill(&mut serial).map_err(|_| rcgen::Error::RingUnspecified)?;
    serial[0] &= 0x7f;
    params.serial_number = Some(SerialNumber::from_slice(&serial));
    Ok(())
}

fn pem_contents(pem: &str) -> Result<Vec<u8>, PkiError> {
    let (_, pem) = x509_parser::pem::parse_x509_pem(pem.as_bytes())
        .map_err(|error| PkiError::Read(error.to_string()))?;
    Ok(pem.contents)
}

fn unreadable<E: std::fmt::Display>(error: E) -> PkiError {
    PkiError::Read(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        "2026-11-23T12:00:00Z".parse().unwrap()
    }

    fn names(address: &str) -> Names {
        Names {
            host: "ep-0011223344556677.db.example".into(),
            address: Some(address.parse().unwrap()),
        }
    }

    #[test]
    fn a_fresh_certificate_is_good_for_its_names_only() {
        let authority = Authority::load(&Authority::generate(now()).unwrap()).unwrap();
        let issued = authority.issue(&names("192.0.2.7"), now()).unwrap();
        assert!(authority.still_good(&issued.certificate, &names("192.0.2.7"), now()));
        assert!(!authority.still_good(&issued.certificate, &names("192.0.2.8"), now()));
    }

    #[test]
    fn a_certificate_is_renewed_a_month_before_its_end() {
        let authority = Authority::load(&Authority::generate(now()).unwrap()).unwrap();
        let issued = authority.issue(&names("192.0.2.7"), now()).unwrap();
        let later = |days: i64| now() + SignedDuration::from_hours(24 * days);
        assert!(authority.still_good(&issued.certificate, &names("192.0.2.7"), later(58)));
        assert!(!authority.still_good(&issued.certificate, &names("192.0.2.7"), later(62)));
    }

    #[test]
    fn another_authoritys_certificate_and_garbage_are_not_good() {
        let ours = Authority::load(&Authority::generate(now()).unwrap()).unwrap();
        let theirs = Authority::load(&Authority::generate(now()).unwrap()).unwrap();
        let issued = theirs.issue(&names("192.0.2.7"), now()).unwrap();
        assert!(!ours.still_good(&issued.certificate, &names("192.0.2.7"), now()));
        assert!(!ours.still_good("", &names("192.0.2.7"), now()));
    }
}
