//! What the tokens of each provider are.

use super::{At, BodyHash, Jwt, Published, Required, UrlHash, When};
use crate::bespoke::Bespoke;
use crate::encoding::Encoding;
use crate::jwt::JwsAlgorithm::{self, EdDsa, Es256, Hs256, Hs384, Hs512, Rs256};
use crate::scheme::Covers;

const HMAC: &[JwsAlgorithm] = &[Hs256, Hs384, Hs512];
const NOTHING: Covers =
    Covers { body: false, timestamp: false, id: false, method: false, url: false };

/// A token in a header of its own, signed with a shared secret, that claims nothing yet.
const fn shared(header: &'static str) -> Jwt {
    Jwt {
        place: At::Header(header),
        prefix: "",
        algorithms: &[Hs256],
        published: Published::No,
        claims: &[],
        body: None,
        url: None,
        issued: None,
        tolerance: None,
        expires: false,
    }
}

/// Issuer and body hash, by <https://docs.netlify.com/deploy/deploy-notifications/#payload-signature>.
static NETLIFY_JWT: Jwt = Jwt {
    claims: &[Required::OneOf("iss", &["netlify"])],
    body: Some(BodyHash { claim: "sha256", encoding: Encoding::Hex, when: When::Always }),
    ..shared("x-webhook-signature")
};
/// Netlify's tokens.
pub(crate) static NETLIFY: Bespoke = Bespoke {
    name: "Netlify's JSON Web Token",
    about: "a JSON Web Token (HS256) with the SHA-256 of the body in its claim `sha256`",
    headers: &["x-webhook-signature"],
    covers: Covers { body: true, ..NOTHING },
    tolerance: None,
    publishes_keys: false,
    build: |secrets, options| NETLIFY_JWT.build(&secrets, options),
};

/// By <https://developer.vonage.com/en/getting-started/concepts/webhooks#decoding-signed-webhooks>.
/// What the hash is of where there is no body says
/// <https://api.support.vonage.com/hc/en-us/articles/19033783342876>.
static VONAGE_JWT: Jwt = Jwt {
    prefix: "Bearer ",
    body: Some(BodyHash {
        claim: "payload_hash",
        encoding: Encoding::Hex,
        when: When::WithBodyOrQuery,
    }),
    issued: Some("iat"),
    tolerance: Some(300),
    ..shared("authorization")
};
/// Vonage's tokens.
pub(crate) static VONAGE: Bespoke = Bespoke {
    name: "Vonage's JSON Web Token",
    about: "a JSON Web Token (HS256) with the SHA-256 of the body in its claim `payload_hash`",
    headers: &["authorization"],
    covers: Covers { body: true, timestamp: true, ..NOTHING },
    tolerance: Some(300),
    publishes_keys: false,
    build: |secrets, options| VONAGE_JWT.build(&secrets, options),
};

/// By <https://developers.messagebird.com/api/#verifying-http-requests> and by MessageBird's own
/// library for Python (messagebird/python-rest-api `messagebird/request_validator.py`).
static MESSAGEBIRD_JWT: Jwt = Jwt {
    algorithms: HMAC,
    claims: &[Required::OneOf("iss", &["MessageBird"])],
    body: Some(BodyHash { claim: "payload_hash", encoding: Encoding::Hex, when: When::WithBody }),
    url: Some(UrlHash::Whole("url_hash")),
    issued: Some("nbf"),
    tolerance: Some(60),
    expires: true,
    ..shared("messagebird-signature-jwt")
};
/// MessageBird's tokens.
pub(crate) static MESSAGEBIRD: Bespoke = Bespoke {
    name: "MessageBird's JSON Web Token",
    about: "a JSON Web Token (HS256, HS384 or HS512) with the SHA-256 of the body in its claim `payload_hash` and that of the URL in `url_hash`",
    headers: &["messagebird-signature-jwt"],
    covers: Covers { body: true, url: true, timestamp: true, ..NOTHING },
    tolerance: Some(60),
    publishes_keys: false,
    build: |secrets, options| MESSAGEBIRD_JWT.build(&secrets, options),
};

/// By <https://developer.monday.com/apps/docs/integration-authorization>: five minutes of life, no
/// word before the token.
static MONDAY_JWT: Jwt = Jwt {
    claims: &[Required::Setting { claim: "aud", setting: "audience", is_required: true }],
    issued: Some("iat"),
    tolerance: Some(300),
    expires: true,
    ..shared("authorization")
};
/// monday.com's tokens.
pub(crate) static MONDAY: Bespoke = Bespoke {
    name: "monday.com's JSON Web Token",
    about: "a JSON Web Token (HS256) that names the receiver as its audience",
    headers: &["authorization"],
    covers: Covers { timestamp: true, ..NOTHING },
    tolerance: Some(300),
    publishes_keys: false,
    build: |secrets, options| MONDAY_JWT.build(&secrets, options),
};

/// By <https://fusionauth.io/docs/extend/events-and-webhooks/signing>. The operator chooses the
/// kind of the key; the secret or the published set says which one it is.
static FUSIONAUTH_JWT: Jwt = Jwt {
    algorithms: &[Hs256, Hs384, Hs512, Rs256, Es256, EdDsa],
    published: Published::FusionAuth,
    body: Some(BodyHash {
        claim: "request_body_sha256",
        encoding: Encoding::Base64,
        when: When::Always,
    }),
    ..shared("x-fusionauth-signature-jwt")
};
/// FusionAuth's tokens.
pub(crate) static FUSIONAUTH: Bespoke = Bespoke {
    name: "FusionAuth's JSON Web Token",
    about: "a JSON Web Token (the algorithm is the key's) with the SHA-256 of the body in its claim `request_body_sha256`",
    headers: &["x-fusionauth-signature-jwt"],
    covers: Covers { body: true, ..NOTHING },
    tolerance: None,
    publishes_keys: true,
    build: |secrets, options| FUSIONAUTH_JWT.build(&secrets, options),
};

/// By <https://plaid.com/docs/api/webhooks/webhook-verification/>.
static PLAID_JWT: Jwt = Jwt {
    algorithms: &[Es256],
    published: Published::Plaid,
    body: Some(BodyHash {
        claim: "request_body_sha256",
        encoding: Encoding::Hex,
        when: When::Always,
    }),
    issued: Some("iat"),
    tolerance: Some(300),
    ..shared("plaid-verification")
};
/// Plaid's tokens.
pub(crate) static PLAID: Bespoke = Bespoke {
    name: "Plaid's JSON Web Token",
    about: "a JSON Web Token (ES256) with the SHA-256 of the body in its claim `request_body_sha256`, by a published key",
    headers: &["plaid-verification"],
    covers: Covers { body: true, timestamp: true, ..NOTHING },
    tolerance: Some(300),
    publishes_keys: true,
    build: |secrets, options| PLAID_JWT.build(&secrets, options),
};

/// By <https://docs.kinde.com/integrate/webhooks/about-webhooks/>: the body is the token, and it
/// has no times.
static KINDE_JWT: Jwt =
    Jwt { place: At::Body, algorithms: &[Rs256], published: Published::Kinde, ..shared("") };
/// Kinde's tokens.
pub(crate) static KINDE: Bespoke = Bespoke {
    name: "Kinde's JSON Web Token",
    about: "a JSON Web Token (RS256), which is the whole body, by a published key",
    headers: &[],
    covers: Covers { body: true, ..NOTHING },
    tolerance: None,
    publishes_keys: true,
    build: |secrets, options| KINDE_JWT.build(&secrets, options),
};

/// By <https://developer.atlassian.com/cloud/jira/platform/understanding-jwt-for-connect-apps/>:
/// tokens live three minutes.
static JIRA_CONNECT_JWT: Jwt = Jwt {
    prefix: "JWT ",
    claims: &[Required::Setting { claim: "iss", setting: "client_key", is_required: false }],
    url: Some(UrlHash::Canonical("qsh")),
    issued: Some("iat"),
    tolerance: Some(180),
    expires: true,
    ..shared("authorization")
};
/// The tokens of Atlassian Connect.
pub(crate) static JIRA_CONNECT: Bespoke = Bespoke {
    name: "Atlassian Connect's JSON Web Token",
    about: "a JSON Web Token (HS256) with a hash of method, path and query in its claim `qsh`",
    headers: &["authorization"],
    covers: Covers { method: true, url: true, timestamp: true, ..NOTHING },
    tolerance: Some(180),
    publishes_keys: false,
    build: |secrets, options| JIRA_CONNECT_JWT.build(&secrets, options),
};

/// By <https://cloud.google.com/pubsub/docs/authenticate-push-subscriptions>: tokens live an hour.
/// Audience and service account are checked both: anyone can have Google sign for an audience.
static GCP_PUBSUB_JWT: Jwt = Jwt {
    place: At::Header("authorization"),
    prefix: "Bearer ",
    algorithms: &[Rs256],
    published: Published::At("https://www.googleapis.com/oauth2/v3/certs"),
    claims: &[
        Required::OneOf("iss", &["https://accounts.google.com", "accounts.google.com"]),
        Required::Setting { claim: "aud", setting: "audience", is_required: true },
        Required::Setting { claim: "email", setting: "service_account", is_required: true },
        Required::True("email_verified"),
    ],
    body: None,
    url: None,
    issued: Some("iat"),
    tolerance: Some(3600),
    expires: true,
};
/// Google's tokens for push subscriptions.
pub(crate) static GCP_PUBSUB: Bespoke = Bespoke {
    name: "Google's OpenID Connect token",
    about: "an OpenID Connect token of Google (RS256) for the audience and the service account in the settings",
    headers: &["authorization"],
    covers: Covers { timestamp: true, ..NOTHING },
    tolerance: Some(3600),
    publishes_keys: true,
    build: |secrets, options| GCP_PUBSUB_JWT.build(&secrets, options),
};
