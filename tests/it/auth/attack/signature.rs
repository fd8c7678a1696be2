//! J2: a signature that does not fit refuses the whole token.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RSA_PSS_SHA256, UnparsedPublicKey,
};
use kisenon::auth::identity::oidc;
use kisenon::auth::jwt::Algorithm;
use serde_json::json;

use crate::auth::forge::{Signer, Target, all_refuse, base64, sha256};

/// Order of the curve P-256 (FIPS 186-5).
const P256_ORDER: [u8; 32] = [
    0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
];

fn signed(target: &Target) -> String {
    target.good().rsplit_once('.').unwrap().0.to_owned()
}

fn with_signatures(target: &Target, signatures: Vec<Vec<u8>>) -> Vec<String> {
    let signed = signed(target);
    let token = |signature: Vec<u8>| format!("{signed}.{}", base64(signature));
    signatures.into_iter().map(token).collect()
}

#[tokio::test]
async fn j2_a_blank_short_long_or_foreign_signature_is_refused() {
    all_refuse(|target| {
        let right = target.signer.sign(signed(target).as_bytes());
        let algorithm = Algorithm::parse(target.signer.name()).unwrap();
        let stranger = Signer::stranger(algorithm).sign(signed(target).as_bytes());
        let other = target.signer.sign(b"something else");
        let mut signatures = vec![
            vec![],
            vec![0],
            vec![0xff; 64],
            stranger,
            other,
            right.repeat(2),
            right[1..].to_vec(),
            right[..right.len() - 1].to_vec(),
            right[..right.len() / 2].to_vec(),
            [&[0][..], &right].concat(),
            [&right[..], &[0]].concat(),
            right.iter().rev().copied().collect(),
            right.iter().map(|b| !b).collect(),
            sha256(signed(target).as_bytes()),
        ];
        signatures.extend([32, 64, 96, 256, 512].map(|length| vec![0; length]));
        signatures.extend([32, 64, 256].map(|length| vec![1; length]));
        with_signatures(target, signatures)
    })
    .await;
}

#[tokio::test]
async fn j2_psychic_signatures_are_refused() {
    let half = |byte: u8| {
        let mut bytes = [0; 32];
        bytes[31] = byte;
        bytes
    };
    let mut above = P256_ORDER;
    above[31] += 1;
    all_refuse(|target| {
        let mut signatures = Vec::new();
        for r in [half(0), half(1), P256_ORDER, above, [0xff; 32]] {
            for s in [half(0), half(1), P256_ORDER, above, [0xff; 32]] {
                signatures.push([r, s].concat());
            }
        }
        // DER of r = s = 0, and of Ed25519 a neutral point with s = 0.
        signatures.push(vec![0x30, 6, 2, 1, 0, 2, 1, 0]);
        let mut neutral = vec![0; 64];
        neutral[0] = 1;
        signatures.push(neutral);
        with_signatures(target, signatures)
    })
    .await;
}

#[tokio::test]
async fn j2_ecdsa_signatures_have_one_encoding() {
    let target = Target::issuer("id token, ES256", Algorithm::Es256).await;
    let Signer::Ec(key) = &target.signer else {
        panic!("another key");
    };
    let message = signed(&target);
    let right = target.signer.sign(message.as_bytes());
    let integer = |bytes: &[u8]| {
        let bytes = &bytes[bytes.iter().position(|b| *b != 0).unwrap_or(31)..];
        let fill = if bytes[0] > 0x7f { &[0][..] } else { &[] };
        [&[2, (bytes.len() + fill.len()) as u8][..], fill, bytes].concat()
    };
    let inner = [integer(&right[..32]), integer(&right[32..])].concat();
    let der = [&[0x30, inner.len() as u8][..], &inner].concat();
    // It is a signature of the message, but not in the encoding of JWS.
    use aws_lc_rs::signature::KeyPair as _;
    let public = UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, key.public_key().as_ref());
    public.verify(message.as_bytes(), &der).unwrap();
    let padded = [&[0][..], &right[..32], &[0], &right[32..]].concat();
    let swapped = [&right[32..], &right[..32]].concat();
    for token in with_signatures(&target, vec![der, padded, swapped]) {
        assert!(!target.accepts(&token).await);
    }
}

#[tokio::test]
async fn j5_the_second_spelling_of_an_ecdsa_signature_is_the_same_token() {
    let target = Target::issuer("id token, ES256", Algorithm::Es256).await;
    let token = target.good();
    let right = target.signer.sign(signed(&target).as_bytes());
    // (r, n - s) verifies whenever (r, s) does.
    let mut mirrored = right.clone();
    let mut borrow = 0;
    for place in (0..32).rev() {
        let difference = i16::from(P256_ORDER[place]) - i16::from(right[32 + place]) - borrow;
        borrow = i16::from(difference < 0);
        mirrored[32 + place] = difference.rem_euclid(256) as u8;
    }
    let spellings = with_signatures(&target, vec![right, mirrored]);
    assert_ne!(spellings[0], spellings[1]);
    for spelling in spellings {
        assert!(target.accepts(&spelling).await);
        assert_eq!(oidc::digest(&spelling), oidc::digest(&token));
    }
}

#[tokio::test]
async fn j1_rsa_signatures_with_another_padding_or_digest_are_refused() {
    let target = Target::issuer("id token, RS256", Algorithm::Rs256).await;
    let Signer::Rsa(key) = &target.signer else {
        panic!("another key");
    };
    let message = signed(&target);
    let sign = |padding| {
        let mut signature = vec![0; key.public_modulus_len()];
        let random = SystemRandom::new();
        key.sign(padding, &random, message.as_bytes(), &mut signature)
            .unwrap();
        signature
    };
    let signatures = vec![
        sign(&RSA_PKCS1_SHA384),
        sign(&RSA_PKCS1_SHA512),
        sign(&RSA_PSS_SHA256),
    ];
    for token in with_signatures(&target, signatures) {
        assert!(!target.accepts(&token).await);
    }
    for name in ["RS384", "RS512", "PS256"] {
        assert!(
            !target
                .accepts(&target.token(&json!({"alg": name}), &json!({})))
                .await
        );
    }
}

#[tokio::test]
async fn j2_each_single_bit_flip_is_refused() {
    for target in Target::all().await {
        let token = target.good();
        assert!(target.accepts(&token).await);
        for bit in 0..token.len() * 8 {
            let mut bytes = token.clone().into_bytes();
            bytes[bit / 8] ^= 1 << (bit % 8);
            // What is no text never gets so far.
            let Ok(flipped) = String::from_utf8(bytes) else {
                continue;
            };
            assert!(
                !target.accepts(&flipped).await,
                "{}: bit {bit}",
                target.name
            );
        }
        assert!(target.accepts(&token).await);
    }
}
