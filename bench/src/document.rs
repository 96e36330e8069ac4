//! Documents in which a part is generated: it stands between two comments that name it.

/// The part of this name, without its marks.
pub fn part<'a>(document: &'a str, name: &str) -> Option<&'a str> {
    let (start, end) = marks(name);
    let (_, rest) = document.split_once(&start)?;
    Some(rest.split_once(&end)?.0)
}

/// The document with another part of this name.
pub fn with_part(document: &str, name: &str, part: &str) -> Option<String> {
    let (start, end) = marks(name);
    let (before, rest) = document.split_once(&start)?;
    let (_, after) = rest.split_once(&end)?;
    Some(format!("{before}{start}\n{}\n{end}{after}", part.trim()))
}

fn marks(name: &str) -> (String, String) {
    (format!("<!-- Generated: {name} -->"), format!("<!-- End of {name} -->"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_replaced_between_its_marks() {
        let document = "# A\n\n<!-- Generated: t -->\nold\n<!-- End of t -->\n\nafter\n";
        assert_eq!(part(document, "t"), Some("\nold\n"));
        let new = with_part(document, "t", "new\n").unwrap();
        assert_eq!(new, document.replace("old", "new"));
        assert_eq!(with_part(document, "other", "new"), None);
    }
}
