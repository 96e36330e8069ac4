//! What providers publish, from a server of the test: the public halves of the keys with which the
//! tests sign. Every source of theirs is verified with keys that the hub has fetched.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use hookyard_signature::{Provider, Scheme};
use rcgen::{CertificateParams, DnType, KeyPair};
use serde_json::{Value, json};

use crate::support::{Request, Server};
use crate::trigger::{ED25519_PRIVATE, P256_PRIVATE, P256_PUBLIC, RSA_PRIVATE, secrets, settings};

/// The public half of [`ED25519_PRIVATE`], from the same example.
const ED25519_PUBLIC: &str = "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=";
const OTHER_RSA: &str = include_str!("../../../signature/tests/proof/keys/test-only-rsa-2.pem");
const OTHER_P256: &str = include_str!("../../../signature/tests/proof/keys/test-only-p256-2.pem");
const OTHER_ED25519: &str =
    include_str!("../../../signature/tests/proof/keys/test-only-ed25519-2.pem");

/// A server of all of their keys.
pub(crate) fn key_server() -> Server {
    let pair = KeyPair::from_pem(RSA_PRIVATE).unwrap();
    let mut certificate = CertificateParams::new([]).unwrap();
    certificate.distinguished_name.push(DnType::CommonName, "messageverificationcerts.paypal.com");
    let certificate = certificate.self_signed(&pair).unwrap().pem();
    let rsa = pair.public_key_pem();
    let set = key_set(pair.public_key_raw());
    Server::scripted(move |request| (200, answer(request, &certificate, &rsa, &set)))
}

fn answer(request: &Request, certificate: &str, rsa: &str, set: &Value) -> String {
    let (path, _) = request.target.split_once('?').unwrap_or((&request.target, ""));
    let answer = match path {
        // eBay hands its key out for a token alone.
        "/identity/v1/oauth2/token" => json!({"access_token": "made-up", "expires_in": 7200}),
        _ if path.starts_with("/commerce/notification/v1/public_key/") => {
            assert_eq!(request.header("authorization"), Some("Bearer made-up"));
            json!({"key": P256_PUBLIC, "algorithm": "ECDSA", "digest": "SHA1"})
        }
        "/config" => json!({"config": {"notifications": {"webhook": {"public_key": rsa}}}}),
        "/tx/v1/webhook/public-key" => json!({"id": "mckey", "key": ED25519_PUBLIC}),
        _ if path.starts_with("/v1/notifications/certs/")
            || path.starts_with("/SimpleNotificationService-") =>
        {
            return certificate.to_owned();
        }
        _ => set.clone(),
    };
    answer.to_string()
}

/// All keys in one set. Which one a provider uses, its algorithm says.
fn key_set(rsa: &[u8]) -> Value {
    // `RSAPublicKey` of 2048 bits: two heads of four bytes and a zero, the modulus, the exponent.
    let (modulus, exponent) = rsa[9..].split_at(256);
    assert_eq!(exponent, [0x02, 0x03, 1, 0, 1]);
    let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let point = STANDARD.decode(P256_PUBLIC).unwrap();
    let (x, y) = point[point.len() - 64..].split_at(32);
    let ed25519 = STANDARD.decode(ED25519_PUBLIC).unwrap();
    json!({"keys": [
        {"kty": "RSA", "use": "sig", "n": text(modulus), "e": "AQAB"},
        {"kty": "EC", "use": "sig", "crv": "P-256", "x": text(x), "y": text(y)},
        {"kty": "OKP", "use": "sig", "crv": "Ed25519", "x": text(&ed25519[ed25519.len() - 32..])},
    ]})
}

/// Whether the provider publishes its keys.
pub(crate) fn is_published(provider: &Provider) -> bool {
    provider.scheme != Scheme::Unsigned && !provider.scheme.needs_secret()
}

/// A source without a secret, called `published-` and its provider.
pub(crate) fn section(provider: &Provider, server: &Server) -> String {
    let slug = provider.slug;
    let more: &[_] = match slug {
        "ebay" => &[("client_id", "OurApp-PRD-1"), ("client_secret", "our-cert-id")],
        "fusionauth" => &[("issuer", "https://auth.harbour.example")],
        "kinde" => &[("subdomain", "harbour")],
        "plaid" => &[("client_id", "our-client"), ("client_secret", "our-secret")],
        _ => &[],
    };
    let pair = |(name, value): &(&str, &str)| format!("{name} = {value:?}");
    let pairs: Vec<_> = settings(slug).iter().chain(more).map(pair).collect();
    format!(
        "[sources.published-{slug}]\nprovider = \"{slug}\"\nkeys_url = \"{}\"\nsettings = {{ {} }}\n",
        server.url(""),
        pairs.join(", ")
    )
}

/// A private key whose public half is published, and one of the same kind that nobody knows.
pub(crate) fn keys(provider: &Provider) -> (String, &'static str) {
    // FusionAuth signs with a shared secret as well, which cannot be published.
    let key = match provider.slug {
        "fusionauth" => P256_PRIVATE.to_owned(),
        _ => secrets(provider).expect("it signs").0,
    };
    let other = match &*key {
        P256_PRIVATE => OTHER_P256,
        ED25519_PRIVATE => OTHER_ED25519,
        _ => OTHER_RSA,
    };
    (key, other)
}
