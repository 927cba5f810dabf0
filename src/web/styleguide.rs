//! `/styleguide`: every part in all its states, for whoever builds pages. Its values are examples and nothing else.
//!
//! A page takes its pieces from here; a piece that is missing is added here first.

use actix_web::HttpResponse;
use actix_web::web::Data;
use askama::Template;
use chrono::{DateTime, Duration, Utc};
use chrono_tz::Europe::London;

use super::chart::{self, Bar, Chart, Column, Point, Words};
use super::filters;
use super::gate::Anybody;
use super::page::{Answering, Ask, Audience, Choice, FieldError, Filled, Frame, render};
use super::parts::*;
use crate::app::App;
use crate::error::{Error, Result};

/// For builders alone: a production does not have it.
pub async fn show(app: Data<App>, visit: Anybody) -> Result<HttpResponse> {
    if app.config.production {
        return Err(Error::NotFound);
    }
    let audience = visit.frame("").audience;
    Ok(render(&Show::new(
        visit.frame("Style guide"),
        audience,
        visit.now,
    )))
}

#[derive(Template)]
#[template(path = "styleguide.html")]
struct Show {
    frame: Frame,
    badges: Vec<Badge>,
    clocks: Vec<Clock>,
    amounts: Vec<Amount>,
    moments: Vec<Moment>,
    form: Filled,
    asks: Vec<Ask>,
    verdict: Verdict,
    share: Share,
    sum: Sum,
    findings: Findings,
    deadlines: Deadlines,
    next: NextStep,
    progress: Vec<Progress>,
    timeline: Timeline,
    summary: Summary,
    tiles: Tiles,
    charts: Vec<Chart>,
    pager: Pager,
}

impl Show {
    /// The page in a frame, for an audience's density; the examples are told from `now`.
    fn new(frame: Frame, audience: Audience, now: DateTime<Utc>) -> Show {
        let usd = |e8| Amount::new(e8, "USD");
        Show {
            frame: Frame { audience, ..frame },
            badges: badges(),
            clocks: clocks(now),
            amounts: vec![
                usd(400_000_000),
                usd(-1_200_000_000),
                usd(12_345),
                Amount::new(120_000_000_000, "JPY"),
                Amount::new(123_400_000, "KWD"),
                Amount::new(500_000_000, "PLN"),
            ],
            moments: vec![
                Moment::new(now, London, now),
                Moment::relative(now + Duration::minutes(190), London, now),
                Moment::relative(now - Duration::minutes(12), London, now),
                Moment::worded(
                    now,
                    London,
                    filters::by(now + Duration::days(2), London, now),
                ),
            ],
            form: form(),
            asks: asks(),
            verdict: verdict(),
            share: Share::new(600, 1_000, usd(600_000_000), usd(400_000_000)),
            sum: sum(),
            findings: findings(),
            deadlines: deadlines(now),
            next: NextStep {
                tone: Tone::Accent,
                sentence: "Omar decides by 5pm on Wednesday 25 November.".into(),
                advice: "Nothing is needed from you right now.".into(),
                progress: None,
                way_on: None,
            },
            progress: progress(),
            timeline: timeline(now),
            summary: summary(),
            tiles: tiles(),
            charts: charts(),
            pager: Pager {
                shown: "51–100 of 134 tickets".into(),
                previous: Some("?before=51".into()),
                next: Some("?after=100".into()),
            },
        }
    }
}

fn clause(id: &str) -> ClauseRef {
    ClauseRef {
        id: id.into(),
        href: format!("/policies/panel-credits#{id}"),
    }
}

fn badges() -> Vec<Badge> {
    vec![
        Badge::new(Tone::Neutral, "New"),
        Badge::new(Tone::Accent, "We are looking at it"),
        Badge::new(Tone::Ok, "Refund approved"),
        Badge::new(Tone::Warn, "We need something from you"),
        Badge::new(Tone::Danger, "Not eligible"),
        Badge::new(Tone::Paused, "Waiting for customer"),
        Badge::with_icon(Tone::Accent, "wrench", "Work first"),
    ]
}

fn clocks(now: DateTime<Utc>) -> Vec<Clock> {
    let day = Duration::days(1);
    let running = |label, minutes| {
        let due = now + Duration::minutes(minutes);
        Clock::running(label, due - day, due, London, now)
    };
    let standing = |state, label| Clock::standing(state, label, now, London, now);
    vec![
        running("First reply", 1_000),
        running("Decision", 22),
        running("Cure", -15),
        standing(ClockState::Paused, "Decision"),
        standing(ClockState::Met, "First reply"),
        standing(ClockState::Missed, "Payout"),
    ]
}

fn form() -> Filled {
    let error = |field: &str, message: &str| FieldError {
        field: field.into(),
        message: message.into(),
    };
    let value = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    Filled {
        values: vec![
            value("email", "maria@"),
            value("ground", "stopped"),
            value("agree", "yes"),
        ],
        errors: vec![error(
            "email",
            "Enter an e-mail address like name@example.com",
        )],
        prefix: String::new(),
    }
}

fn asks() -> Vec<Ask> {
    let grounds = vec![
        Choice::new(
            "stopped",
            "It stopped part-way",
            "Some of it came, and nothing has moved for a while.",
        ),
        Choice::new("charged", "I was charged twice", ""),
    ];
    let kinds = vec![
        Choice::new("screenshot", "A screenshot", ""),
        Choice::new("number", "The order number", ""),
    ];
    vec![
        Ask::new("ground", "What happened?", "", Answering::Radios).of(grounds.clone()),
        Ask::new("items", "What should be sent?", "", Answering::Checks).of(kinds),
        Ask::new("reason", "Why it differs", "", Answering::List).of(grounds),
        Ask::new(
            "words",
            "In your words",
            "A sentence or two is enough.",
            Answering::Words,
        ),
        Ask {
            prefix: "$".into(),
            ..Ask::new(
                "amount",
                "Refund",
                "Between $0.01 and $10.00",
                Answering::Money,
            )
        },
        Ask::new("day", "On which day?", "", Answering::Day),
        Ask::new(
            "files",
            "Add files",
            "Pictures or PDF, up to 10 MB each.",
            Answering::Files,
        ),
    ]
}

fn verdict() -> Verdict {
    Verdict {
        outcome: Badge::new(Tone::Ok, "Eligible"),
        sentence: "The undelivered part of the order goes back.".into(),
        amount: Some(Amount::new(400_000_000, "USD")),
        of: "of $10.00 paid".into(),
        destinations: vec!["To the account balance".into()],
        flags: vec!["The order is processing, which the text does not name.".into()],
    }
}

fn sum() -> Sum {
    let line = |label: &str, workings: &str, clauses, e8| SumLine {
        label: label.into(),
        workings: workings.into(),
        clauses,
        amount: Amount::new(e8, "USD"),
    };
    Sum {
        caption: "How the amount comes about".into(),
        lines: vec![
            line(
                "Paid for the order",
                "1,000 followers",
                vec![],
                1_000_000_000,
            ),
            line(
                "Delivered before it stopped",
                "$10.00 × 600 delivered ÷ 1,000",
                vec![clause("A8")],
                -600_000_000,
            ),
        ],
        total_label: "Refund to the balance".into(),
        total: Amount::new(400_000_000, "USD"),
    }
}

fn findings() -> Findings {
    let finding = |id: &str, title: &str, answer, detail: &str| Finding {
        clause: clause(id),
        title: title.into(),
        answer,
        detail: detail.into(),
        due: None,
    };
    Findings {
        caption: "Every clause of this ground".into(),
        list: vec![
            finding(
                "A7",
                "Undelivered units are refunded",
                Answer::Met,
                "400 of 1,000 units are not delivered.",
            ),
            finding(
                "A6",
                "Stopping is not guaranteed",
                Answer::Unknown,
                "The provider has not said yet.",
            ),
            finding(
                "A14",
                "Refill only for a time",
                Answer::NotMet,
                "Late by 51 days.",
            ),
            finding(
                "A9",
                "Full delivery: no refund",
                Answer::NotApplicable,
                "400 units are undelivered.",
            ),
        ],
    }
}

fn deadlines(now: DateTime<Utc>) -> Deadlines {
    let deadline = |clock| Deadline {
        clock,
        firmness: "Firm".into(),
        clause: Some(clause("A19")),
        why: "24 h from receipt; hours run day and night.".into(),
        account: vec![
            "Mon 2 Mar 10:00 to Tue 3 Mar 08:00: 22 h counted".into(),
            "Tue 3 Mar 08:00 to Wed 4 Mar 09:00: stood still, the customer had the turn".into(),
        ],
    };
    Deadlines {
        list: clocks(now).into_iter().take(3).map(deadline).collect(),
    }
}

fn progress() -> Vec<Progress> {
    let steps = |states: [StepState; 4]| Progress {
        steps: ["Received", "In review", "Decision", "Money back"]
            .into_iter()
            .zip(states)
            .map(|(label, state)| Step::new(label, state, ""))
            .collect(),
    };
    use StepState::{Ahead, Current, Done, Stopped};
    vec![
        steps([Done, Current, Ahead, Ahead]),
        steps([Done, Done, Stopped, Ahead]),
    ]
}

fn timeline(now: DateTime<Utc>) -> Timeline {
    let at = |minutes| Moment::new(now - Duration::minutes(minutes), London, now);
    let file = File {
        name: "counts.png".into(),
        href: "#".into(),
        size: "420 kB, PNG".into(),
    };
    let from = |anchor, kind, author, role, minutes, text| {
        Entry::message(anchor, kind, author, role, at(minutes), text)
    };
    Timeline {
        entries: vec![
            Entry::event(
                "e-1",
                "inbox",
                Tone::Neutral,
                at(90),
                "Maria Rossi filed this claim in the portal.",
            ),
            Entry {
                files: vec![file],
                ..from(
                    "m-1",
                    Kind::Customer,
                    "Maria Rossi",
                    "Customer",
                    89,
                    "It has stopped.\nMay I have the rest back?",
                )
            },
            from(
                "m-2",
                Kind::Staff,
                "Omar Haddad",
                "Support",
                60,
                "Thank you. I have asked the provider to stop it.",
            ),
            from(
                "m-3",
                Kind::Note,
                "Omar Haddad",
                "Agent",
                59,
                "Provider ticket 55-1201 is open.",
            ),
            Entry::event(
                "e-2",
                "scale",
                Tone::Accent,
                at(20),
                "Assessed: eligible for $4.00.",
            ),
        ],
    }
}

fn summary() -> Summary {
    Summary {
        rows: vec![
            Row::text("What happened", "It stopped part-way").change_at("#ground"),
            Row::lines(
                "Evidence",
                vec!["counts.png, 420 kB".into(), "reply.pdf, 88 kB".into()],
            )
            .change_at("#files"),
            Row::link("Order", "88201", "#"),
            Row::money("Paid", Amount::new(1_000_000_000, "USD")),
        ],
    }
}

fn tiles() -> Tiles {
    let tile = |label: &str, figure: &str, delta: &str, tone, note: &str| Tile {
        label: label.into(),
        figure: figure.into(),
        delta: delta.into(),
        tone,
        note: note.into(),
        href: Some("#".into()),
    };
    Tiles {
        list: vec![
            tile(
                "Firm promises kept",
                "96\u{a0}%",
                "3 points better than September",
                Tone::Ok,
                "1,156 of 1,204",
            ),
            tile(
                "Decision, median",
                "9 h 20 min",
                "1 h slower",
                Tone::Warn,
                "12 still open are not counted",
            ),
            tile(
                "Late right now",
                "3",
                "",
                Tone::Neutral,
                "the oldest by 2 h",
            ),
        ],
    }
}

fn charts() -> Vec<Chart> {
    let words = |id: &str, title: &str| Words {
        id: id.into(),
        title: title.into(),
        desc: title.into(),
        takeaway: "What to take from it, in a sentence.".into(),
        csv: Some("#".into()),
    };
    let weeks: Vec<Column> = [(40, 2), (52, 1), (38, 6), (61, 3), (44, 0)]
        .into_iter()
        .enumerate()
        .map(|(week, (met, missed))| Column {
            label: format!("week {}", week + 40),
            parts: vec![met, missed],
            above: filters::percent(met, met + missed),
            target: Some((met + missed) * 95 / 100),
            href: Some("#".into()),
        })
        .collect();
    let points: Vec<Point> = [
        (3_600, 14_000),
        (4_200, 18_000),
        (3_900, 30_000),
        (2_800, 15_000),
    ]
    .into_iter()
    .enumerate()
    .map(|(week, (p50, p90))| Point {
        label: format!("week {}", week + 40),
        n: 40,
        p50: Some(p50),
        p90: Some(p90),
        p95: Some(p90 + p90 / 3),
    })
    .collect();
    let row = |label: &str, value, few| Bar {
        label: label.into(),
        value,
        said: filters::percent(value, 100),
        n: if few { 4 } else { 214 },
        few,
        href: None,
    };
    vec![
        chart::stacked(
            words("attainment", "Promises met and missed"),
            &["Met", "Missed"],
            &weeks,
        ),
        chart::percentiles(words("reply", "Time to the first reply"), &points),
        chart::bars(
            words("sellers", "Kept, by seller"),
            "Kept",
            100,
            &[row("Panel", 98, false), row("Plans", 100, true)],
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use scraper::{Html, Selector};

    fn page(audience: Audience) -> Html {
        let now = "2026-11-24T14:32:00Z".parse().unwrap();
        Html::parse_document(&Show::new(Frame::default(), audience, now).render().unwrap())
    }

    fn all<'a>(page: &'a Html, selector: &str) -> Vec<scraper::ElementRef<'a>> {
        page.select(&Selector::parse(selector).unwrap()).collect()
    }

    #[test]
    fn no_part_needs_what_the_content_policy_forbids() {
        let page = page(Audience::Customer);
        assert!(
            all(
                &page,
                "[style], style, script:not([src]), [onclick], [onsubmit]"
            )
            .is_empty()
        );
    }

    #[test]
    fn every_field_has_a_label_and_every_description_exists() {
        let page = page(Audience::Staff);
        let ids: Vec<&str> = all(&page, "[id]")
            .iter()
            .filter_map(|part| part.attr("id"))
            .collect();
        for field in all(
            &page,
            "main input:not([type=hidden]), main select, main textarea",
        ) {
            let id = field.attr("id").unwrap();
            assert_eq!(all(&page, &format!("label[for='{id}']")).len(), 1, "{id}");
        }
        for part in all(&page, "[aria-describedby], [aria-labelledby]") {
            for name in ["aria-describedby", "aria-labelledby"] {
                for id in part.attr(name).unwrap_or_default().split_whitespace() {
                    assert_eq!(ids.iter().filter(|known| **known == id).count(), 1, "{id}");
                }
            }
        }
    }

    #[test]
    fn every_icon_is_in_the_sprite_and_every_asset_is_there() {
        let sprite = include_str!("../../static/icons.svg");
        let page = page(Audience::Staff);
        for icon in all(&page, "use") {
            let name = icon.attr("href").unwrap().rsplit_once('#').unwrap().1;
            assert!(sprite.contains(&format!("<symbol id=\"{name}\"")), "{name}");
        }
        for part in all(&page, "script[src], link[href]") {
            let address = part.attr("src").or(part.attr("href")).unwrap();
            assert!(
                address.matches('-').count() >= 1,
                "{address} has no hash: it is not under static/"
            );
        }
    }

    #[test]
    fn the_density_follows_the_audience() {
        for (audience, density) in [
            (Audience::Staff, "compact"),
            (Audience::Customer, "comfortable"),
        ] {
            assert_eq!(
                page(audience).root_element().attr("data-density"),
                Some(density)
            );
        }
    }
}
