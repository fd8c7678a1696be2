//! J3: what a token must say, with the right type, and when it is valid.

use serde_json::{Value, json};

use crate::auth::forge::{Target, all_refuse, now};

/// Tokens in which this claim has each of these values.
fn with(target: &Target, name: &str, values: impl IntoIterator<Item = Value>) -> Vec<String> {
    let token = |value: Value| target.token(&json!({}), &json!({ name: value }));
    values.into_iter().map(token).collect()
}

/// Tokens in which this claim has each of these texts instead of its JSON.
fn with_raw(target: &Target, name: &str, raws: &[&str]) -> Vec<String> {
    let claims = target.claims();
    let right = format!("{}:{}", json!(name), claims[name]);
    let claims = claims.to_string();
    assert!(claims.contains(&right), "{right}");
    let header = target.header().to_string();
    let forge = |raw| claims.replace(&right, &format!("{}:{raw}", json!(name)));
    raws.iter()
        .map(|raw| target.signer.token(&header, &forge(raw)))
        .collect()
}

/// The claims that are times and must be there.
fn times(target: &Target) -> Vec<&'static str> {
    if target.is_own() {
        vec!["exp", "iat", "nbf"]
    } else {
        vec!["exp", "iat"]
    }
}

#[tokio::test]
async fn j3_times_are_whole_numbers_and_are_there() {
    let second = now().as_second();
    all_refuse(|target| {
        let mut tokens = Vec::new();
        for name in times(target) {
            tokens.extend(with(
                target,
                name,
                [
                    json!(null),
                    json!((second + 500).to_string()),
                    json!("never"),
                    json!(""),
                    json!(true),
                    json!([second + 500]),
                    json!({"$gt": 0}),
                    json!(-1),
                    json!(i64::MIN),
                    json!(u64::MAX),
                    json!(i64::MAX),
                    json!(second as f64 + 0.5),
                ],
            ));
            tokens.extend(with_raw(
                target,
                name,
                &[
                    "null",
                    "NaN",
                    "Infinity",
                    "-Infinity",
                    "1e400",
                    "-1e400",
                    "1e10",
                    "1.8e9",
                    "0x7fffffff",
                    "01800000000",
                    "+1800000000",
                    "1_800_000_000",
                    "1800000000.0",
                    "99999999999999999999999999",
                    "",
                ],
            ));
        }
        tokens
    })
    .await;
}

#[tokio::test]
async fn j3_a_token_is_valid_in_its_time_only() {
    let second = now().as_second();
    all_refuse(|target| {
        let mut tokens = with(target, "exp", [0, 1, second - 1, second].map(|s| json!(s)));
        for name in ["nbf", "iat"] {
            tokens.extend(with(
                target,
                name,
                [second + 31, second + 3_600].map(|s| json!(s)),
            ));
        }
        tokens.extend(with(
            target,
            "nbf",
            [json!("0"), json!(true), json!(-1), json!(1.5)],
        ));
        tokens
    })
    .await;
}

#[tokio::test]
async fn j3_the_audience_is_us_alone() {
    all_refuse(|target| {
        let ours = target.claims()["aud"].as_str().unwrap().to_owned();
        let mut tokens = with(
            target,
            "aud",
            [
                json!(null),
                json!(""),
                json!([]),
                json!([""]),
                json!(0),
                json!(true),
                json!({}),
                json!({"0": ours}),
                json!("other"),
                json!(["other"]),
                json!([ours, "other"]),
                json!(["other", ours]),
                json!([ours, ours]),
                json!([[ours]]),
                json!([ours, null]),
                json!([null]),
                json!([7]),
                json!(format!("{ours} ")),
                json!(format!("{ours},other")),
                json!(format!("other {ours}")),
                json!(ours.to_uppercase()),
                json!(format!("{ours}/")),
                json!(&ours[..ours.len() - 1]),
                json!(format!("{ours}\0")),
                json!("*"),
            ],
        );
        if target.is_own() {
            // A list of one is the same to the standard; we never write it.
            tokens.extend(with(target, "aud", [json!([ours])]));
        }
        tokens
    })
    .await;
}

#[tokio::test]
async fn j3_the_issuer_is_spelled_exactly() {
    all_refuse(|target| {
        let issuer = target.claims()["iss"].as_str().unwrap().to_owned();
        with(
            target,
            "iss",
            [
                json!(null),
                json!(""),
                json!(0),
                json!([issuer]),
                json!({}),
                json!("other"),
                json!(format!("{issuer}/")),
                json!(format!("{issuer}.evil.example")),
                json!(format!("{issuer}@evil.example")),
                json!(issuer.to_uppercase()),
                json!(issuer.replace("https", "http")),
                json!(issuer.replace("https://", "")),
                json!(format!(" {issuer}")),
                json!(format!("{issuer}\0")),
                json!(format!("{issuer}#")),
            ],
        )
    })
    .await;
}

#[tokio::test]
async fn j3_who_the_token_is_about_is_a_text_and_is_there() {
    all_refuse(|target| {
        let names: &[&str] = if target.is_own() {
            &["sub", "sid", "tid", "email", "jti"]
        } else {
            &["sub", "email"]
        };
        let values = || {
            [
                json!(null),
                json!(""),
                json!(0),
                json!(1),
                json!(true),
                json!(["usr-1"]),
                json!({"id": "usr-1"}),
            ]
        };
        let tokens = names.iter().flat_map(|name| with(target, name, values()));
        tokens.collect()
    })
    .await;
}
