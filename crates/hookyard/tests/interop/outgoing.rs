//! What the hub signs for a destination of ours is accepted by those who wrote Standard Webhooks.

use std::fmt::Write as _;

use crate::packages::{Packages, Registry, send};
use crate::support::Hub;

#[test]
fn packages_of_npm_verify_what_the_hub_delivers() {
    verify_deliveries(Registry::Npm);
}

#[test]
fn packages_of_pypi_verify_what_the_hub_delivers() {
    verify_deliveries(Registry::PyPi);
}

/// Two destinations for each package: one with the secret that it verifies with, one with another.
fn verify_deliveries(registry: Registry) {
    const OTHER: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
    let packages = Packages::start(registry);
    let cases = packages.cases();
    let mut sections = String::from("[sources.shop]\nprovider = \"generic\"\nverify = \"none\"\n");
    let mut names = Vec::new();
    for provider in ["standard-webhooks", "svix"] {
        let case = cases.iter().find(|case| case.provider == provider).unwrap();
        for (name, secret) in [("right", case.secret.as_str()), ("wrong", OTHER)] {
            names.push(format!("{provider}-{name}"));
            write!(
                sections,
                "[destinations.{provider}-{name}]\nurl = \"http://{}/verify/{provider}\"\n\
                 secret = \"{secret}\"\nretry = {{ attempts = 1 }}\n",
                packages.address
            )
            .unwrap();
        }
    }
    writeln!(sections, "[[routes]]\nfrom = \"shop\"\nto = {names:?}").unwrap();

    let hub = Hub::start(&sections);
    let body = "{\"type\":\"order.paid\", \"text\":\"häagen ♥\",\"n\":1.0}\n";
    let headers = [("content-type", "application/json")];
    let reply = send(hub.ingest, "POST", "/webhook/shop", &headers, body.as_bytes());
    let event = reply.json()["event_id"].as_str().unwrap().to_owned();

    let deliveries = || {
        let (_, event) = hub.api("GET", &format!("/api/v1/events/{event}"), None);
        event["deliveries"].as_array().unwrap().clone()
    };
    hub.wait_until("all deliveries are done", || {
        deliveries().iter().all(|delivery| delivery["state"] != "pending")
    });
    let deliveries = deliveries();
    assert_eq!(deliveries.len(), names.len());
    for delivery in deliveries {
        let destination = delivery["destination"].as_str().unwrap();
        let expected = if destination.ends_with("right") { "succeeded" } else { "dead_letter" };
        assert_eq!(delivery["state"], expected, "{delivery}");
        println!("{registry:?}: {destination}: {expected}");
    }
}
