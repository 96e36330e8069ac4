//! The mistakes that can be found, and what to do about each.

/// What went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Mistake {
    /// The body is the same JSON, written anew.
    BodyReserialised,
    /// A line break or spaces at the body's ends were cut or added.
    BodyTrimmed,
    /// Line breaks within the body were changed.
    BodyLineBreaks,
    /// A byte order mark was cut or added.
    BodyByteOrderMark,
    /// The body was put into another encoding, such as base64 or another character set.
    BodyEncoded,
    /// The body was decompressed or compressed on the way.
    BodyCompressed,
    /// The body got lost.
    BodyLost,
    /// A form was parsed, and another form or something out of it is here.
    FormParsed,
    /// The body is a form, and its content type does not say so.
    ContentTypeLost,
    /// The secret has spaces, line breaks or invisible characters that do not belong to it.
    SecretSpaces,
    /// The secret has quotes around it.
    SecretQuoted,
    /// The secret misses its prefix, or has one too many.
    SecretPrefix,
    /// The secret is decoded where its text is the key, or the reverse.
    SecretEncoding,
    /// The secret is one of another environment or source.
    SecretOfAnother,
    /// The secret is a former one.
    SecretFormer,
    /// The signature is right and old.
    TimestampOld,
    /// The signature is right and lies in the future.
    TimestampAhead,
    /// The timestamp is written in another unit.
    TimestampUnit,
    /// Only an older version of the signature is there.
    VersionOld,
    /// Another hash was used.
    AlgorithmOther,
    /// The signature is written in another encoding.
    EncodingOther,
    /// The signature's text was changed: quotes, spaces, its prefix, its padding.
    SignatureRewritten,
    /// Other parts of the request are signed, or in another order.
    PartsOther,
    /// The id stands where the timestamp belongs, and the reverse.
    PartsExchanged,
    /// A header is there more than once.
    HeaderDoubled,
    /// The sender does not sign, or the signature's header was dropped on the way.
    SignatureLost,
    /// None of the provider's headers is there.
    HeadersLost,
    /// The request is another provider's.
    ProviderOther,
    /// The URL that was signed is not the one that is seen here.
    UrlOther,
    /// The method that was signed is not the one that is seen here.
    MethodOther,
}

impl Mistake {
    /// A fixed code for answers and documentation.
    pub const fn code(self) -> &'static str {
        match self {
            Self::BodyReserialised => "body_reserialised",
            Self::BodyTrimmed => "body_trimmed",
            Self::BodyLineBreaks => "body_line_breaks",
            Self::BodyByteOrderMark => "body_byte_order_mark",
            Self::BodyEncoded => "body_encoded",
            Self::BodyCompressed => "body_compressed",
            Self::BodyLost => "body_lost",
            Self::FormParsed => "form_parsed",
            Self::ContentTypeLost => "content_type_lost",
            Self::SecretSpaces => "secret_spaces",
            Self::SecretQuoted => "secret_quoted",
            Self::SecretPrefix => "secret_prefix",
            Self::SecretEncoding => "secret_encoding",
            Self::SecretOfAnother => "secret_of_another",
            Self::SecretFormer => "secret_former",
            Self::TimestampOld => "timestamp_old",
            Self::TimestampAhead => "timestamp_ahead",
            Self::TimestampUnit => "timestamp_unit",
            Self::VersionOld => "version_old",
            Self::AlgorithmOther => "algorithm_other",
            Self::EncodingOther => "encoding_other",
            Self::SignatureRewritten => "signature_rewritten",
            Self::PartsOther => "parts_other",
            Self::PartsExchanged => "parts_exchanged",
            Self::HeaderDoubled => "header_doubled",
            Self::SignatureLost => "signature_lost",
            Self::HeadersLost => "headers_lost",
            Self::ProviderOther => "provider_other",
            Self::UrlOther => "url_other",
            Self::MethodOther => "method_other",
        }
    }

    /// What to do about it, as a sentence.
    pub const fn advice(self) -> &'static str {
        match self {
            Self::BodyReserialised
            | Self::BodyTrimmed
            | Self::BodyLineBreaks
            | Self::BodyByteOrderMark
            | Self::BodyEncoded => {
                "Have whatever stands before Hookyard hand on the bytes as they arrive, before anything parses or prints them."
            }
            Self::BodyCompressed => {
                "Switch compression off for this path in the proxy, in both directions."
            }
            Self::BodyLost => "Look for a redirect, or for something that reads the body first.",
            Self::FormParsed => {
                "Verify before the form is parsed: what is signed are the bytes of the form."
            }
            Self::ContentTypeLost => "Have the proxy hand on the header `content-type`.",
            Self::SecretSpaces | Self::SecretQuoted => {
                "Write the secret into the configuration without them."
            }
            Self::SecretPrefix => "Copy the whole secret again from where the provider shows it.",
            Self::SecretEncoding => {
                "Configure the secret in the form in which the provider shows it, or choose the scheme that takes it so."
            }
            Self::SecretOfAnother => {
                "Send to the source that this secret belongs to, or configure it here."
            }
            Self::SecretFormer => {
                "Keep the former secret as a second one until the sender has gone over."
            }
            Self::TimestampOld => {
                "If this came at once, one of the clocks is wrong; if it is late or was sent again by hand, that is why it is refused."
            }
            Self::TimestampAhead => "Set the clocks; this one should run NTP.",
            Self::TimestampUnit => "Have the sender write the time as the scheme has it.",
            Self::VersionOld => {
                "Switch the sender to the current version of its signature, and have the proxy hand on all of its headers."
            }
            Self::AlgorithmOther
            | Self::EncodingOther
            | Self::PartsOther
            | Self::PartsExchanged => {
                "Change the sender, or describe its signature with the provider `generic`."
            }
            Self::SignatureRewritten => {
                "Have the sender and the proxies leave the value of the header as the scheme has it."
            }
            Self::HeaderDoubled => "Find out which proxy adds the header a second time.",
            Self::SignatureLost => {
                "Set the secret at the provider, and have the proxy hand on its header."
            }
            Self::HeadersLost => {
                "Have the proxy hand on the provider's headers, and see who sends here."
            }
            Self::ProviderOther => "Send it to a source of that provider, or change this one's.",
            Self::UrlOther => {
                "Set `public_url` to the URL that the provider was given, or `trusted_proxies` so that the proxy is believed."
            }
            Self::MethodOther => "Have the proxy hand on the method as it is.",
        }
    }
}
