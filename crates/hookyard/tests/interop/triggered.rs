//! What `hookyard trigger` sends is accepted by the provider's own package.

use crate::packages::{Packages, Registry};
use crate::support::program;

/// Those of the most used providers that have a package which verifies.
const PROVIDERS: &[&str] =
    &["github", "sendgrid", "slack", "standard-webhooks", "stripe", "twilio"];

#[test]
fn packages_of_npm_verify_what_trigger_sends() {
    let packages = Packages::start(Registry::Npm);
    let cases = packages.cases();
    for provider in PROVIDERS {
        let case = cases.iter().find(|case| case.provider == *provider).unwrap();
        let to = format!("http://{}/verify/{provider}", packages.address);
        for (secret, accepted) in [(case.signing_secret.as_str(), true), (other(provider), false)] {
            let arguments = ["trigger", provider, "--to", &to, "--secret", secret];
            let ran = program().args(arguments).output().unwrap();
            let says = String::from_utf8_lossy(&ran.stdout);
            let status = if accepted { "200 OK" } else { "401" };
            assert_eq!(ran.status.success(), accepted, "{provider}: {ran:?}");
            assert!(says.contains(status), "{provider}: {says}");
        }
        println!("{provider}: {}@{} verifies what trigger sends", case.package, case.version);
    }
}

/// A secret of the right form that the package does not know.
fn other(provider: &str) -> &'static str {
    match provider {
        "sendgrid" => OTHER_P256,
        "standard-webhooks" => "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD",
        _ => "another secret than the package has",
    }
}

/// A private key that was made for this test.
const OTHER_P256: &str = "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgys5O2I9f1gqIexygvFpVLySoRGikysLd84Uvjey96HahRANCAASzhJrKxCEjrNJmE+GRba2CV1ZrieFbPOaKI/dtRddCNRsqKWwi8i8wAH5nreB7EuqsMiFUO0iqhF8pl2Du44vg";
