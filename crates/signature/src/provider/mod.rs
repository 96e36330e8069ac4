//! The table of providers: one entry each, grouped in files by what they do.
//!
//! To add one: an entry in the file of its category, with its name in that file's `ALL`, and a
//! file in `vectors/`. The tests and the documentation follow (`docs/add-a-provider.md`).

mod ai;
mod alias;
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

use self::alias::ALIASES;
use crate::fact::Fact;
use crate::handshake::{Handshake, Responder};
use crate::items::{Item, Items, NotSplit};
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

/// The entries of each category.
const CATEGORIES: &[&[&Provider]] = &[
    ai::ALL,
    auth::ALL,
    billing::ALL,
    chat::ALL,
    ci::ALL,
    commerce::ALL,
    content::ALL,
    email::ALL,
    fintech::ALL,
    generic::ALL,
    hr::ALL,
    marketing::ALL,
    monitoring::ALL,
    payments::ALL,
    platform::ALL,
    productivity::ALL,
    project::ALL,
    realtime::ALL,
    scm::ALL,
    social::ALL,
    telephony::ALL,
];

/// All providers, sorted by slug.
pub static PROVIDERS: &[&Provider] = &sorted::<{ count(CATEGORIES) }>(CATEGORIES);

const fn count(mut categories: &[&[&Provider]]) -> usize {
    let mut count = 0;
    while let [first, rest @ ..] = categories {
        count += first.len();
        categories = rest;
    }
    count
}

/// One list of all of them, which the compiler puts in order, so that nobody has to.
#[expect(clippy::indexing_slicing, reason = "it is the compiler that would panic")]
const fn sorted<const COUNT: usize>(
    mut categories: &[&[&'static Provider]],
) -> [&'static Provider; COUNT] {
    let mut all = [categories[0][0]; COUNT];
    let mut filled = 0;
    while let [mut category, ref rest @ ..] = *categories {
        while let [provider, others @ ..] = category {
            let mut place = filled;
            while place > 0 && is_before(provider.slug.as_bytes(), all[place - 1].slug.as_bytes()) {
                all[place] = all[place - 1];
                place -= 1;
            }
            all[place] = provider;
            filled += 1;
            category = others;
        }
        categories = rest;
    }
    all
}

/// `one < other`, which cannot be written so in what the compiler evaluates.
const fn is_before(mut one: &[u8], mut other: &[u8]) -> bool {
    while let ([first, rest @ ..], [second, others @ ..]) = (one, other) {
        if *first != *second {
            return *first < *second;
        }
        (one, other) = (rest, others);
    }
    one.len() < other.len()
}

/// The provider of this name: its slug, or another that people know it by ([`Provider::aliases`]).
pub fn provider(name: &str) -> Option<&'static Provider> {
    let alias = ALIASES.iter().find(|(alias, _)| *alias == name);
    let slug = alias.map_or(name, |(_, slug)| slug);
    let index = PROVIDERS.binary_search_by_key(&slug, |provider| provider.slug).ok()?;
    PROVIDERS.get(index).copied()
}

impl Provider {
    /// Other names by which [`provider`] finds it, such as `facebook` for Meta.
    pub fn aliases(&self) -> impl Iterator<Item = &'static str> {
        let own = ALIASES.iter().filter(|(_, slug)| *slug == self.slug);
        own.map(|(alias, _)| *alias)
    }

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
    /// There are more than 10,000, since whoever splits it must be able to keep them all at once;
    /// or one of them is no object. The request is then one event as it stands.
    pub fn items(&self, request: &Received<'_>) -> Result<Vec<Item>, NotSplit> {
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

    #[test]
    fn other_names_are_nobodys_slug_and_lead_to_one() {
        assert!(ALIASES.windows(2).all(|pair| pair[0].0 < pair[1].0));
        for (alias, slug) in ALIASES {
            assert_eq!(provider(alias).map(|found| found.slug), Some(*slug), "{alias}");
            assert!(PROVIDERS.iter().all(|provider| provider.slug != *alias), "{alias}");
        }
        let meta: Vec<_> = provider("whatsapp").unwrap().aliases().collect();
        assert_eq!(meta, ["facebook", "instagram", "messenger", "whatsapp"]);
    }
}
