//! What holds for every template: short, nothing printed unescaped, nothing that the content policy would refuse.

use std::fs;

use super::source;

const LINES: usize = 150;

/// Templates that print a value as it is, because what they print was built from escaped parts.
const PRINTS_MARKUP: &[&str] = &[];

fn faults(path: &str, text: &str) -> Vec<String> {
    let mut faults = Vec::new();
    let lines = text.lines().count();
    if lines > LINES {
        faults.push(format!("{path}: {lines} lines; cut a part out of it"));
    }
    // A mail client has no content policy, and no style sheet but the one in the letter.
    let page = !path.starts_with("letters/");
    for (number, line) in text.lines().enumerate() {
        let mut fault = |what: &str| faults.push(format!("{path}:{}: {what}", number + 1));
        let squeezed: String = line.split_whitespace().collect();
        if squeezed.contains("|safe") && !PRINTS_MARKUP.contains(&path) {
            fault("prints a value unescaped");
        }
        if page && line.contains(" style=") {
            fault("inline style");
        }
        if page && line.contains("<style") {
            fault("inline style sheet");
        }
        if page && line.contains("<script") && !line.contains(" src=") {
            fault("inline script");
        }
        if page && line.contains("javascript:") {
            fault("script in an address");
        }
        if page && has_event_attribute(line) {
            fault("event attribute");
        }
    }
    faults
}

/// `onclick=` and its like, as an attribute of its own.
fn has_event_attribute(line: &str) -> bool {
    line.split(' ').any(|part| {
        part.split_once('=').is_some_and(|(name, _)| {
            name.len() > 4
                && name.starts_with("on")
                && name.chars().all(|letter| letter.is_ascii_lowercase())
        })
    })
}

#[test]
fn templates_are_short_escaped_and_free_of_inline_code() {
    let folder = source::root().join("templates");
    let files: Vec<_> = ["html", "txt"]
        .iter()
        .flat_map(|ending| source::files(&folder, ending))
        .collect();
    assert!(files.len() > 20, "the scanner found no templates");
    let broken: Vec<String> = files
        .iter()
        .flat_map(|file| {
            let path = file.strip_prefix(&folder).unwrap().to_string_lossy();
            faults(&path, &fs::read_to_string(file).unwrap())
        })
        .collect();
    assert!(broken.is_empty(), "\n{}\n", broken.join("\n"));
}

#[test]
fn a_template_with_a_fault_is_caught() {
    let wrong = [
        "{{ claim.text | safe }}",
        "<p style=\"color:red\">",
        "<script>alert(1)</script>",
        "<button onclick=\"x()\">",
        "<a href=\"javascript:x()\">",
    ];
    for text in wrong {
        assert_eq!(faults("queue/show.html", text).len(), 1, "{text}");
    }
    assert_eq!(faults("queue/show.html", &"<br>\n".repeat(151)).len(), 1);
    assert!(faults("queue/show.html", "<script src=\"x.js\" defer></script>").is_empty());
}
