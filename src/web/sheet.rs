//! Tables for people who go on counting in a spreadsheet: as CSV (RFC 4180), or as sheets of one workbook. What a person typed never
//! begins a formula there.

mod workbook;

use actix_web::HttpResponse;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use chrono::{DateTime, NaiveDate, Utc};

use super::filters;
use crate::error::Result;
use crate::plain;

/// One cell. Words are made harmless; figures are ours and stay what they are, so that a sum over a column works.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    Words(String),
    /// A plain decimal, or nothing.
    Figure(String),
    Instant(DateTime<Utc>),
    Day(NaiveDate),
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
            Cell::Instant(at) => filters::iso(*at),
            Cell::Day(day) => day.to_string(),
        }
    }
}

/// A table under its column names.
#[derive(Debug, Clone)]
pub struct Sheet {
    /// What its tab in a workbook says.
    name: &'static str,
    columns: Vec<&'static str>,
    rows: Vec<Vec<Cell>>,
}

impl Sheet {
    pub fn new(name: &'static str, columns: &[&'static str]) -> Sheet {
        Sheet {
            name,
            columns: columns.to_vec(),
            rows: Vec::new(),
        }
    }

    pub fn row(&mut self, cells: impl IntoIterator<Item = Cell>) {
        self.rows.push(cells.into_iter().collect());
    }

    pub fn csv(&self) -> String {
        let mut text = self.columns.join(",");
        text.push_str("\r\n");
        for row in &self.rows {
            let cells: Vec<String> = row.iter().map(Cell::written).collect();
            text.push_str(&cells.join(","));
            text.push_str("\r\n");
        }
        text
    }

    /// As CSV, saved under `file_name`, which is one of ours.
    pub fn send(&self, file_name: &str) -> HttpResponse {
        saved(
            "text/csv; charset=utf-8",
            file_name,
            self.csv().into_bytes(),
        )
    }
}

/// The sheets as one workbook, saved under `file_name`.
pub fn send_workbook(sheets: &[Sheet], file_name: &str) -> Result<HttpResponse> {
    let kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
    Ok(saved(kind, file_name, workbook::written(sheets)?))
}

fn saved(kind: &str, file_name: &str, bytes: Vec<u8>) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, kind))
        .insert_header((
            CONTENT_DISPOSITION,
            format!("attachment; filename=\"{file_name}\""),
        ))
        .insert_header((CACHE_CONTROL, "private, no-cache"))
        .body(bytes)
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
        let mut sheet = Sheet::new("Balance", &["When", "What", "In"]);
        sheet.row([
            Cell::words("2026-11-20"),
            Cell::words("Order, cancelled"),
            Cell::maybe(None),
        ]);
        assert_eq!(
            sheet.csv(),
            "When,What,In\r\n2026-11-20,\"Order, cancelled\",\r\n"
        );
    }
}
