//! Tables of figures, for a terminal and for Markdown alike.

use std::fmt;

/// A table: its head, then its rows.
#[derive(Clone, Debug)]
pub struct Table(Vec<Vec<String>>);

impl Table {
    /// A table with these columns.
    pub fn new(columns: &[&str]) -> Self {
        Self(vec![columns.iter().map(|&column| column.to_owned()).collect()])
    }

    /// Adds a row.
    pub fn row(&mut self, cells: &[&dyn fmt::Display]) {
        self.0.push(cells.iter().map(ToString::to_string).collect());
    }

    fn width(&self, column: usize) -> usize {
        let cells = self.0.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or_default()
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, row) in self.0.iter().enumerate() {
            for (column, cell) in row.iter().enumerate() {
                write!(f, "| {cell:>width$} ", width = self.width(column))?;
            }
            writeln!(f, "|")?;
            if index == 0 {
                for column in 0..row.len() {
                    write!(f, "|{:->width$}:", "", width = self.width(column) + 1)?;
                }
                writeln!(f, "|")?;
            }
        }
        Ok(())
    }
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
    }
}
