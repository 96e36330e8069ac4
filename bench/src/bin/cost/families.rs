//! A provider for every family of schemes, with a request that it has signed.

use anyhow::{Context as _, Result, anyhow};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hookyard_signature::{Options, Received, Secret, UnixSeconds, Verifier, provider};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair};

use crate::Case;
use crate::bare::{ECDSA, ED, HMAC_SHA1, HMAC_SHA256, HMAC_SHA512, RSA_2048};

/// A private key for tests, which signs nothing that anyone accepts.
pub(crate) const RSA: &str =
    include_str!("../../../../crates/signature/tests/proof/keys/test-only-rsa-1.pem");

const NOW: UnixSeconds = UnixSeconds(1_700_000_000);
const URL: &str = "https://hooks.example.com/webhook/orders";
const TEXT: &[&str] = &["a secret of thirty-two characters"];
const STANDARD_WEBHOOKS: &[&str] = &[
    "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD",
    "whsec_plJ3nmyCDGBKInavdOK15jsl41pqOKDJ",
];

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";

/// A kind of request.
struct Family<'a> {
    name: &'a str,
    provider: &'static str,
    bare: &'static str,
    /// The request is signed with the last of them.
    secrets: &'a [&'a str],
    settings: &'a [(&'a str, &'a str)],
    content_type: &'a str,
    body: &'a [u8],
}

/// A JSON body of this many bytes.
pub(crate) fn body(size: usize) -> Vec<u8> {
    let (start, end) = (r#"{"id":"evt_1","type":"invoice.paid","text":""#, r#""}"#);
    let filling = "x".repeat(size.saturating_sub(start.len() + end.len()));
    format!("{start}{filling}{end}").into_bytes()
}

/// Parameters of a message as Twilio sends them, this many bytes in all.
fn form(size: usize) -> Vec<u8> {
    let mut form = "ToCountry=US&SmsMessageSid=SM1&NumMedia=0&FromZip=94107&SmsStatus=received&To=%2B15550001111&From=%2B15550002222&ApiVersion=2010-04-01&Body=".to_owned();
    form.push_str(&"x".repeat(size.saturating_sub(form.len())));
    form.into_bytes()
}

/// A batch of Adyen's, ten items.
fn batch() -> Vec<u8> {
    let item = |number: u32| {
        format!(
            r#"{{"NotificationRequestItem":{{"amount":{{"currency":"EUR","value":{number}}},"eventCode":"AUTHORISATION","merchantAccountCode":"Shop","merchantReference":"order-{number}","pspReference":"79140733813422{number}","success":"true"}}}}"#
        )
    };
    let items: Vec<_> = (10..20).map(item).collect();
    format!(r#"{{"live":"false","notificationItems":[{}]}}"#, items.join(",")).into_bytes()
}

/// All of them, with bodies of this size where the size is ours to choose.
pub(crate) fn cases(size: usize) -> Result<Vec<Case>> {
    let random = SystemRandom::new();
    let ed25519 = Ed25519KeyPair::generate_pkcs8(&random);
    let ed25519 = STANDARD.encode(ed25519.map_err(|_| anyhow!("cannot make an Ed25519 key"))?);
    let p256 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random);
    let p256 = STANDARD.encode(p256.map_err(|_| anyhow!("cannot make an ECDSA key"))?);
    let (ed25519, p256, rsa) = ([&*ed25519], [&*p256], [RSA]);
    let (body, form, batch) = (body(size), form(size), batch());

    let of = |name, provider, bare, secrets| Family {
        name,
        provider,
        bare,
        secrets,
        settings: &[],
        content_type: JSON,
        body: &body,
    };
    let push =
        &[("audience", URL), ("service_account", "pusher@example.iam.gserviceaccount.com")][..];
    let hexadecimal = &["00112233445566778899aabbccddeeff"][..];
    [
        of("HMAC-SHA256, hexadecimal", "github", HMAC_SHA256, TEXT),
        of("HMAC-SHA256, base64", "shopify", HMAC_SHA256, TEXT),
        of("HMAC-SHA256 with the time, in fields", "stripe", HMAC_SHA256, TEXT),
        of("HMAC-SHA256 with the time, in headers", "slack", HMAC_SHA256, TEXT),
        of("HMAC-SHA256 with the URL", "square", HMAC_SHA256, TEXT),
        of(
            "Standard Webhooks",
            "standard-webhooks",
            HMAC_SHA256,
            STANDARD_WEBHOOKS.get(..1).unwrap_or_default(),
        ),
        of(
            "Standard Webhooks, the last of 3 secrets",
            "standard-webhooks",
            HMAC_SHA256,
            STANDARD_WEBHOOKS,
        ),
        of("HMAC-SHA1", "vercel", HMAC_SHA1, TEXT),
        of("HMAC-SHA512", "paystack", HMAC_SHA512, TEXT),
        of("Ed25519", "discord", ED, &ed25519),
        of("ECDSA P-256", "sendgrid", ECDSA, &p256),
        of("RSA 2048", "wise", RSA_2048, &rsa),
        of("JWT HS256 with the body's hash", "netlify", HMAC_SHA256, TEXT),
        Family { settings: push, ..of("JWT RS256", "gcp-pubsub", RSA_2048, &rsa) },
        of("JWT ES256 with the body's hash", "plaid", ECDSA, &p256),
        Family {
            content_type: FORM,
            body: &form,
            ..of("sorted form and URL", "twilio", HMAC_SHA1, TEXT)
        },
        Family { body: &batch, ..of("batch of 10 items", "adyen", HMAC_SHA256, hexadecimal) },
        of("token", "gitlab", HMAC_SHA256, TEXT),
        of("HTTP basic", "basic", HMAC_SHA256, &["user:a password of some length"]),
    ]
    .into_iter()
    .map(|family| family.case().with_context(|| format!("cannot set up {}", family.name)))
    .collect()
}

impl Family<'_> {
    fn verifier(&self, secrets: &[&str]) -> Result<Verifier> {
        let secrets =
            secrets.iter().map(|secret| Secret::new(*secret)).collect::<Result<_, _>>()?;
        let settings = self.settings.iter().map(|(name, value)| ((*name).into(), (*value).into()));
        let options = Options { settings: settings.collect(), ..Options::default() };
        let provider = provider(self.provider).context("there is no such provider")?;
        Ok(provider.verifier(secrets, &options)?)
    }

    /// Signs a request, with the headers around it that there usually are.
    fn case(&self) -> Result<Case> {
        let mut headers: Vec<(String, Vec<u8>)> = [
            ("Host", "hooks.example.com"),
            ("User-Agent", "Provider-Hooks/1.0"),
            ("Accept", "*/*"),
            ("Accept-Encoding", "gzip"),
            ("Content-Type", self.content_type),
            ("Content-Length", "2048"),
            ("X-Forwarded-For", "192.0.2.1"),
            ("X-Forwarded-Proto", "https"),
            ("X-Request-Id", "8c5f36b4-54c4-4f4b-a2ec-5a4a0a4f1e53"),
        ]
        .map(|(name, value)| (name.to_owned(), value.into()))
        .into();
        let last = self.secrets.last().map(std::slice::from_ref).unwrap_or_default();
        let unsigned = Received { method: "POST", url: URL, headers: &headers, body: self.body };
        let proof = self.verifier(last)?.sign(&unsigned, "msg_1", NOW)?;
        headers.extend(proof.headers.into_iter().map(|(name, value)| (name.into(), value.into())));
        let body = proof.body.unwrap_or_else(|| self.body.to_vec());
        let url = proof.url.unwrap_or_else(|| URL.to_owned());
        let verifier = self.verifier(self.secrets)?;
        let run = move || {
            let request = Received { method: "POST", url: &url, headers: &headers, body: &body };
            verifier.verify(&request, NOW).is_ok()
        };
        Ok(Case {
            name: self.name.to_owned(),
            provider: self.provider,
            bare: self.bare,
            run: Box::new(run),
        })
    }
}
