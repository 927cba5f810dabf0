//! The printed table: a reading a line, a size a column.

/// One reading at one size.
pub struct Row {
    pub what: &'static str,
    pub figure: f64,
    pub unit: &'static str,
    /// The most it may be, at the largest size.
    pub target: Option<f64>,
}

pub fn print(sizes: &[u64], columns: &[Vec<Row>]) {
    let head: Vec<String> = sizes.iter().map(|size| format!("{size:>11}")).collect();
    println!(
        "\n{:<46} {} {:>8} {:>9}  verdict",
        "reading",
        head.join(" "),
        "growth",
        "target"
    );
    let Some(last) = columns.last() else { return };
    for row in last {
        let of = |column: &Vec<Row>| {
            let found = column.iter().find(|other| other.what == row.what);
            found.map(|other| other.figure)
        };
        let figures: Vec<Option<f64>> = columns.iter().map(of).collect();
        let shown: Vec<String> = figures
            .iter()
            .map(|figure| match figure {
                Some(figure) => format!("{:>11}", format!("{figure:.1} {}", row.unit)),
                None => format!("{:>11}", "-"),
            })
            .collect();
        let growth = match figures.first() {
            Some(Some(first)) if *first > 0.0 && figures.len() > 1 => {
                format!("{:.1}x", row.figure / first)
            }
            _ => "-".to_owned(),
        };
        let (target, verdict) = match row.target {
            Some(target) if row.figure <= target => (format!("{target} {}", row.unit), "reached"),
            Some(target) => (format!("{target} {}", row.unit), "NOT REACHED"),
            None => (String::new(), ""),
        };
        println!(
            "{:<46} {} {growth:>8} {target:>9}  {verdict}",
            row.what,
            shown.join(" ")
        );
    }
}
