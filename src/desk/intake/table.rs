//! From bytes to rows, strictly: what a file's form gets wrong is said by line, and nothing is guessed.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Kind, MOST_BYTES, Refusal};

/// What a file is of, and its columns: the name, and whether it must be there.
#[derive(Debug, Clone, Copy)]
pub struct Sheet {
    pub what: &'static str,
    pub columns: &'static [(&'static str, bool)],
}

/// One row and the line it began on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    pub line: usize,
    /// Filled cells only.
    cells: BTreeMap<&'static str, Value>,
}

impl Row {
    /// The cell's text without blanks around it; `None` where it is empty or no text.
    pub fn text(&self, column: &str) -> Option<&str> {
        self.cells.get(column).and_then(Value::as_str)
    }

    pub fn value(&self, column: &str) -> Option<&Value> {
        self.cells.get(column)
    }
}

/// More columns or faults than this are not read.
const MOST_COLUMNS: usize = 100;
const MOST_FAULTS: usize = 50;

/// The columns of each kind of file, and whether each must be there.
pub fn columns(kind: Kind) -> &'static [(&'static str, bool)] {
    match kind {
        Kind::Services => &[
            ("reference", true),
            ("name", true),
            ("refill", false),
            ("refundable_once_started", false),
            ("returnable", false),
            ("limits_disclosed", false),
            ("compatible_with", false),
        ],
        Kind::Deposits => &[
            ("reference", true),
            ("customer", true),
            ("customer_name", false),
            ("at", true),
            ("amount", true),
            ("currency", false),
            ("method", true),
            ("method_label", false),
            ("method_state", false),
            ("paid_amount", false),
            ("paid_currency", false),
            ("surcharge", false),
        ],
        Kind::Orders => &[
            ("reference", true),
            ("customer", true),
            ("customer_name", false),
            ("service", false),
            ("title", false),
            ("target", false),
            ("placed_at", false),
            ("status", true),
            ("status_at", false),
            ("quantity", false),
            ("remains", false),
            ("charge", false),
            ("currency", false),
            ("tax_included", false),
            ("paid_with", false),
            ("items", false),
            ("canceled_by", false),
            ("period_ends_on", false),
            ("confirmed_at", false),
            ("sent_at", false),
            ("sms", false),
            ("sms_received_at", false),
            ("panel_order", false),
        ],
    }
}

type Faults = Vec<Refusal>;

pub fn read(kind: Kind, file_name: &str, bytes: &[u8]) -> Result<Vec<Row>, Faults> {
    let sheet = Sheet {
        what: kind.word(),
        columns: columns(kind),
    };
    read_as(sheet, file_name, bytes)
}

pub fn read_as(sheet: Sheet, file_name: &str, bytes: &[u8]) -> Result<Vec<Row>, Faults> {
    let text = decoded(bytes).map_err(|fault| vec![fault])?;
    let name = file_name.to_lowercase();
    let is_json =
        name.ends_with(".jsonl") || name.ends_with(".ndjson") || text.trim_start().starts_with('{');
    if is_json {
        json_lines(sheet, &text)
    } else {
        csv(sheet, &text)
    }
}

/// Rows whose name another row of the file has already.
pub fn repeated(rows: &[Row], column: &str) -> Faults {
    let mut first = BTreeMap::<&str, usize>::new();
    let mut faults = Vec::new();
    for row in rows {
        let Some(name) = row.text(column) else {
            continue;
        };
        match first.get(name) {
            Some(line) => {
                let why =
                    format!("{name} stands on line {line} already: a file names each only once");
                faults.push(Refusal::new(row.line, column, why));
            }
            None => {
                first.insert(name, row.line);
            }
        }
    }
    faults.truncate(MOST_FAULTS);
    faults
}

/// UTF-8, with or without its mark, or UTF-16 with its own.
fn decoded(bytes: &[u8]) -> Result<String, Refusal> {
    if bytes.len() > MOST_BYTES {
        let most = MOST_BYTES / 1024 / 1024;
        return Err(Refusal::new(
            0,
            "",
            format!("The file is larger than {most} MB: split it"),
        ));
    }
    let text = match bytes {
        [0xFF, 0xFE, rest @ ..] => wide(rest, u16::from_le_bytes),
        [0xFE, 0xFF, rest @ ..] => wide(rest, u16::from_be_bytes),
        [0xEF, 0xBB, 0xBF, rest @ ..] => utf8(rest),
        plain => utf8(plain),
    }?;
    if let Some(place) = text.find('\0') {
        let line = text[..place].matches('\n').count() + 1;
        return Err(Refusal::new(
            line,
            "",
            "There is a NUL character: this is no text file",
        ));
    }
    if text.trim().is_empty() {
        return Err(Refusal::new(0, "", "The file is empty"));
    }
    Ok(text)
}

fn utf8(bytes: &[u8]) -> Result<String, Refusal> {
    std::str::from_utf8(bytes)
        .map(str::to_owned)
        .map_err(|fault| {
            let line = bytes[..fault.valid_up_to()]
                .iter()
                .filter(|byte| **byte == b'\n')
                .count()
                + 1;
            Refusal::new(line, "", "This is not UTF-8: save the file as UTF-8")
        })
}

fn wide(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<String, Refusal> {
    let pairs = bytes.chunks_exact(2);
    let is_whole = pairs.remainder().is_empty();
    let units = pairs.map(|pair| unit([pair[0], pair[1]]));
    let text = char::decode_utf16(units).collect::<Result<String, _>>();
    text.ok().filter(|_| is_whole).ok_or_else(|| {
        Refusal::new(
            0,
            "",
            "The file begins as UTF-16 and is not: save it as UTF-8",
        )
    })
}

fn csv(sheet: Sheet, text: &str) -> Result<Vec<Row>, Faults> {
    let delimiter = delimiter(text);
    let mut records = records(text, delimiter)
        .map_err(|fault| vec![fault])?
        .into_iter();
    let Some((line, header)) = records.next() else {
        return Err(vec![Refusal::new(0, "", "The file is empty")]);
    };
    let names = known_header(sheet, line, &header)?;
    let mut rows = Vec::new();
    let mut faults = Vec::new();
    for (line, cells) in records {
        if cells.len() != names.len() {
            let why = format!(
                "has {} cells and the header has {}",
                cells.len(),
                names.len()
            );
            faults.push(Refusal::new(line, "", why));
            if faults.len() == MOST_FAULTS {
                break;
            }
            continue;
        }
        let filled = names.iter().zip(cells).filter_map(|(name, cell)| {
            let cell = cell.trim();
            (!cell.is_empty()).then(|| (*name, Value::String(cell.to_owned())))
        });
        rows.push(Row {
            line,
            cells: filled.collect(),
        });
    }
    if faults.is_empty() {
        Ok(rows)
    } else {
        Err(faults)
    }
}

/// The delimiter that the first line uses most.
fn delimiter(text: &str) -> char {
    let header = text.lines().next().unwrap_or_default();
    let uses = |delimiter: &char| header.matches(*delimiter).count();
    // The last of equals wins: a comma, where there is only one column.
    ['\t', ';', ','].into_iter().max_by_key(uses).unwrap_or(',')
}

fn known_header(sheet: Sheet, line: usize, header: &[String]) -> Result<Vec<&'static str>, Faults> {
    let known = sheet.columns;
    let mut names = Vec::new();
    let mut faults = Vec::new();
    for cell in header {
        let cell = cell.trim().to_lowercase();
        match known.iter().find(|(name, _)| *name == cell) {
            None => faults.push(Refusal::new(line, &cell, unknown(sheet))),
            Some((name, _)) if names.contains(name) => {
                faults.push(Refusal::new(line, name, "This column stands there twice"));
            }
            Some((name, _)) => names.push(*name),
        }
    }
    for (name, required) in known {
        if *required && !names.contains(name) {
            faults.push(Refusal::new(line, name, "The header lacks this column"));
        }
    }
    if faults.is_empty() {
        Ok(names)
    } else {
        Err(faults)
    }
}

fn unknown(sheet: Sheet) -> String {
    let names = sheet
        .columns
        .iter()
        .map(|(name, _)| *name)
        .collect::<Vec<_>>();
    format!(
        "This is no column of {}. There are: {}",
        sheet.what,
        names.join(", ")
    )
}

/// RFC 4180: cells between delimiters, quotes around a cell that holds one, a quote in it doubled. Empty lines are no rows.
fn records(text: &str, delimiter: char) -> Result<Vec<(usize, Vec<String>)>, Refusal> {
    let mut records = Vec::new();
    let mut cells = Vec::new();
    let mut cell = String::new();
    let (mut line, mut began) = (1, 1);
    let mut quoted_from = None;
    let mut was_quoted = false;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if c == '\n' {
            line += 1;
        }
        if quoted_from.is_some() {
            match c {
                '"' if chars.peek() == Some(&'"') => {
                    chars.next();
                    cell.push('"');
                }
                '"' => {
                    quoted_from = None;
                    was_quoted = true;
                }
                c => cell.push(c),
            }
            continue;
        }
        match c {
            '"' if cell.is_empty() && !was_quoted => quoted_from = Some(line),
            '\r' if chars.peek() == Some(&'\n') => {}
            '\n' => {
                cells.push(std::mem::take(&mut cell));
                let record = std::mem::take(&mut cells);
                if was_quoted || record.len() > 1 || !record[0].trim().is_empty() {
                    records.push((began, record));
                }
                was_quoted = false;
                began = line;
            }
            c if c == delimiter => {
                cells.push(std::mem::take(&mut cell));
                was_quoted = false;
                if cells.len() == MOST_COLUMNS {
                    return Err(Refusal::new(
                        line,
                        "",
                        format!("There are more than {MOST_COLUMNS} columns"),
                    ));
                }
            }
            c if was_quoted && !c.is_whitespace() => {
                return Err(Refusal::new(
                    line,
                    "",
                    "There is text after a closing quote: double a quote inside a cell",
                ));
            }
            _ if was_quoted => {}
            c => cell.push(c),
        }
    }
    if let Some(line) = quoted_from {
        return Err(Refusal::new(
            line,
            "",
            "A quote opens here and is never closed",
        ));
    }
    cells.push(cell);
    if was_quoted || cells.len() > 1 || !cells[0].trim().is_empty() {
        records.push((began, cells));
    }
    Ok(records)
}

fn json_lines(sheet: Sheet, text: &str) -> Result<Vec<Row>, Faults> {
    let mut rows = Vec::new();
    let mut faults = Vec::new();
    for (index, text) in text.lines().enumerate() {
        if text.trim().is_empty() {
            continue;
        }
        match json_row(sheet, index + 1, text) {
            Ok(row) => rows.push(row),
            Err(fault) => faults.push(fault),
        }
        if faults.len() == MOST_FAULTS {
            break;
        }
    }
    if faults.is_empty() {
        Ok(rows)
    } else {
        Err(faults)
    }
}

fn json_row(sheet: Sheet, line: usize, text: &str) -> Result<Row, Refusal> {
    let members = members(text)
        .map_err(|why| Refusal::new(line, "", format!("This is not a JSON object: {why}")))?;
    let mut cells = BTreeMap::new();
    for (name, value) in members {
        let Some((known, _)) = sheet.columns.iter().find(|(known, _)| *known == name) else {
            return Err(Refusal::new(line, &name, unknown(sheet)));
        };
        let value = match value {
            Value::String(text) => Value::String(text.trim().to_owned()),
            other => other,
        };
        if cells.insert(*known, value).is_some() {
            return Err(Refusal::new(line, known, "This field stands there twice"));
        }
    }
    cells.retain(|_, value| !value.is_null() && value.as_str() != Some(""));
    Ok(Row { line, cells })
}

/// The members of one JSON object, in order and with repetitions: a map would hide that a name stands there twice.
fn members(text: &str) -> serde_json::Result<Vec<(String, Value)>> {
    struct Members;

    impl<'de> serde::de::Visitor<'de> for Members {
        type Value = Vec<(String, Value)>;

        fn expecting(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: serde::de::MapAccess<'de>>(
            self,
            mut map: A,
        ) -> Result<Self::Value, A::Error> {
            let mut members = Vec::new();
            while let Some(member) = map.next_entry()? {
                members.push(member);
            }
            Ok(members)
        }
    }

    let mut reader = serde_json::Deserializer::from_str(text);
    let members = serde::Deserializer::deserialize_map(&mut reader, Members)?;
    reader.end()?;
    Ok(members)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<(usize, Vec<String>)> {
        records(text, ',').unwrap()
    }

    #[test]
    fn cells_keep_their_quotes_commas_and_line_breaks_and_rows_the_line_they_began_on() {
        let read = lines("a,b\r\n\r\n\"x, \"\"y\"\"\nz\",2\n  \n,\n\"\",\"\" \nlast,");
        let cells = |row: &[&str]| {
            row.iter()
                .map(|cell| (*cell).to_owned())
                .collect::<Vec<_>>()
        };
        assert_eq!(
            read,
            [
                (1, cells(&["a", "b"])),
                (3, cells(&["x, \"y\"\nz", "2"])),
                (6, cells(&["", ""])),
                (7, cells(&["", ""])),
                (8, cells(&["last", ""])),
            ]
        );
    }

    #[test]
    fn a_quote_that_never_closes_is_found_where_it_opens() {
        let fault = records("a,b\n1,\"2\n3,4\n", ',').unwrap_err();
        assert_eq!(
            (fault.line, fault.why.as_str()),
            (2, "A quote opens here and is never closed")
        );
        assert_eq!(records("a,b\n\"1\"x,2\n", ',').unwrap_err().line, 2);
    }

    #[test]
    fn text_in_other_shapes_is_read_or_refused_by_line() {
        let utf16 = |text: &str| {
            let units = text.encode_utf16().flat_map(u16::to_le_bytes);
            [0xFF, 0xFE].into_iter().chain(units).collect::<Vec<u8>>()
        };
        assert_eq!(decoded(b"\xEF\xBB\xBFreference").unwrap(), "reference");
        assert_eq!(decoded(&utf16("größe\n")).unwrap(), "größe\n");
        assert_eq!(decoded(&utf16("x")[..3]).unwrap_err().line, 0);
        assert_eq!(decoded(b"a\nb\xFF").unwrap_err().line, 2);
        assert_eq!(decoded(b"a\n\nb\0").unwrap_err().line, 3);
        assert_eq!(decoded(b" \n").unwrap_err().why, "The file is empty");
        assert!(
            decoded(&vec![b'a'; MOST_BYTES + 1])
                .unwrap_err()
                .why
                .contains("16 MB")
        );
    }

    #[test]
    fn a_million_columns_are_refused_before_they_are_read() {
        let wide = "a,".repeat(1_000_000);
        assert!(records(&wide, ',').unwrap_err().why.contains("100 columns"));
    }
}
