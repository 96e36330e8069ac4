//! Tables of figures, for a terminal and for Markdown alike.

use std::fmt;

/// A table: its head, then its rows.
#[derive(Clone, Debug)]
pub struct Table {
    rows: Vec<Vec<String>>,
    /// How many of its columns, the first, are text and stand on the left.
    texts: usize,
}

impl Table {
    /// A table with these columns.
    pub fn new(columns: &[&str]) -> Self {
        let head = columns.iter().map(|&column| column.to_owned()).collect();
        Self { rows: vec![head], texts: 0 }
    }

    /// The same with so many columns of text before those of figures.
    #[must_use]
    pub fn with_texts(self, texts: usize) -> Self {
        Self { texts, ..self }
    }

    /// Adds a row.
    pub fn row(&mut self, cells: &[&dyn fmt::Display]) {
        self.rows.push(cells.iter().map(ToString::to_string).collect());
    }

    fn width(&self, column: usize) -> usize {
        let cells = self.rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or_default()
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, row) in self.rows.iter().enumerate() {
            for (column, cell) in row.iter().enumerate() {
                let width = self.width(column);
                if column < self.texts {
                    write!(f, "| {cell:<width$} ")?;
                } else {
                    write!(f, "| {cell:>width$} ")?;
                }
            }
            writeln!(f, "|")?;
            if index == 0 {
                for column in 0..row.len() {
                    let end = if column < self.texts { '-' } else { ':' };
                    write!(f, "|{:->width$}{end}", "", width = self.width(column) + 1)?;
                }
                writeln!(f, "|")?;
            }
        }
        Ok(())
    }
}

/// A figure with as many digits as mean something.
pub fn shown(figure: f64) -> String {
    let digits = match figure.abs() {
        ..10.0 => 2,
        10.0..100.0 => 1,
        _ => 0,
    };
    let text = format!("{figure:.digits$}");
    let (whole, fraction) = text.split_at(text.find('.').unwrap_or(text.len()));
    let count = whole.chars().count();
    let grouped = whole.chars().enumerate().flat_map(|(at, digit)| {
        let is_border = at > 0 && (count - at) % 3 == 0;
        is_border.then_some(',').into_iter().chain([digit])
    });
    grouped.collect::<String>() + fraction
}

/// Says on stderr what is going on, so that stdout has the result alone.
pub fn progress(says: impl fmt::Display) {
    eprintln!("{says}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_markdown() {
        let mut table = Table::new(&["run", "lost"]);
        table.row(&[&1, &0]);
        table.row(&[&"total", &100]);
        let expected = "|   run | lost |\n|------:|-----:|\n|     1 |    0 |\n| total |  100 |\n";
        assert_eq!(table.to_string(), expected);
        let expected = "| run   | lost |\n|-------|-----:|\n| 1     |    0 |\n| total |  100 |\n";
        assert_eq!(table.with_texts(1).to_string(), expected);
    }

    #[test]
    fn figures_have_as_many_digits_as_mean_something() {
        let cases = [
            (0.0, "0.00"),
            (0.4234, "0.42"),
            (12.34, "12.3"),
            (123.4, "123"),
            (1234.5, "1,234"),
            (1_234_567.0, "1,234,567"),
        ];
        for (figure, expected) in cases {
            assert_eq!(shown(figure), expected);
        }
    }
}
