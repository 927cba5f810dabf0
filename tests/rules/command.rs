//! `redress assess` as a person types it: one claim or many, good and bad, from the folder of policies they name.

use std::fs;
use std::io::Write;
use std::path::PathBuf;

use redress::cli::assess::{Assess, assess};
use serde_json::Value;

const CLAIM: &str = r#"{"id":"one","policy":"digital-downloads","ground":"change_of_mind","received_at":"2025-06-04T09:00:00Z"}"#;

fn run(input: &[u8], lines: bool, policies: Option<PathBuf>) -> (i32, Vec<Value>) {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(input).unwrap();
    let mut out = Vec::new();
    let status = assess(
        Assess {
            file: file.path().to_owned(),
            lines,
            policies,
        },
        &mut out,
    )
    .unwrap();
    let out = String::from_utf8(out).unwrap();
    assert!(out.is_empty() || out.ends_with('\n'));
    (
        status,
        out.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect(),
    )
}

#[test]
fn one_claim_may_span_lines_and_gives_one_assessment() {
    let (status, answers) = run(CLAIM.replace(',', ",\n  ").as_bytes(), false, None);
    assert_eq!((status, answers.len()), (0, 1));
    assert_eq!(
        (&answers[0]["id"], &answers[0]["outcome"]),
        (&Value::from("one"), &Value::from("ineligible"))
    );
}

#[test]
fn a_claim_that_cannot_be_read_is_answered_in_its_place_and_the_rest_are_judged() {
    let bad = CLAIM
        .replace("\"one\"", "\"two\"")
        .replace("change_of_mind", "regret");
    let input = format!("{CLAIM}\n\n{bad}\nnot json\n{CLAIM}");
    let (status, answers) = run(input.as_bytes(), true, None);
    assert_eq!((status, answers.len()), (2, 4));
    assert_eq!(answers[0]["outcome"], "ineligible");
    assert_eq!(
        (
            &answers[1]["id"],
            &answers[1]["error"]["field"],
            &answers[1]["error"]["line"]
        ),
        (&Value::from("two"), &Value::from("ground"), &Value::from(3))
    );
    assert_eq!(
        (
            answers[2].get("id"),
            &answers[2]["error"]["field"],
            &answers[2]["error"]["line"]
        ),
        (None, &Value::from(""), &Value::from(4))
    );
    assert_eq!(answers[3], answers[0]);
}

#[test]
fn every_line_is_one_line_whatever_is_in_it() {
    let claim = CLAIM.replace("\"one\"", r#""a\nb\u2028c""#);
    let (status, answers) = run(format!("{claim}\r\n{claim}\n").as_bytes(), true, None);
    assert_eq!((status, answers.len()), (0, 2));
    assert_eq!(answers[0]["id"], "a\nb\u{2028}c");
}

#[test]
fn a_line_longer_than_any_claim_is_refused_and_the_next_is_judged() {
    let mut input = format!("{{\"id\":\"{}", "x".repeat(17 * 1024 * 1024)).into_bytes();
    input.extend(format!("\"}}\n{CLAIM}\n").bytes());
    let (status, answers) = run(&input, true, None);
    assert_eq!((status, answers.len()), (2, 2));
    assert!(
        answers[0]["error"]["message"]
            .as_str()
            .unwrap()
            .contains("longer")
    );
    assert_eq!(answers[1]["outcome"], "ineligible");
}

#[test]
fn bytes_that_are_no_text_are_refused() {
    let (status, answers) = run(b"{\"id\":\"\xff\"}\n", true, None);
    assert_eq!(
        (status, &answers[0]["error"]["message"]),
        (2, &Value::from("is not UTF-8"))
    );
}

#[test]
fn a_folder_of_policies_stands_in_place_of_the_built_in_ones() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("sixth.toml"), include_str!("sixth.toml")).unwrap();
    fs::write(folder.path().join("notes.txt"), "not a policy").unwrap();
    let other = r#"{"policy":"paper-lane","ground":"second_thoughts","received_at":"2025-06-04T09:00:00Z"}"#;
    let (status, answers) = run(
        format!("{other}\n{CLAIM}\n").as_bytes(),
        true,
        Some(folder.path().to_owned()),
    );
    assert_eq!(status, 2);
    assert_eq!(answers[0]["policy"]["version"], "spring");
    assert_eq!(answers[1]["error"]["field"], "policy");
}

#[test]
fn a_folder_without_policies_or_with_a_flawed_one_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let args = || Assess {
        file: folder.path().join("claims.jsonl"),
        lines: true,
        policies: Some(folder.path().to_owned()),
    };
    let why = assess(args(), &mut Vec::new()).unwrap_err();
    assert!(why.to_string().contains("holds no policy"));
    fs::write(folder.path().join("bad.toml"), "id = 7").unwrap();
    let why = assess(args(), &mut Vec::new()).unwrap_err();
    assert!(
        why.to_string().contains("bad.toml is not a policy"),
        "{why}"
    );
}
