//! Which addresses a request may go to, so that nobody can use Hookyard to reach what only
//! Hookyard's machine can reach (server-side request forgery).
//!
//! Decisions are made on parsed addresses, never on text: `::ffff:7f00:1`, `0x7f.1` and
//! `127.0.0.1` are one address. The connector asks [`refusal`] for each address that a name
//! resolves to, dials the very address that was checked, and asks once more about the peer it got.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use hookyard_model::Reach;
use ipnet::{Ipv4Net, Ipv6Net};

/// Why an address may not be reached; shown to people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Refusal(pub(crate) &'static str);

const METADATA: &str = "a cloud metadata service";

const fn v4(a: u8, b: u8, c: u8, d: u8, prefix: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), prefix)
}

const fn v6(segments: [u16; 4], prefix: u8) -> Ipv6Net {
    let [a, b, c, d] = segments;
    Ipv6Net::new_assert(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0), prefix)
}

/// Where the metadata services of clouds answer. Public and private addresses alike: no switch
/// for private networks opens these.
const METADATA_V4: [Ipv4Addr; 6] = [
    Ipv4Addr::new(169, 254, 169, 254), // AWS, Google, Azure, and most others
    Ipv4Addr::new(169, 254, 170, 2),   // AWS ECS tasks
    Ipv4Addr::new(169, 254, 170, 23),  // AWS EKS pod identity
    Ipv4Addr::new(100, 100, 100, 200), // Alibaba
    Ipv4Addr::new(168, 63, 129, 16),   // Azure WireServer
    Ipv4Addr::new(192, 0, 0, 192),     // Oracle
];

const METADATA_V6: [Ipv6Addr; 3] = [
    Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254), // AWS
    Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x23),  // AWS EKS pod identity
    Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254),  // Google
];

/// IPv4 that is not of the public Internet: IANA's special-purpose registry.
const SPECIAL_V4: [(Ipv4Net, &str); 17] = [
    (v4(0, 0, 0, 0, 8), "this network"),
    (v4(10, 0, 0, 0, 8), "a private network"),
    (v4(100, 64, 0, 0, 10), "shared address space (carrier-grade NAT)"),
    (v4(127, 0, 0, 0, 8), "loopback"),
    (v4(169, 254, 0, 0, 16), "link-local"),
    (v4(172, 16, 0, 0, 12), "a private network"),
    (v4(192, 0, 0, 0, 24), "reserved for protocols"),
    (v4(192, 0, 2, 0, 24), "for documentation"),
    (v4(192, 88, 99, 0, 24), "a 6to4 relay"),
    (v4(192, 168, 0, 0, 16), "a private network"),
    (v4(198, 18, 0, 0, 15), "for benchmarks"),
    (v4(198, 51, 100, 0, 24), "for documentation"),
    (v4(203, 0, 113, 0, 24), "for documentation"),
    (v4(224, 0, 0, 0, 4), "multicast"),
    (v4(233, 252, 0, 0, 24), "for documentation"),
    (v4(240, 0, 0, 0, 4), "reserved"),
    (v4(255, 255, 255, 255, 32), "broadcast"),
];

/// Only this part of IPv6 is in public use …
const PUBLIC_V6: Ipv6Net = v6([0x2000, 0, 0, 0], 3);

/// … except for these parts of it.
const SPECIAL_V6: [(Ipv6Net, &str); 6] = [
    (v6([0x2001, 0, 0, 0], 32), "a Teredo tunnel"),
    (v6([0x2001, 0, 0, 0], 23), "reserved for protocols"),
    (v6([0x2001, 0xdb8, 0, 0], 32), "for documentation"),
    (v6([0x2002, 0, 0, 0], 16), "a 6to4 tunnel"),
    (v6([0x3ffe, 0, 0, 0], 16), "the former 6bone"),
    (v6([0x3fff, 0, 0, 0], 20), "for documentation"),
];

/// Outside of [`PUBLIC_V6`]: what to call it.
const OTHER_V6: [(Ipv6Net, &str); 8] = [
    (v6([0x64, 0xff9b, 1, 0], 48), "local NAT64"),
    (v6([0, 0, 0, 0], 8), "reserved"),
    (v6([0x100, 0, 0, 0], 8), "discard-only"),
    (v6([0x5f00, 0, 0, 0], 16), "segment routing"),
    (v6([0xfc00, 0, 0, 0], 7), "a private network"),
    (v6([0xfe80, 0, 0, 0], 10), "link-local"),
    (v6([0xfec0, 0, 0, 0], 10), "site-local"),
    (v6([0xff00, 0, 0, 0], 8), "multicast"),
];

/// NAT64 leads to the IPv4 address in its last 32 bits, so that address decides.
const NAT64: Ipv6Net = v6([0x64, 0xff9b, 0, 0], 96);

/// Why `address` may not be reached, if it may not.
pub fn refusal(address: IpAddr, reach: &Reach) -> Option<Refusal> {
    match reach {
        Reach::Operator { metadata: true } => None,
        Reach::Operator { metadata: false } => is_metadata(address).then_some(Refusal(METADATA)),
        Reach::Public if is_metadata(address) => Some(Refusal(METADATA)),
        Reach::Public => match address {
            IpAddr::V4(address) => special_v4(address),
            IpAddr::V6(address) => special_v6(address),
        }
        .map(Refusal),
    }
}

fn is_metadata(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => METADATA_V4.contains(&address),
        IpAddr::V6(address) => {
            METADATA_V6.contains(&address)
                || embedded_v4(address).iter().any(|inner| METADATA_V4.contains(inner))
        }
    }
}

fn special_v4(address: Ipv4Addr) -> Option<&'static str> {
    SPECIAL_V4.iter().find(|(net, _)| net.contains(&address)).map(|&(_, name)| name)
}

fn special_v6(address: Ipv6Addr) -> Option<&'static str> {
    if NAT64.contains(&address) {
        return special_v4(lowest_v4(address));
    }
    if address.is_loopback() {
        return Some("loopback");
    }
    if let Some(mapped) = address.to_ipv4_mapped() {
        // Refused as a whole: nobody publishes such an address, so it is only ever a disguise.
        return Some(special_v4(mapped).unwrap_or("an IPv4-mapped address"));
    }
    let table: &[_] = if PUBLIC_V6.contains(&address) { &SPECIAL_V6 } else { &OTHER_V6 };
    let found = table.iter().find(|(net, _)| net.contains(&address)).map(|&(_, name)| name);
    found.or((!PUBLIC_V6.contains(&address)).then_some("not in public use"))
}

/// The IPv4 addresses that an IPv6 address may lead to: mapped, compatible, translated, NAT64 and
/// ISATAP in the last 32 bits, 6to4 after the prefix, Teredo inverted at the end.
fn embedded_v4(address: Ipv6Addr) -> [Ipv4Addr; 3] {
    let bits = address.to_bits();
    let none = Ipv4Addr::UNSPECIFIED;
    let segments = address.segments();
    let at_the_end = matches!(segments, [0, 0, 0, 0, ..] | [0x64, 0xff9b, ..])
        || matches!(segments, [_, _, _, _, _, 0x5efe, _, _]);
    let tunnel = |prefix: u16| segments.first() == Some(&prefix);
    [
        if at_the_end { lowest_v4(address) } else { none },
        if tunnel(0x2002) { low_32(bits >> 80) } else { none },
        if tunnel(0x2001) { low_32(!bits) } else { none },
    ]
}

fn lowest_v4(address: Ipv6Addr) -> Ipv4Addr {
    low_32(address.to_bits())
}

#[expect(clippy::cast_possible_truncation, reason = "the lowest 32 bits are what is wanted")]
fn low_32(bits: u128) -> Ipv4Addr {
    Ipv4Addr::from_bits(bits as u32)
}
