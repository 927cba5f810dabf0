//! Sheets as an Excel workbook: numbers are numbers, instants and days are dates (in UTC), the heads stand still.

use rust_xlsxwriter::{Format, Workbook, Worksheet, XlsxError};

use super::{Cell, Sheet};
use crate::error::{Error, Result};

/// What a sheet can hold, below its head.
const ROWS: usize = 1_048_575;

struct Looks {
    head: Format,
    instant: Format,
    day: Format,
}

/// # Errors
/// More rows than a sheet can hold.
pub(super) fn written(sheets: &[Sheet]) -> Result<Vec<u8>> {
    let looks = Looks {
        head: Format::new().set_bold(),
        instant: Format::new().set_num_format("yyyy-mm-dd hh:mm:ss"),
        day: Format::new().set_num_format("yyyy-mm-dd"),
    };
    let mut book = Workbook::new();
    for sheet in sheets {
        if sheet.rows.len() > ROWS {
            let words = "A workbook cannot hold so many rows. Choose fewer days, or take the CSV.";
            return Err(Error::invalid("from", words));
        }
        fill(book.add_worksheet(), sheet, &looks).map_err(broken)?;
    }
    book.save_to_buffer().map_err(broken)
}

fn fill(page: &mut Worksheet, sheet: &Sheet, looks: &Looks) -> std::result::Result<(), XlsxError> {
    page.set_name(sheet.name)?;
    page.set_freeze_panes(1, 0)?;
    for (column, name) in (0..).zip(&sheet.columns) {
        page.write_string_with_format(0, column, *name, &looks.head)?;
    }
    for (row, cells) in (1..).zip(&sheet.rows) {
        for (column, cell) in (0..).zip(cells) {
            match cell {
                Cell::Words(text) => page.write_string(row, column, text)?,
                Cell::Figure(text) if text.is_empty() => page,
                // What such a file holds of a number is a float, whoever writes it.
                Cell::Figure(text) => match text.parse::<f64>() {
                    Ok(number) => page.write_number(row, column, number)?,
                    Err(_) => page.write_string(row, column, text)?,
                },
                Cell::Instant(at) => {
                    page.write_datetime_with_format(row, column, at.naive_utc(), &looks.instant)?
                }
                Cell::Day(day) => page.write_datetime_with_format(row, column, *day, &looks.day)?,
            };
        }
    }
    page.autofit();
    Ok(())
}

fn broken(error: XlsxError) -> Error {
    Error::broken(format!("a workbook cannot be written: {error}"))
}
