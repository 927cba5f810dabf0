//! `redress calendar`, as an operator keeps a seller's days with it; `claims/promises` has what the clocks make of them.

use std::fs;
use std::path::Path;
use std::process::Command;

const HOLIDAYS: &str = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nDTSTART;VALUE=DATE:20250101\r\nSUMMARY:New Year\r\nRRULE:FREQ=YEARLY\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
const HOURS: &str = "[hours]\nmon = [\"09:00-12:30\", \"13:30-18:00\"]\ntue = [\"09:00-12:30\"]\n";

/// The exit status and what was printed.
fn redress(words: &[&str], data: &Path) -> (i32, String) {
    let ran = Command::new(env!("CARGO_BIN_EXE_redress"))
        .args(words)
        .env_clear()
        .env("REDRESS_DATA", data)
        .current_dir(data)
        .output()
        .unwrap();
    let said = String::from_utf8(ran.stdout).unwrap() + &String::from_utf8(ran.stderr).unwrap();
    (ran.status.code().unwrap(), said)
}

#[test]
fn a_sellers_days_come_from_files_and_stay_as_versions() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    let document = concat!(env!("CARGO_MANIFEST_DIR"), "/policies/panel-guarantee.toml");
    let does = |words: &[&str]| redress(words, data);
    assert_eq!(does(&["policy", "publish", document]).0, 0);
    let add = [
        "seller",
        "add",
        "--slug",
        "mine",
        "--name",
        "Mine",
        "--policy",
        "panel-guarantee",
        "--mail",
        "desk@mine.example",
    ];
    assert_eq!(does(&add).0, 0);
    fs::write(data.join("days.ics"), HOLIDAYS).unwrap();
    fs::write(data.join("hours.toml"), HOURS).unwrap();
    let (status, said) = does(&["calendar", "import", "hours.toml", "--seller", "mine"]);
    assert!(
        status == 0 && said.starts_with("calendar 1 of mine is in force from "),
        "{said}"
    );
    let (status, said) = does(&["calendar", "import", "days.ics", "--seller", "mine"]);
    assert!(
        status == 0 && said.starts_with("calendar 2 of mine"),
        "{said}"
    );
    let (status, said) = does(&["calendar", "import", "days.ics", "--seller", "mine"]);
    assert!(
        status == 1 && said.contains("says the same already"),
        "{said}"
    );
    let past = [
        "calendar",
        "import",
        "hours.toml",
        "--seller",
        "mine",
        "--from",
        "2020-01-01",
    ];
    let (status, said) = does(&past);
    assert!(status == 1 && said.contains("today"), "{said}");
    let show = [
        "calendar",
        "show",
        "--seller",
        "mine",
        "--start",
        "2026-11-30T20:00:00Z",
        "--minutes",
        "60",
    ];
    let (status, said) = does(&show);
    assert_eq!(status, 0, "{said}");
    for line in [
        "zone America/Los_Angeles",
        "mon 09:00-12:30, 13:30-18:00",
        "wed closed",
        "New Year",
        "version 2 from ",
        "Mon 2026-11-30 12:00:00 PST to Mon 2026-11-30 12:30:00 PST: 30 min",
        "due Mon 2026-11-30 14:00:00 PST",
    ] {
        assert!(said.contains(line), "{line} is not in {said}");
    }
    assert_eq!(does(&["calendar", "show", "--seller", "nobody"]).0, 1);
}

#[test]
fn what_is_not_understood_is_refused_with_its_line_and_nothing_is_published() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    let timed = HOLIDAYS.replace(";VALUE=DATE:20250101", ":20250101T090000Z");
    fs::write(data.join("timed.ics"), timed).unwrap();
    let (status, said) = redress(&["calendar", "check", "timed.ics"], data);
    assert_eq!(status, 1);
    assert!(
        said.starts_with("timed.ics: line 4: DTSTART 20250101T090000Z: a time of day"),
        "{said}"
    );
    fs::write(data.join("closed.toml"), "[hours]\n").unwrap();
    let (status, said) = redress(&["calendar", "check", "closed.toml"], data);
    assert!(
        status == 1 && said.contains("nothing would ever be due"),
        "{said}"
    );
    fs::write(data.join("days.ics"), HOLIDAYS).unwrap();
    let (status, said) = redress(&["calendar", "check", "days.ics"], data);
    assert!(status == 0 && said.contains("New Year"), "{said}");
}
