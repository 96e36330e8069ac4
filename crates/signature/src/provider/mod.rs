//! The table of providers: one entry each, grouped in files by what they do.
//!
//! To add one: an entry in the file of its category, a line in [`PROVIDERS`], a file in
//! `vectors/`. The tests and the documentation follow from the table.

mod ai;
mod auth;
mod billing;
mod chat;
mod ci;
mod commerce;
mod content;
mod email;
mod fintech;
mod generic;
mod hr;
mod marketing;
mod monitoring;
mod payments;
mod platform;
mod productivity;
mod project;
mod realtime;
mod scm;
mod social;
mod telephony;

use crate::fact::Fact;
use crate::handshake::{Handshake, Responder};
use crate::items::{Item, Items, TooManyItems};
use crate::scheme::Scheme;
use crate::{ConfigurationError, Options, Received, Secret, Verifier};

/// A service that sends webhooks, and how.
#[derive(Debug)]
pub struct Provider {
    /// What it is called in configurations.
    pub slug: &'static str,
    /// What it calls itself.
    pub name: &'static str,
    /// What it does.
    pub category: Category,
    /// Where it documents its signatures.
    pub docs: &'static str,
    /// How sure we are of what stands here.
    pub confidence: Confidence,
    /// How it signs.
    pub scheme: Scheme,
    /// What it needs beside the secret, each under its name in [`Options::settings`].
    pub settings: &'static [Setting],
    /// Where its events have their ids.
    pub event_id: Fact,
    /// Where its events say of what type they are.
    pub event_type: Fact,
    /// Where a request has its events, if it carries several. The two facts above are of the
    /// request as a whole.
    pub items: Option<Items>,
    /// What it asks before it sends events.
    pub handshake: Option<Handshake>,
    /// Which answer it expects, and how soon; empty where it is not known.
    pub answer: &'static str,
    /// What it does when it does not get it; empty where it is not known.
    pub retries: &'static str,
    /// What one has to know: a trap, what the proof does not cover, what is not certain. Empty
    /// where there is nothing.
    pub note: &'static str,
}

/// A setting that a provider's scheme needs beside the secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Setting {
    /// What it is called in configurations.
    pub name: &'static str,
    /// Whether nothing can be verified without it.
    pub required: bool,
    /// What it is, in a sentence.
    pub about: &'static str,
}

/// How sure we are of a provider's entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Confidence {
    /// The scheme is not known; what stands here is the generic one.
    Unknown,
    /// By the word of others than the provider.
    Unconfirmed,
    /// By the provider's documentation.
    Documented,
    /// A test value that the provider publishes was recomputed, or its own package was run.
    Proven,
}

/// What a provider does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Category {
    /// Models, and what is made with them.
    Ai,
    /// Who someone is: sign-in, identity, abuse.
    Auth,
    /// Subscriptions, invoices and books.
    Billing,
    /// Conversations.
    Chat,
    /// Builds and packages.
    Ci,
    /// Shops, and what brings the goods.
    Commerce,
    /// Texts, pictures, film and design.
    Content,
    /// Mail.
    Email,
    /// Banks and cards.
    Fintech,
    /// Schemes that many services use.
    Generic,
    /// People at work.
    Hr,
    /// Customers: marketing, sales and support.
    Marketing,
    /// Alerts and errors.
    Monitoring,
    /// Money.
    Payments,
    /// Where programs run: hosting, clouds, databases.
    Platform,
    /// Documents, calendars, forms and files.
    Productivity,
    /// Tasks and issues.
    Project,
    /// What has to be there at once.
    Realtime,
    /// Source code.
    Scm,
    /// Social networks.
    Social,
    /// Calls and text messages.
    Telephony,
}

/// All providers, sorted by slug.
pub static PROVIDERS: &[Provider] = &[
    realtime::ABLY,
    payments::ADYEN,
    payments::ADYEN_PLATFORM,
    payments::AFFIRM,
    commerce::AFTERSHIP,
    marketing::AIRSHIP,
    productivity::AIRTABLE,
    payments::AIRWALLEX,
    platform::ALCHEMY,
    ai::ANTHROPIC,
    project::ASANA,
    auth::AUTH0_LOG_STREAM,
    payments::AUTHORIZE_NET,
    content::AUTODESK,
    platform::AWS_SNS,
    platform::AZURE_EVENT_GRID,
    telephony::BANDWIDTH,
    generic::BASIC,
    commerce::BIGCOMMERCE,
    scm::BITBUCKET,
    payments::BOLT,
    productivity::BOX,
    payments::BRAINTREE,
    email::BREVO,
    fintech::BREX,
    payments::BTCPAY,
    ci::BUILDKITE,
    productivity::CAL_COM,
    productivity::CALENDLY,
    auth::CASTLE,
    billing::CHARGEBEE,
    billing::CHARGIFY,
    payments::CHECKOUT_COM,
    hr::CHECKR,
    ci::CIRCLECI,
    marketing::CLEARBIT,
    auth::CLERK,
    project::CLICKUP,
    generic::CLOUDEVENTS,
    payments::COINBASE_COMMERCE,
    platform::CONFIGCAT,
    content::CONTENTFUL,
    productivity::CRONOFY,
    ai::CURSOR,
    marketing::CUSTOMER_IO,
    monitoring::DATADOG,
    ai::DEEPGRAM,
    chat::DISCORD,
    ci::DOCKER_HUB,
    productivity::DOCUSIGN,
    platform::DOPPLER,
    productivity::DROPBOX,
    fintech::DWOLLA,
    commerce::EBAY,
    ai::ELEVENLABS,
    commerce::ETSY,
    ai::FAL_AI,
    content::FIGMA,
    hr::FINCH,
    payments::FLUTTERWAVE,
    content::FRAMEIO,
    marketing::FRONT,
    auth::FUSIONAUTH,
    platform::GCP_PUBSUB,
    ai::GEMINI,
    generic::GENERIC,
    scm::GITEA,
    scm::GITHUB,
    scm::GITLAB,
    scm::GITLAB_SIGNING_TOKEN,
    hr::GO1,
    payments::GOCARDLESS,
    scm::GOGS,
    monitoring::GRAFANA,
    platform::HEROKU,
    generic::HOOK0,
    generic::HOSTEDHOOKS,
    marketing::HUBSPOT,
    content::HYGRAPH,
    monitoring::INCIDENT_IO,
    fintech::INCREASE,
    marketing::INTERCOM,
    project::JIRA,
    project::JIRA_CONNECT,
    billing::KEYGEN,
    social::KICK,
    auth::KINDE,
    payments::KLARNA,
    marketing::KLAVIYO,
    realtime::KNOCK,
    content::KONTENT_AI,
    platform::LAUNCHDARKLY,
    payments::LEMONSQUEEZY,
    chat::LINE,
    project::LINEAR,
    social::LINKEDIN,
    fintech::LITHIC,
    realtime::LIVEBLOCKS,
    email::MAILCHANNELS,
    marketing::MAILCHIMP,
    email::MAILERSEND,
    email::MAILGUN,
    email::MANDRILL,
    payments::MERCADO_PAGO,
    telephony::MESSAGEBIRD,
    social::META,
    productivity::MICROSOFT_GRAPH,
    chat::MICROSOFT_TEAMS,
    fintech::MODERN_TREASURY,
    payments::MOLLIE,
    project::MONDAY,
    platform::MONGODB_APP_SERVICES,
    platform::MONGODB_ATLAS,
    content::MUX,
    platform::NETLIFY,
    productivity::NOTION,
    ci::NPM,
    productivity::NYLAS,
    auth::OKTA_EVENT_HOOK,
    auth::ONFIDO,
    commerce::ONFLEET,
    ai::OPENAI,
    billing::ORB,
    social::ORBIT,
    payments::PADDLE,
    monitoring::PAGERDUTY,
    payments::PAYPAL,
    payments::PAYSTACK,
    auth::PERSONA,
    fintech::PINWHEEL,
    fintech::PLAID,
    telephony::PLIVO,
    payments::POLAR,
    email::POSTAL,
    email::POSTMARK,
    payments::PRIMER,
    realtime::PUSHER,
    billing::QUICKBOOKS,
    fintech::RAMP,
    payments::RAZORPAY,
    billing::RECURLY,
    platform::RENDER,
    ai::REPLICATE,
    email::RESEND,
    content::SANITY,
    marketing::SEGMENT,
    chat::SENDBIRD,
    email::SENDGRID,
    monitoring::SENTRY,
    commerce::SHOPIFY,
    auth::SIGNAL_SCIENCES,
    telephony::SINCH_CONVERSATION,
    telephony::SINCH_VOICE,
    chat::SLACK,
    ci::SONATYPE_NEXUS,
    email::SPARKPOST,
    payments::SQUARE,
    commerce::SQUARESPACE,
    generic::STANDARD_WEBHOOKS,
    payments::STRIPE,
    auth::STYTCH,
    auth::SUPABASE_AUTH_HOOKS,
    generic::SVIX,
    platform::TAILSCALE,
    chat::TELEGRAM,
    telephony::TELNYX,
    platform::TERRAFORM_CLOUD,
    social::TIKTOK,
    generic::TOKEN,
    ci::TRAVIS_CI,
    project::TRELLO,
    auth::TRENDMICRO_CONFORMITY,
    telephony::TWILIO,
    social::TWITCH,
    productivity::TYPEFORM,
    platform::VERCEL,
    auth::VERIFF,
    chat::VIBER,
    auth::VMWARE_WORKSPACE_ONE,
    telephony::VONAGE,
    chat::WEBEX,
    content::WEBFLOW,
    fintech::WISE,
    commerce::WOOCOMMERCE,
    auth::WORKOS,
    payments::WORLDLINE_CONNECT,
    social::X_TWITTER,
    billing::XERO,
    marketing::ZENDESK,
    chat::ZOOM,
];

/// The provider that is called `slug` in configurations.
pub fn provider(slug: &str) -> Option<&'static Provider> {
    let index = PROVIDERS.binary_search_by_key(&slug, |provider| provider.slug).ok()?;
    PROVIDERS.get(index)
}

impl Provider {
    /// A verifier for this provider's scheme as it stands in the table.
    ///
    /// # Errors
    ///
    /// As [`Verifier::new`].
    pub fn verifier(
        &self,
        secrets: Vec<Secret>,
        options: &Options,
    ) -> Result<Verifier, ConfigurationError> {
        Verifier::new(&self.scheme, secrets, options)
    }

    /// The provider's own id of the event, by which repeats are told. Not covered by the
    /// signature unless [`crate::Covers`] says so.
    pub fn event_id(&self, request: &Received<'_>) -> Option<String> {
        self.event_id.find(request)
    }

    /// The type of the event, dotted where it has levels: `invoice.paid`.
    pub fn event_type(&self, request: &Received<'_>) -> Option<String> {
        self.event_type.find(request)
    }

    /// The events that a request carries, where this provider sends several at a time. None where
    /// the request is one event as it stands: so is what is not JSON, what has another form than
    /// the provider's, and an empty list.
    ///
    /// # Errors
    ///
    /// [`TooManyItems`] above 10,000: whoever splits it must be able to keep them all at once.
    pub fn items(&self, request: &Received<'_>) -> Result<Vec<Item>, TooManyItems> {
        let Some(items) = &self.items else { return Ok(Vec::new()) };
        items.of(request, self.event_id(request).as_deref())
    }

    /// What answers this provider's questions; `None` for one that asks none. Some answers need
    /// a secret or a setting, which are looked for when such a question comes.
    pub fn responder(&'static self, secrets: Vec<Secret>, options: &Options) -> Option<Responder> {
        Some(Responder::new(self.handshake?, &self.scheme, secrets, options))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_are_sorted_and_found() {
        assert!(PROVIDERS.windows(2).all(|pair| pair[0].slug < pair[1].slug));
        for entry in PROVIDERS {
            assert_eq!(provider(entry.slug).map(|found| found.slug), Some(entry.slug));
        }
        assert!(provider("GitHub").is_none());
    }
}
