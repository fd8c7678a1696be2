//! Kubernetes quantities (`resource.Quantity`) as exact thousandths.

use thiserror::Error;

/// Text that is no quantity.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{0:?} is not a quantity: write for example 500m, 2 or 1Gi")]
pub struct InvalidQuantity(String);

const SUFFIXES: [(&str, i128); 15] = [
    ("Ki", 1_000 << 10),
    ("Mi", 1_000 << 20),
    ("Gi", 1_000 << 30),
    ("Ti", 1_000 << 40),
    ("Pi", 1_000 << 50),
    ("Ei", 1_000 << 60),
    ("m", 1),
    ("k", 1_000_000),
    ("M", 1_000_000_000),
    ("G", 1_000_000_000_000),
    ("T", 1_000_000_000_000_000),
    ("P", 1_000_000_000_000_000_000),
    ("E", 1_000_000_000_000_000_000_000),
    ("e3", 1_000_000),
    ("", 1_000),
];

/// The quantity in thousandths, rounded up as the API server does.
///
/// # Errors
/// On text that is no quantity, is negative, or is too large to be one.
pub fn milli(text: &str) -> Result<i128, InvalidQuantity> {
    let invalid = || InvalidQuantity(text.to_owned());
    let (number, scale) = SUFFIXES
        .iter()
        .find_map(|(suffix, scale)| Some((text.strip_suffix(suffix)?, *scale)))
        .ok_or_else(invalid)?;
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let digits = format!("{whole}{fraction}");
    if digits.is_empty() || digits.len() > 15 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(invalid());
    }
    let value = digits.parse::<i128>().map_err(|_| invalid())? * scale;
    let divisor = 10_i128.pow(u32::try_from(fraction.len()).map_err(|_| invalid())?);
    Ok((value + divisor - 1) / divisor)
}

/// The quantity in whole units (bytes, processors), rounded down.
///
/// # Errors
/// As [`milli`].
pub fn whole(text: &str) -> Result<i128, InvalidQuantity> {
    Ok(milli(text)? / 1_000)
}

/// A quantity of this many thousandths, as Kubernetes writes an amount of processors.
#[must_use]
pub fn decimal(milli: i128) -> String {
    if milli == 0 {
        return "0".to_owned();
    }
    spell(milli, &["P", "T", "G", "M", "k", ""]).unwrap_or_else(|| format!("{milli}m"))
}

/// A quantity of this many thousandths, as Kubernetes writes an amount of memory: in powers of
/// 1024 where one divides it.
#[must_use]
pub fn binary(milli: i128) -> String {
    spell(milli, &["Pi", "Ti", "Gi", "Mi", "Ki"]).unwrap_or_else(|| decimal(milli))
}

/// With the first of these suffixes of which it is a whole number.
fn spell(milli: i128, suffixes: &[&str]) -> Option<String> {
    let scale = |suffix: &str| SUFFIXES.iter().find(|(other, _)| *other == suffix);
    let mut scales = suffixes.iter().filter_map(|suffix| scale(suffix));
    let (suffix, scale) = scales.find(|(_, scale)| milli != 0 && milli % scale == 0)?;
    Some(format!("{}{suffix}", milli / scale))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_written_as_kubernetes_stores_them() {
        for (milli, text) in [
            (500, "500m"),
            (2_000, "2"),
            (2_500, "2500m"),
            (0, "0"),
            (4_000_000, "4k"),
        ] {
            assert_eq!(decimal(milli), text);
        }
        for (bytes, text) in [
            (32 << 20, "32Mi"),
            (8 << 30, "8Gi"),
            ((8 << 30) + (32 << 20), "8224Mi"),
            (1_000_000_000, "1G"),
            (1_033_554_432, "1033554432"),
            (1_000_001, "1000001"),
            (0, "0"),
        ] {
            assert_eq!(binary(bytes * 1_000), text);
        }
        assert_eq!(binary(1_500), "1500m");
    }

    #[test]
    fn what_is_written_is_read_as_the_same() {
        for amount in [1, 999, 1_000, 64_000, 1 << 40, 3_000 << 30, 10_i128.pow(17)] {
            assert_eq!(milli(&decimal(amount)), Ok(amount));
            assert_eq!(milli(&binary(amount)), Ok(amount));
        }
    }

    #[test]
    fn suffixes_scale() {
        assert_eq!(milli("500m"), Ok(500));
        assert_eq!(milli("1.5"), Ok(1_500));
        assert_eq!(whole("1Gi"), Ok(1 << 30));
        assert_eq!(whole("1.5Gi"), Ok(3 << 29));
        assert_eq!(whole("2k"), Ok(2_000));
        assert_eq!(milli("0"), Ok(0));
    }

    #[test]
    fn what_is_no_quantity_is_refused() {
        for text in [
            "",
            "Gi",
            "-1",
            "1 Gi",
            "1GiB",
            "ten",
            "1.2.3",
            "9999999999999999",
        ] {
            assert!(milli(text).is_err(), "{text}");
        }
    }
}
