//! J2: a token has one spelling. Whatever else a lenient reader might take for it is refused, and
//! quickly.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::auth::forge::{Target, all_refuse, base64};

fn parts(target: &Target) -> [String; 3] {
    let token = target.good();
    let mut parts = token.split('.').map(str::to_owned);
    [(); 3].map(|()| parts.next().unwrap())
}

#[tokio::test]
async fn a_token_has_three_parts() {
    all_refuse(|target| {
        let [h, c, s] = &parts(target);
        vec![
            String::new(),
            ".".into(),
            "..".into(),
            "...".into(),
            "a.b.c".into(),
            h.clone(),
            format!("{h}.{c}"),
            format!("{h}.{c}."),
            format!("{h}..{s}"),
            format!(".{c}.{s}"),
            format!("{h}.{c}.{s}."),
            format!(".{h}.{c}.{s}"),
            format!("{h}.{c}.{s}.{s}"),
            format!("{h}.{c}.{s}.."),
            format!("{h}.{h}.{c}.{s}"),
            format!("{h}.{c}..{s}"),
            format!("{h}.{s}.{c}"),
            format!("{c}.{h}.{s}"),
            format!("{h},{c},{s}"),
            format!("{h}.{c}.{s}.{c}.{s}"),
        ]
    })
    .await;
}

#[tokio::test]
async fn a_part_is_base64url_without_padding_and_white_space() {
    all_refuse(|target| {
        let mut tokens = Vec::new();
        for place in 0..3 {
            let mut spell = |change: &dyn Fn(&str) -> String| {
                let mut parts = parts(target);
                parts[place] = change(&parts[place]);
                tokens.push(parts.join("."));
            };
            for end in [
                "=", "==", "===", "\n", "\r\n", " ", "\t", "\0", "%00", "\u{feff}", "A", "!",
            ] {
                spell(&|part| format!("{part}{end}"));
                spell(&|part| format!("{end}{part}"));
                spell(&|part| format!("{}{end}{}", &part[..8], &part[8..]));
            }
            spell(&|part| part.chars().map(|c| format!("{c}\n")).collect());
            spell(&|part| part[..part.len() - 1].to_owned());
            spell(&|part| part.replace(|c: char| c.is_ascii_digit(), "\u{664}"));
            spell(&|part| format!("\"{part}\""));
        }
        let token = target.good();
        for spelled in [
            format!("Bearer {token}"),
            format!(" {token}"),
            format!("{token} "),
            format!("{token}\n"),
            format!("\u{feff}{token}"),
            format!("\"{token}\""),
            token.replace('.', "%2e"),
            token.replace('.', "\u{ff0e}"),
            token.to_lowercase(),
            base64(&token),
        ] {
            tokens.push(spelled);
        }
        tokens
    })
    .await;
}

#[tokio::test]
async fn the_other_alphabet_and_unused_bits_are_no_second_spelling() {
    const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    all_refuse(|target| {
        let mut tokens = Vec::new();
        // Signatures differ from token to token, so some of them hold these characters.
        for number in 0..40 {
            let name = "x".repeat(number % 3 + 1);
            let token = target.token(&json!({}), &json!({"name": name, "n": number}));
            let other = token.replace('-', "+").replace('_', "/");
            if other != token {
                tokens.push(other);
            }
            let last = ALPHABET.find(token.chars().last().unwrap()).unwrap();
            let signature = token.rsplit('.').next().unwrap();
            let unused = [0, 0, 4, 2][signature.len() % 4];
            for bit in (0..unused).map(|bit| 1 << bit) {
                let last = &ALPHABET[last ^ bit..=last ^ bit];
                tokens.push(format!("{}{last}", &token[..token.len() - 1]));
            }
        }
        tokens
    })
    .await;
}

#[tokio::test]
async fn the_json_serializations_are_refused() {
    all_refuse(|target| {
        let [h, c, s] = &parts(target);
        let flat = json!({"protected": h, "payload": c, "signature": s});
        let general = json!({"payload": c, "signatures": [{"protected": h, "signature": s}]});
        let open = json!({"header": target.header(), "payload": c, "signature": s});
        vec![
            flat.to_string(),
            general.to_string(),
            open.to_string(),
            base64(flat.to_string()),
        ]
    })
    .await;
}

#[tokio::test]
async fn a_token_within_a_token_is_refused() {
    all_refuse(|target| {
        let inner = target.good();
        let header = target.header().to_string();
        vec![
            target.signer.token(&header, &inner),
            target.signer.token(&header, &json!(inner).to_string()),
            target.signer.token(&inner, &target.claims().to_string()),
            target.token(&json!({"cty": "JWT"}), &json!({})),
        ]
    })
    .await;
}

#[tokio::test]
async fn no_member_is_named_twice() {
    all_refuse(|target| {
        let header = target.header().to_string();
        let claims = target.claims().to_string();
        let twice = |json: &str, member: &str| {
            let inner = &json[1..json.len() - 1];
            [
                format!("{{{member},{inner}}}"),
                format!("{{{inner},{member}}}"),
            ]
        };
        let mut tokens = Vec::new();
        for member in [
            r#""alg":"none""#,
            r#""alg":"HS256""#,
            r#""\u0061lg":"none""#,
            r#""kid":"other""#,
            r#""typ":"JWT","typ":"JWT""#,
            r#""x":1,"x":1"#,
            r#""x":{"y":1,"y":2}"#,
        ] {
            for forged in twice(&header, member) {
                tokens.push(target.signer.token(&forged, &claims));
            }
        }
        for member in [
            r#""sub":"admin""#,
            r#""exp":9999999999"#,
            r#""iss":"other""#,
            r#""aud":"other""#,
            r#""s\u0075b":"admin""#,
            r#""email":"root@example.com""#,
            r#""x":[{"y":1,"y":1}]"#,
        ] {
            for forged in twice(&claims, member) {
                tokens.push(target.signer.token(&header, &forged));
            }
        }
        tokens
    })
    .await;
}

#[tokio::test]
async fn a_part_is_one_json_object_in_utf8() {
    all_refuse(|target| {
        let header = target.header().to_string();
        let claims = target.claims().to_string();
        let mut tokens = Vec::new();
        let wrong = |json: &str| {
            [
                "null".into(),
                "[]".into(),
                "{}".into(),
                "\"\"".into(),
                "1".into(),
                "true".into(),
                format!("[{json}]"),
                format!("{json}{json}"),
                format!("{json}]"),
                format!("{json}\0"),
                format!("\u{feff}{json}"),
                json[..json.len() - 1].to_owned(),
                json.replace('"', "'"),
                json.replacen('}', ",}", 1),
                format!("{json}//"),
                json.replacen('{', "{/**/", 1),
                json.replacen('{', "{\"\\ud800\":1,", 1),
            ]
        };
        for forged in wrong(&header) {
            tokens.push(target.signer.token(&forged, &claims));
        }
        for forged in wrong(&claims) {
            tokens.push(target.signer.token(&header, &forged));
        }
        let mut bytes = claims.replacen('{', "{\"x\":\"?\",", 1).into_bytes();
        let place = bytes.iter().position(|b| *b == b'?').unwrap();
        bytes[place] = 0xff;
        let signed = format!("{}.{}", base64(header), base64(bytes));
        tokens.push(format!(
            "{signed}.{}",
            base64(target.signer.sign(signed.as_bytes()))
        ));
        tokens
    })
    .await;
}

#[tokio::test]
async fn large_and_deep_tokens_are_refused_at_once() {
    let begun = Instant::now();
    all_refuse(|target| {
        let header = target.header().to_string();
        let claims = target.claims().to_string();
        let within = |json: &str, value: &str| json.replacen('{', &format!("{{\"x\":{value},"), 1);
        let mebibyte = json!("a".repeat(1 << 20)).to_string();
        let longish = json!("a".repeat(7 * 1024)).to_string();
        let many = (0..200_000)
            .map(|n| format!("\"m{n}\":0"))
            .collect::<Vec<_>>()
            .join(",");
        let mut tokens = vec![target.signer.token(&format!("{{{many}}}"), &claims)];
        for value in [
            mebibyte,
            longish,
            "[".repeat(5_000),
            "{\"a\":".repeat(1_000),
            format!("{}1{}", "[".repeat(2_000), "]".repeat(2_000)),
            format!("{}1{}", "[".repeat(500_000), "]".repeat(500_000)),
            format!("1{}", "0".repeat(5_000)),
            format!("1e{}", "9".repeat(5_000)),
        ] {
            tokens.push(target.signer.token(&within(&header, &value), &claims));
            tokens.push(target.signer.token(&header, &within(&claims, &value)));
        }
        tokens.push("a".repeat(1 << 20));
        tokens.push(".".repeat(8_000));
        tokens.push(".".repeat(1 << 20));
        tokens
    })
    .await;
    assert!(begun.elapsed() < Duration::from_secs(20));
}
