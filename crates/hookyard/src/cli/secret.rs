//! `hookyard secret`: makes signing secrets.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::{Args, Subcommand};

use super::failure::Failure;
use super::out::Out;
use crate::clock::random_bytes;

/// The longest key that Standard Webhooks allows, in bytes.
const LONGEST: usize = 64;

/// Make signing secrets
#[derive(Args, Debug)]
pub(crate) struct Secret {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand, Debug)]
enum Verb {
    /// Print a new random secret in the form of Standard Webhooks, `whsec_…`
    Generate {
        /// How many random bytes it has, 24 to 64
        #[arg(long, default_value_t = 32, value_parser = clap::value_parser!(u8).range(24..=64))]
        bytes: u8,
    },
}

impl Secret {
    pub(crate) fn run(&self, out: Out) -> Result<(), Failure> {
        let Verb::Generate { bytes } = self.verb;
        out.line(generate(usize::from(bytes)))
    }
}

/// A new secret of that many random bytes.
pub(crate) fn generate(bytes: usize) -> String {
    let random = random_bytes::<LONGEST>();
    format!("whsec_{}", STANDARD.encode(random.get(..bytes).unwrap_or(&random)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_has_the_length_that_was_asked_for() {
        for bytes in [24, 32, 64] {
            let secret = generate(bytes);
            let encoded = secret.strip_prefix("whsec_").unwrap();
            assert_eq!(STANDARD.decode(encoded).unwrap().len(), bytes);
            assert_ne!(secret, generate(bytes));
        }
    }
}
