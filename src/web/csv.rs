//! Tables as CSV (RFC 4180), for people who go on counting in a spreadsheet. What a person typed never begins a formula there.

use actix_web::HttpResponse;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};

use super::filters;
use crate::plain;

/// One cell. Words are made harmless; figures are ours and stay what they are, so that a sum over a column works.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    Words(String),
    Figure(String),
}

impl Cell {
    pub fn words(text: impl Into<String>) -> Cell {
        Cell::Words(text.into())
    }

    pub fn count(number: i64) -> Cell {
        Cell::Figure(number.to_string())
    }

    /// An amount at 8 decimals as a plain decimal: the currency's own digits, and more only where there are any.
    pub fn amount(e8: i64, currency: &str) -> Cell {
        Cell::Figure(filters::figure(e8, currency))
    }

    /// A figure that may be missing.
    pub fn maybe(cell: Option<Cell>) -> Cell {
        cell.unwrap_or(Cell::Figure(String::new()))
    }

    fn written(&self) -> String {
        match self {
            Cell::Figure(figure) => figure.clone(),
            Cell::Words(text) => plain::cell(text),
        }
    }
}

/// A table under its column names.
#[derive(Debug, Clone)]
pub struct Csv {
    text: String,
}

impl Csv {
    pub fn new(columns: &[&str]) -> Csv {
        let mut csv = Csv {
            text: String::new(),
        };
        csv.row(columns.iter().map(|name| Cell::words(*name)));
        csv
    }

    pub fn row(&mut self, cells: impl IntoIterator<Item = Cell>) {
        let cells = cells.into_iter().map(|cell| cell.written());
        self.text.push_str(&cells.collect::<Vec<_>>().join(","));
        self.text.push_str("\r\n");
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    /// The answer to a request: saved under `file_name`, which is one of ours.
    pub fn send(self, file_name: &str) -> HttpResponse {
        HttpResponse::Ok()
            .insert_header((CONTENT_TYPE, "text/csv; charset=utf-8"))
            .insert_header((
                CONTENT_DISPOSITION,
                format!("attachment; filename=\"{file_name}\""),
            ))
            .insert_header((CACHE_CONTROL, "private, no-cache"))
            .body(self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_that_a_person_typed_begins_a_formula() {
        for (typed, written) in [
            ("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"),
            ("+1", "'+1"),
            ("-1", "'-1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "\"'\t=1\""),
            ("\r1", "\"'\r1\""),
            ("  =1", "'  =1"),
            ("＝1", "'＝1"),
            ("say \"hi\", twice", "\"say \"\"hi\"\", twice\""),
            ("two\r\nlines", "\"two\r\nlines\""),
            ("plain – Łódź", "plain – Łódź"),
            ("a=b", "a=b"),
        ] {
            assert_eq!(Cell::words(typed).written(), written, "{typed:?}");
        }
    }

    #[test]
    fn an_amount_is_a_figure_that_can_be_added_up() {
        for (e8, currency, written) in [
            (400_000_000, "USD", "4.00"),
            (-1_250_000_000, "EUR", "-12.50"),
            (12_345, "USD", "0.00012345"),
            (120_000_000_000, "JPY", "1200"),
            (50_000_000, "JPY", "0.5"),
            (123_400_000, "KWD", "1.234"),
            (i64::MIN, "USD", "-92233720368.54775808"),
        ] {
            assert_eq!(Cell::amount(e8, currency).written(), written);
        }
    }

    #[test]
    fn a_table_is_lines_of_cells_under_its_names() {
        let mut csv = Csv::new(&["When", "What", "In"]);
        csv.row([
            Cell::words("2026-11-20"),
            Cell::words("Order, cancelled"),
            Cell::maybe(None),
        ]);
        assert_eq!(
            csv.text(),
            "When,What,In\r\n2026-11-20,\"Order, cancelled\",\r\n"
        );
    }
}
