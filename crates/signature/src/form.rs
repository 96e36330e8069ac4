//! HTML forms as bytes (`application/x-www-form-urlencoded`): values need not be UTF-8.

use std::borrow::Cow;

use crate::encoding::hex_digit;

/// The names and values of a form or a query, decoded, in their order.
pub(crate) fn pairs(form: &[u8]) -> impl Iterator<Item = (Cow<'_, [u8]>, Cow<'_, [u8]>)> {
    form.split(|&byte| byte == b'&').filter(|pair| !pair.is_empty()).map(|pair| {
        let mut halves = pair.splitn(2, |&byte| byte == b'=');
        let mut half = || decode(halves.next().unwrap_or_default());
        (half(), half())
    })
}

/// The value of the last field called `name`, as in JSON the last of several counts.
pub(crate) fn field<'a>(form: &'a [u8], name: &str) -> Option<Cow<'a, [u8]>> {
    pairs(form).filter(|(found, _)| **found == *name.as_bytes()).map(|(_, value)| value).last()
}

/// `+` is a space and `%2B` a plus; a percent sign without two digits stands for itself.
fn decode(text: &[u8]) -> Cow<'_, [u8]> {
    if !text.iter().any(|&byte| byte == b'+' || byte == b'%') {
        return Cow::Borrowed(text);
    }
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&byte, tail)) = rest.split_first() {
        let escaped = (byte == b'%').then(|| escape(tail)).flatten();
        rest = if escaped.is_some() { tail.get(2..).unwrap_or_default() } else { tail };
        decoded.push(escaped.unwrap_or(if byte == b'+' { b' ' } else { byte }));
    }
    Cow::Owned(decoded)
}

fn escape(tail: &[u8]) -> Option<u8> {
    let &[high, low] = tail.first_chunk()?;
    Some((hex_digit(high)? << 4) | hex_digit(low)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_decoded_as_bytes() {
        let form = b"a=1+2&b=%2B%ff&&c&=d&a=%zz%4&e=x=y";
        let found: Vec<_> =
            pairs(form).map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
        let expected: [(&[u8], &[u8]); 6] = [
            (b"a", b"1 2"),
            (b"b", b"+\xff"),
            (b"c", b""),
            (b"", b"d"),
            (b"a", b"%zz%4"),
            (b"e", b"x=y"),
        ];
        assert_eq!(found, expected.map(|(name, value)| (name.to_vec(), value.to_vec())));
        assert_eq!(field(form, "a").as_deref(), Some(&b"%zz%4"[..]));
        assert_eq!(field(form, "z"), None);
    }
}
