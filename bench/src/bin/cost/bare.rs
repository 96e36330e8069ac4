//! The operations behind the schemes, alone: no request, no encoding, no time.

use anyhow::{Result, anyhow};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_ASN1_SIGNING, ED25519, EcdsaKeyPair, Ed25519KeyPair,
    KeyPair as _, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair, UnparsedPublicKey,
    VerificationAlgorithm,
};
use sha1::Sha1;
use sha2::{Digest as _, Sha256, Sha512};

use crate::Case;
use crate::families::{RSA, body};

pub(crate) const SHA256: &str = "SHA-256";
pub(crate) const HMAC_SHA1: &str = "HMAC-SHA1";
pub(crate) const HMAC_SHA256: &str = "HMAC-SHA256";
pub(crate) const HMAC_SHA512: &str = "HMAC-SHA512";
pub(crate) const ED: &str = "Ed25519";
pub(crate) const ECDSA: &str = "ECDSA P-256";
pub(crate) const RSA_2048: &str = "RSA 2048";

/// Each over a body of this size.
pub(crate) fn cases(size: usize) -> Result<Vec<Case>> {
    let body = body(size);
    let random = SystemRandom::new();

    let pair = Ed25519KeyPair::generate_pkcs8(&random)
        .and_then(|der| Ok(Ed25519KeyPair::from_pkcs8(der.as_ref())?))
        .map_err(|_| anyhow!("cannot make an Ed25519 key"))?;
    let signature = pair.sign(&body);
    let ed = public(ED, &ED25519, pair.public_key().as_ref(), &body, signature.as_ref());

    let algorithm = &ECDSA_P256_SHA256_ASN1_SIGNING;
    let (key, signature) = EcdsaKeyPair::generate_pkcs8(algorithm, &random)
        .and_then(|der| Ok(EcdsaKeyPair::from_pkcs8(algorithm, der.as_ref(), &random)?))
        .and_then(|pair| Ok((pair.public_key().as_ref().to_vec(), pair.sign(&random, &body)?)))
        .map_err(|_| anyhow!("cannot make an ECDSA key"))?;
    let ecdsa = public(ECDSA, &ECDSA_P256_SHA256_ASN1, &key, &body, signature.as_ref());

    let base64: String = RSA.lines().filter(|line| !line.starts_with('-')).collect();
    let pair = RsaKeyPair::from_pkcs8(&STANDARD.decode(base64)?)
        .map_err(|error| anyhow!("cannot read the RSA key: {error}"))?;
    let mut signature = vec![0; pair.public().modulus_len()];
    pair.sign(&RSA_PKCS1_SHA256, &random, &body, &mut signature)
        .map_err(|_| anyhow!("cannot sign by RSA"))?;
    let key = pair.public().as_ref();
    let rsa = public(RSA_2048, &RSA_PKCS1_2048_8192_SHA256, key, &body, &signature);

    Ok(vec![
        case(SHA256, {
            let (body, expected) = (body.clone(), Sha256::digest(&body));
            move || Sha256::digest(&body) == expected
        }),
        mac::<Hmac<Sha256>>(HMAC_SHA256, &body)?,
        mac::<Hmac<Sha1>>(HMAC_SHA1, &body)?,
        mac::<Hmac<Sha512>>(HMAC_SHA512, &body)?,
        ed,
        ecdsa,
        rsa,
    ])
}

fn case(name: &str, run: impl Fn() -> bool + 'static) -> Case {
    Case { name: name.to_owned(), provider: "", bare: "", run: Box::new(run) }
}

/// With a key that is ready, as a verifier has it.
fn mac<M: Mac + KeyInit + Clone + 'static>(name: &str, body: &[u8]) -> Result<Case> {
    let keyed = <M as KeyInit>::new_from_slice(b"a secret, number 1")?;
    let (body, expected) =
        (body.to_vec(), keyed.clone().chain_update(body).finalize().into_bytes());
    Ok(case(name, move || keyed.clone().chain_update(&body).verify_slice(&expected).is_ok()))
}

fn public(
    name: &str,
    algorithm: &'static dyn VerificationAlgorithm,
    key: &[u8],
    body: &[u8],
    signature: &[u8],
) -> Case {
    let key = UnparsedPublicKey::new(algorithm, key.to_vec());
    let (body, signature) = (body.to_vec(), signature.to_vec());
    case(name, move || key.verify(&body, &signature).is_ok())
}
