//! Charts as geometry: numbers in, marks and their table out. Pure; `templates/parts/chart.html` draws them.
//!
//! Every chart carries a sentence that says what it shows, a description, and the same figures as a table. Bars start
//! at zero and are links where rows stand behind them. Colours are classes, never attributes, and each has a pattern
//! of its own for those who see no colours.

mod axis;

use askama::Template;
use askama::filters::HtmlSafe;

use self::axis::Ceiling;
use crate::web::filters;

// Narrow enough to be read whole on a phone; a wide screen enlarges it.
const WIDTH: f64 = 480.0;
const HEIGHT: f64 = 260.0;
const LEFT: f64 = 44.0;
const RIGHT: f64 = 12.0;
const TOP: f64 = 22.0;
const BOTTOM: f64 = 42.0;

/// A shape of the drawing; coordinates are ready to print.
#[derive(Debug, Clone, PartialEq)]
pub enum Mark {
    Bar {
        x: String,
        y: String,
        w: String,
        h: String,
        class: &'static str,
        href: Option<String>,
        label: String,
    },
    Rule {
        x1: String,
        y1: String,
        x2: String,
        y2: String,
        class: &'static str,
    },
    Text {
        x: String,
        y: String,
        anchor: &'static str,
        class: &'static str,
        text: String,
    },
    Line {
        class: &'static str,
        points: String,
    },
    Area {
        class: &'static str,
        points: String,
    },
    Dot {
        x: String,
        y: String,
        class: &'static str,
        label: String,
    },
}

/// The figures again, for readers and printers.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Table {
    pub head: Vec<String>,
    pub rows: Vec<Vec<String>>,
}

/// What a colour stands for.
#[derive(Debug, Clone, PartialEq)]
pub struct Key {
    pub class: &'static str,
    pub label: String,
}

/// The words around a chart; the figures come from the shape that is drawn.
#[derive(Debug, Clone, Default)]
pub struct Words {
    /// Unique on the page: `attainment`.
    pub id: String,
    pub title: String,
    /// What is drawn, for those who do not see it.
    pub desc: String,
    /// What to take from it.
    pub takeaway: String,
    pub csv: Option<String>,
}

#[derive(Debug, Clone, Template)]
#[template(path = "parts/chart.html")]
pub struct Chart {
    pub id: String,
    pub title: String,
    pub desc: String,
    pub takeaway: String,
    pub csv: Option<String>,
    pub width: u32,
    pub height: u32,
    pub keys: Vec<Key>,
    pub marks: Vec<Mark>,
    pub table: Table,
}

impl HtmlSafe for Chart {}

/// One column of a stacked chart: a part per series, bottom first.
#[derive(Debug, Clone, Default)]
pub struct Column {
    pub label: String,
    pub parts: Vec<u64>,
    /// Said above the column: "96 %". Empty: the total.
    pub above: String,
    /// Where a rule crosses the column, as a count: the target.
    pub target: Option<u64>,
    pub href: Option<String>,
}

/// One row of a bar chart: its label above the bar, its figure after it.
#[derive(Debug, Clone)]
pub struct Bar {
    pub label: String,
    pub value: u64,
    /// The value in words: "96 %", "3 h 10 min".
    pub said: String,
    /// How many it rests on.
    pub n: u64,
    /// Too few to judge by: drawn hatched, and said in its label.
    pub few: bool,
    pub href: Option<String>,
}

/// One point of a percentile chart, in seconds; None where nothing was measured.
#[derive(Debug, Clone)]
pub struct Point {
    pub label: String,
    pub n: u64,
    pub p50: Option<u64>,
    pub p90: Option<u64>,
    pub p95: Option<u64>,
}

const CLASSES: [&str; 5] = ["c1", "c2", "c3", "c4", "c5"];

impl Chart {
    fn new(words: Words, height: f64) -> Chart {
        let Words {
            id,
            title,
            desc,
            takeaway,
            csv,
        } = words;
        Chart {
            id,
            title,
            desc,
            takeaway,
            csv,
            width: WIDTH as u32,
            height: height as u32,
            keys: Vec::new(),
            marks: Vec::new(),
            table: Table::default(),
        }
    }

    /// A drawing with links in it is a group of things, not one picture.
    pub fn has_links(&self) -> bool {
        self.marks
            .iter()
            .any(|mark| matches!(mark, Mark::Bar { href: Some(_), .. }))
    }

    fn rule(&mut self, x1: f64, y1: f64, x2: f64, y2: f64, class: &'static str) {
        self.marks.push(Mark::Rule {
            x1: px(x1),
            y1: px(y1),
            x2: px(x2),
            y2: px(y2),
            class,
        });
    }

    fn text(&mut self, x: f64, y: f64, anchor: &'static str, class: &'static str, text: &str) {
        self.marks.push(Mark::Text {
            x: px(x),
            y: px(y),
            anchor,
            class,
            text: text.to_owned(),
        });
    }

    /// Rules and figures of the value axis from 0 to the rounded top; returns the height of a value.
    fn axis(&mut self, ceiling: &Ceiling) -> impl Fn(f64) -> f64 + use<> {
        let top = ceiling.top;
        let height = move |value: f64| HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * value / top;
        for step in 0..=ceiling.steps {
            let value = top * f64::from(step) / f64::from(ceiling.steps);
            let class = if step == 0 { "base" } else { "grid" };
            self.rule(LEFT, height(value), WIDTH - RIGHT, height(value), class);
            self.text(
                LEFT - 8.0,
                height(value) + 4.0,
                "end",
                "tick",
                &ceiling.said(value),
            );
        }
        height
    }
}

/// Columns of counts, one above the other: met and missed a week, open tickets by age and state.
pub fn stacked(words: Words, series: &[&str], columns: &[Column]) -> Chart {
    let mut chart = Chart::new(words, HEIGHT);
    let most = columns
        .iter()
        .map(|column| column.parts.iter().sum::<u64>())
        .max()
        .unwrap_or(0);
    let height = chart.axis(&Ceiling::counts(most));
    chart.keys = series
        .iter()
        .zip(CLASSES)
        .map(|(label, class)| Key {
            class,
            label: (*label).to_owned(),
        })
        .collect();
    if columns.iter().any(|column| column.target.is_some()) {
        chart.keys.push(Key {
            class: "target",
            label: "Target".into(),
        });
    }
    let slot = (WIDTH - LEFT - RIGHT) / columns.len().max(1) as f64;
    let wide = (slot * 0.62).min(46.0);
    let above: Vec<String> = columns.iter().map(above).collect();
    let fits = every(above.iter().map(String::as_str), slot) == 1;
    let every = every(columns.iter().map(|column| column.label.as_str()), slot);
    for (place, column) in columns.iter().enumerate() {
        let middle = LEFT + slot * (place as f64 + 0.5);
        let mut below = 0;
        for ((part, name), class) in column.parts.iter().zip(series).zip(CLASSES) {
            let (low, high) = (height(below as f64), height((below + part) as f64));
            below += part;
            if *part > 0 {
                chart.marks.push(Mark::Bar {
                    x: px(middle - wide / 2.0),
                    y: px(high),
                    w: px(wide),
                    h: px((low - high - 1.0).max(0.5)),
                    class,
                    href: column.href.clone(),
                    label: format!(
                        "{}: {} {}",
                        column.label,
                        filters::count(*part),
                        name.to_lowercase()
                    ),
                });
            }
        }
        if let Some(target) = column.target {
            chart.rule(
                middle - wide / 2.0 - 4.0,
                height(target as f64),
                middle + wide / 2.0 + 4.0,
                height(target as f64),
                "target",
            );
        }
        // Where one would run into the next, the table below has them.
        if below > 0 && fits {
            let top = height(below as f64) - 7.0;
            chart.text(middle, top, "middle", "value", &above[place]);
        }
        if place % every == 0 {
            chart.text(
                middle,
                HEIGHT - BOTTOM + 18.0,
                "middle",
                "tick",
                &column.label,
            );
        }
    }
    chart.table = stacked_table(series, columns);
    chart
}

/// What is said above a column.
fn above(column: &Column) -> String {
    if column.above.is_empty() {
        filters::count(column.parts.iter().sum())
    } else {
        column.above.clone()
    }
}

fn stacked_table(series: &[&str], columns: &[Column]) -> Table {
    let mut head = vec![String::new()];
    head.extend(series.iter().map(|name| (*name).to_owned()));
    head.push("Total".into());
    let said = columns.iter().any(|column| !column.above.is_empty());
    if said {
        head.push("Share".into());
    }
    let row = |column: &Column| {
        let mut row = vec![column.label.clone()];
        row.extend(column.parts.iter().map(|part| filters::count(*part)));
        row.push(filters::count(column.parts.iter().sum()));
        if said {
            row.push(column.above.clone());
        }
        row
    };
    Table {
        head,
        rows: columns.iter().map(row).collect(),
    }
}

/// Bars from left to right, a row each; `most` is the value of a full bar (100 for a share).
pub fn bars(words: Words, measure: &str, most: u64, rows: &[Bar]) -> Chart {
    const ROW: f64 = 46.0;
    let mut chart = Chart::new(words, ROW * rows.len().max(1) as f64 + 4.0);
    let room = WIDTH * 0.64;
    for (place, row) in rows.iter().enumerate() {
        let top = ROW * place as f64;
        let long = room * row.value.min(most) as f64 / most.max(1) as f64;
        let note = if row.few { "too few to judge" } else { "" };
        chart.text(0.0, top + 16.0, "start", "name", &row.label);
        chart.marks.push(Mark::Bar {
            x: px(0.0),
            y: px(top + 22.0),
            w: px(long.max(1.0)),
            h: px(18.0),
            class: if row.few { "few" } else { "c1" },
            href: row.href.clone(),
            label: format!(
                "{}: {} of {} {note}",
                row.label,
                row.said,
                filters::count(row.n)
            )
            .trim_end()
            .to_owned(),
        });
        let said = format!("{} · n {}", row.said, filters::count(row.n));
        chart.text(long + 8.0, top + 36.0, "start", "value", &said);
    }
    chart.table = Table {
        head: vec![String::new(), measure.to_owned(), "n".into()],
        rows: rows
            .iter()
            .map(|row| vec![row.label.clone(), row.said.clone(), filters::count(row.n)])
            .collect(),
    };
    chart
}

/// The median as a line, from it to the 90th percentile a band, the 95th as dots. Values in seconds.
pub fn percentiles(words: Words, points: &[Point]) -> Chart {
    let mut chart = Chart::new(words, HEIGHT);
    let most = points
        .iter()
        .flat_map(|point| [point.p50, point.p90, point.p95])
        .flatten()
        .max()
        .unwrap_or(0);
    let height = chart.axis(&Ceiling::seconds(most));
    let slot = (WIDTH - LEFT - RIGHT) / points.len().max(1) as f64;
    let across = |place: usize| LEFT + slot * (place as f64 + 0.5);
    for run in runs(points) {
        let spot = |(place, value): (usize, u64)| {
            format!("{},{}", px(across(place)), px(height(value as f64)))
        };
        let low: Vec<String> = run
            .iter()
            .map(|(place, p50, _)| spot((*place, *p50)))
            .collect();
        let high: Vec<String> = run
            .iter()
            .rev()
            .map(|(place, _, p90)| spot((*place, *p90)))
            .collect();
        chart.marks.push(Mark::Area {
            class: "band",
            points: [low.clone(), high].concat().join(" "),
        });
        chart.marks.push(Mark::Line {
            class: "median",
            points: low.join(" "),
        });
    }
    let every = every(points.iter().map(|point| point.label.as_str()), slot);
    for (place, point) in points.iter().enumerate() {
        for (value, class, name) in [
            (point.p50, "median", "median"),
            (point.p95, "p95", "95th percentile"),
        ] {
            if let Some(value) = value {
                let label = format!("{}: {name} {}", point.label, filters::duration(value));
                chart.marks.push(Mark::Dot {
                    x: px(across(place)),
                    y: px(height(value as f64)),
                    class,
                    label,
                });
            }
        }
        if place % every == 0 {
            chart.text(
                across(place),
                HEIGHT - BOTTOM + 18.0,
                "middle",
                "tick",
                &point.label,
            );
        }
    }
    chart.keys = [
        ("median", "Median"),
        ("band", "Median to 90th percentile"),
        ("p95", "95th percentile"),
    ]
    .map(|(class, label)| Key {
        class,
        label: label.into(),
    })
    .to_vec();
    let said = |value: Option<u64>| value.map_or_else(|| "–".to_owned(), filters::duration);
    chart.table = Table {
        head: ["", "Median", "90th", "95th", "n"]
            .map(String::from)
            .to_vec(),
        rows: points
            .iter()
            .map(|point| {
                vec![
                    point.label.clone(),
                    said(point.p50),
                    said(point.p90),
                    said(point.p95),
                    filters::count(point.n),
                ]
            })
            .collect(),
    };
    chart
}

/// Every how many labels there is room for one, so that none runs into the next.
fn every<'a>(labels: impl Iterator<Item = &'a str>, slot: f64) -> usize {
    let longest = labels.map(|label| label.chars().count()).max().unwrap_or(0);
    ((longest as f64 * 8.0 + 6.0) / slot).ceil().max(1.0) as usize
}

/// Unbroken stretches in which both lines of the band are known.
fn runs(points: &[Point]) -> Vec<Vec<(usize, u64, u64)>> {
    let mut runs = vec![Vec::new()];
    for (place, point) in points.iter().enumerate() {
        match (point.p50, point.p90, runs.last_mut()) {
            (Some(p50), Some(p90), Some(run)) => run.push((place, p50, p90)),
            _ => runs.push(Vec::new()),
        }
    }
    runs.retain(|run| !run.is_empty());
    runs
}

/// A coordinate, to a tenth.
fn px(value: f64) -> String {
    format!("{}", (value * 10.0).round() / 10.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words() -> Words {
        Words {
            id: "c".into(),
            title: "Decisions".into(),
            desc: "By week".into(),
            ..Words::default()
        }
    }

    fn column(label: &str, parts: [u64; 2]) -> Column {
        Column {
            label: label.into(),
            parts: parts.to_vec(),
            ..Column::default()
        }
    }

    fn tops_and_heights(chart: &Chart) -> Vec<(f64, f64)> {
        let bar = |mark: &Mark| match mark {
            Mark::Bar { y, h, .. } => Some((y.parse().unwrap(), h.parse().unwrap())),
            _ => None,
        };
        chart.marks.iter().filter_map(bar).collect()
    }

    #[test]
    fn bars_start_at_zero_and_stack_without_overlap() {
        let chart = stacked(words(), &["Met", "Missed"], &[column("1", [30, 10])]);
        let [(met, tall), (missed, short)] = tops_and_heights(&chart)[..] else {
            panic!("two bars")
        };
        assert!((met + tall + 1.0 - (HEIGHT - BOTTOM)).abs() < 0.2);
        assert!((missed + short + 1.0 - met).abs() < 0.2);
        assert!(
            ((tall + 1.0) / (short + 1.0) - 3.0).abs() < 0.05,
            "heights are as the counts"
        );
    }

    #[test]
    fn the_table_holds_every_figure_of_the_drawing() {
        let chart = stacked(
            words(),
            &["Met", "Missed"],
            &[column("1 Oct", [1_204, 17]), column("8 Oct", [0, 0])],
        );
        assert_eq!(chart.table.head, ["", "Met", "Missed", "Total"]);
        assert_eq!(
            chart.table.rows,
            [["1 Oct", "1,204", "17", "1,221"], ["8 Oct", "0", "0", "0"]]
        );
    }

    #[test]
    fn a_week_without_figures_breaks_the_line_and_says_so() {
        let point = |label: &str, p: Option<u64>| Point {
            label: label.into(),
            n: 3,
            p50: p,
            p90: p,
            p95: p,
        };
        let chart = percentiles(
            words(),
            &[
                point("1", Some(60)),
                point("2", None),
                point("3", Some(90)),
                point("4", Some(30)),
            ],
        );
        let lines = chart
            .marks
            .iter()
            .filter(|mark| matches!(mark, Mark::Line { .. }))
            .count();
        assert_eq!(lines, 2);
        assert_eq!(chart.table.rows[1][1], "–");
        assert_eq!(chart.table.rows[2][1], "1 min");
    }

    #[test]
    fn nothing_to_draw_is_drawn_as_nothing() {
        assert!(stacked(words(), &["Met"], &[]).table.rows.is_empty());
        assert!(tops_and_heights(&percentiles(words(), &[])).is_empty());
        assert!(bars(words(), "Share", 100, &[]).table.rows.is_empty());
    }

    #[test]
    fn a_bar_with_rows_behind_it_is_a_link_that_says_what_it_is() {
        let row = Bar {
            label: "Panel".into(),
            value: 96,
            said: "96 %".into(),
            n: 214,
            few: false,
            href: Some("/queue?seller=panel".into()),
        };
        let page = bars(words(), "Attainment", 100, &[row]).to_string();
        assert!(
            page.contains("<a href=\"/queue?seller=panel\" aria-label=\"Panel: 96 % of 214\">"),
            "{page}"
        );
        assert!(!page.contains("role=\"img\""));
    }
}
