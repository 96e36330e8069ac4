//! Reads Rust just well enough to tell code, comments, strings and tests apart.

/// Rust source, taken apart.
#[derive(Debug, Default)]
pub(super) struct Scanned {
    /// The source without comments and without the contents of strings; the lines are the same.
    pub(super) code: String,
    /// The comments, with the line they begin on.
    pub(super) comments: Vec<(usize, String)>,
    /// What the strings contain, with the line they begin on.
    pub(super) strings: Vec<(usize, String)>,
    /// The lines that are `#[cfg(test)]`, from and to, both counted.
    pub(super) tests: Vec<(usize, usize)>,
}

impl Scanned {
    /// Takes `source` apart.
    pub(super) fn of(source: &str) -> Self {
        let mut scanner = Scanner::new(source);
        while let Some(next) = scanner.peek(0) {
            scanner.token(next);
        }
        let tests = tests(&scanner.out.code);
        Self { tests, ..scanner.out }
    }

    /// Whether this line belongs to the tests.
    pub(super) fn is_test(&self, line: usize) -> bool {
        self.tests.iter().any(|&(from, to)| (from..=to).contains(&line))
    }

    /// The code, line by line, with line numbers.
    pub(super) fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        (1..).zip(self.code.lines())
    }
}

/// The words of a piece of code: identifiers, keywords and numbers.
pub(super) fn words(code: &str) -> impl Iterator<Item = &str> {
    code.split(|c: char| !is_word(c)).filter(|word| !word.is_empty())
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

struct Scanner {
    source: Vec<char>,
    at: usize,
    line: usize,
    out: Scanned,
}

impl Scanner {
    fn new(source: &str) -> Self {
        Self { source: source.chars().collect(), at: 0, line: 1, out: Scanned::default() }
    }

    fn peek(&self, ahead: usize) -> Option<char> {
        self.source.get(self.at + ahead).copied()
    }

    fn before(&self, back: usize) -> Option<char> {
        self.at.checked_sub(back).and_then(|at| self.source.get(at).copied())
    }

    /// Steps over one character, which is code or else only keeps its line.
    fn step(&mut self, is_code: bool) -> Option<char> {
        let next = self.peek(0)?;
        self.at += 1;
        if next == '\n' {
            self.line += 1;
        }
        if is_code || next == '\n' {
            self.out.code.push(next);
        }
        Some(next)
    }

    /// Steps over what is not code.
    fn skip(&mut self, count: usize) {
        for _ in 0..count {
            self.step(false);
        }
    }

    fn token(&mut self, next: char) {
        match (next, self.peek(1)) {
            ('/', Some('/')) => self.line_comment(),
            ('/', Some('*')) => self.block_comment(),
            ('"', _) => self.string(),
            ('r', _) if self.raw_string().is_some() => self.raw(),
            ('\'', Some('\\')) => self.escaped_char(),
            ('\'', _) if self.peek(2) == Some('\'') => self.skip(3),
            _ => {
                self.step(true);
            }
        }
    }

    fn line_comment(&mut self) {
        let line = self.line;
        let mut text = String::new();
        while self.peek(0).is_some_and(|c| c != '\n') {
            text.extend(self.step(false));
        }
        self.out.comments.push((line, text));
    }

    fn block_comment(&mut self) {
        let (line, mut depth, mut text) = (self.line, 0_usize, String::new());
        loop {
            match (self.peek(0), self.peek(1)) {
                (Some('/'), Some('*')) => depth += 1,
                (Some('*'), Some('/')) => depth -= 1,
                (None, _) => break,
                _ => {
                    text.extend(self.step(false));
                    continue;
                }
            }
            text.extend(self.step(false));
            text.extend(self.step(false));
            if depth == 0 {
                break;
            }
        }
        self.out.comments.push((line, text));
    }

    fn string(&mut self) {
        let (line, mut text) = (self.line, String::new());
        self.step(true);
        while let Some(next) = self.peek(0).filter(|&c| c != '"') {
            text.extend(self.step(false));
            if next == '\\' {
                text.extend(self.step(false));
            }
        }
        self.step(true);
        self.out.strings.push((line, text));
    }

    /// How many `#` the raw string that begins here has, if one does.
    fn raw_string(&self) -> Option<usize> {
        let prefixed = matches!(self.before(1), Some('b' | 'c'));
        let before = self.before(if prefixed { 2 } else { 1 });
        if before.is_some_and(is_word) {
            return None;
        }
        let hashes = self.source.iter().skip(self.at + 1).take_while(|c| **c == '#').count();
        (self.peek(hashes + 1) == Some('"')).then_some(hashes)
    }

    fn raw(&mut self) {
        let hashes = self.raw_string().unwrap_or_default();
        let (line, mut text) = (self.line, String::new());
        self.skip(hashes + 2);
        let ends = |scanner: &Self| {
            scanner.peek(0) == Some('"')
                && (1..=hashes).all(|ahead| scanner.peek(ahead) == Some('#'))
        };
        while self.peek(0).is_some() && !ends(self) {
            text.extend(self.step(false));
        }
        self.skip(hashes + 1);
        self.out.code.push_str("\"\"");
        self.out.strings.push((line, text));
    }

    fn escaped_char(&mut self) {
        self.skip(3);
        while self.step(false).is_some_and(|c| c != '\'' && c != '\n') {}
    }
}

/// Where `#[cfg(test)]` items begin and end.
fn tests(code: &str) -> Vec<(usize, usize)> {
    let mut found: Vec<(usize, usize)> = Vec::new();
    for (line, text) in (1..).zip(code.lines()) {
        let inside = found.iter().any(|&(from, to)| (from..=to).contains(&line));
        if !inside && (text.contains("#[cfg(test)]") || text.contains("#[cfg(all(test")) {
            found.push((line, line + item_length(code, line) - 1));
        }
    }
    found
}

/// How many lines the item that begins on this line has.
fn item_length(code: &str, first: usize) -> usize {
    let (mut depth, mut length) = (0_i64, 0);
    for text in code.lines().skip(first - 1) {
        length += 1;
        for c in text.chars() {
            match c {
                '{' => depth += 1,
                '}' if depth == 1 => return length,
                '}' => depth -= 1,
                ';' if depth == 0 => return length,
                _ => {}
            }
        }
    }
    length
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_code_comments_and_strings_apart() {
        let source = "let a = \"b // c\"; // d \"e\"\n/* f /* g */ h */ let i = r#\"j\"k\"#;\n\
                      let l = ('\"', '\\'', b\"m\\\"n\", br\"o\"); fn p<'q>(r: &'q str) {}\n";
        let scanned = Scanned::of(source);
        let code = "let a = \"\"; \n let i = \"\";\n\
                    let l = (, , b\"\", b\"\"); fn p<'q>(r: &'q str) {}\n";
        assert_eq!(scanned.code, code);
        let comments = [(1, "// d \"e\"".to_owned()), (2, "/* f /* g */ h */".to_owned())];
        assert_eq!(scanned.comments, comments);
        let strings = [(1, "b // c"), (2, "j\"k"), (3, "m\\\"n"), (3, "o")];
        assert_eq!(scanned.strings, strings.map(|(line, text)| (line, text.to_owned())));
    }

    #[test]
    fn finds_the_tests() {
        let source = "fn a() {}\n#[cfg(test)]\nmod b {\n    fn c() { \"}\" }\n}\nfn d() {}\n\
                      #[cfg(test)]\nmod e;\nfn f() {}\n";
        let scanned = Scanned::of(source);
        let lines: Vec<_> = (1..=9).filter(|&line| scanned.is_test(line)).collect();
        assert_eq!(lines, [2, 3, 4, 5, 7, 8]);
    }

    #[test]
    fn keeps_the_lines() {
        let source = "a\n\"b\nc\"\n/*\n*/ 'd'\n'\\n' e";
        assert_eq!(Scanned::of(source).code.lines().count(), source.lines().count());
    }
}
