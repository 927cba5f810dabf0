//! The README tells the truth: its settings are the program's, its rooms are those of the house, its columns those of an import,
//! its files and pictures exist, and its commands are commands.

use std::collections::BTreeSet;
use std::fs;

use clap::CommandFactory;
use redress::cli::Cli;
use redress::config::VARIABLES;
use redress::desk::intake::{Kind, columns};

use super::source::root;

fn readme() -> String {
    fs::read_to_string(root().join("README.md")).unwrap()
}

/// The cells of each row of the table under this heading's line, without head and rule.
fn table(head: &str) -> Vec<Vec<String>> {
    let readme = readme();
    let rows = readme
        .lines()
        .skip_while(|line| *line != head)
        .skip(2)
        .take_while(|line| line.starts_with('|'));
    let cells = |row: &str| {
        let row = row.trim().trim_matches('|').replace("\\|", "\u{0}");
        row.split('|')
            .map(|cell| cell.trim().replace('\u{0}', "|"))
            .collect()
    };
    let table: Vec<Vec<String>> = rows.map(cells).collect();
    assert!(!table.is_empty(), "no table under {head}");
    table
}

#[test]
fn the_settings_in_the_readme_are_those_of_the_program() {
    let told = table("| variable | default | meaning |");
    let quoted = |text: &str| match text {
        "" => String::new(),
        text => format!("`{text}`"),
    };
    let true_ones: Vec<Vec<String>> = VARIABLES
        .iter()
        .map(|(name, default, meaning)| vec![quoted(name), quoted(default), (*meaning).to_owned()])
        .collect();
    assert_eq!(told, true_ones);
}

#[test]
fn the_map_shows_every_room_of_the_house() {
    let told: BTreeSet<String> = table("| room | what is in it | what it may know |")
        .into_iter()
        .map(|row| row[0].trim_matches('`').to_owned())
        .collect();
    let rooms = fs::read_dir(root().join("src"))
        .unwrap()
        .map(|entry| entry.unwrap());
    let rooms = rooms.filter(|entry| entry.file_type().unwrap().is_dir());
    let mut true_ones: BTreeSet<String> = rooms
        .map(|entry| format!("src/{}", entry.file_name().to_string_lossy()))
        .collect();
    for top in ["templates", "static", "migrations", "policies", "tests"] {
        true_ones.insert(top.to_owned());
    }
    assert_eq!(told, true_ones);
}

#[test]
fn files_and_pictures_that_the_readme_names_are_there() {
    let readme = readme();
    let linked = readme
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split(')').next());
    let linked = linked.filter(|link| !link.starts_with("http"));
    let walked = table("| step | file | what happens |");
    let quoted = walked
        .iter()
        .flat_map(|row| row[1].split('`').skip(1).step_by(2));
    let files = quoted.filter(|word| word.starts_with("src/"));
    let mut count = 0;
    for path in linked.chain(files) {
        assert!(root().join(path).exists(), "the README names {path}");
        count += 1;
    }
    assert!(count > 12, "only {count}");
}

#[test]
fn verbs_of_the_walk_are_in_the_files_that_it_names() {
    for row in table("| step | file | what happens |") {
        let mut words = row[1].split('`').skip(1).step_by(2);
        let file = words.next().unwrap();
        for verb in words.filter(|word| !word.starts_with("src/")) {
            let text = fs::read_to_string(root().join(file)).unwrap();
            assert!(
                text.contains(&format!("pub fn {verb}(")),
                "{file} has no {verb}"
            );
        }
    }
}

#[test]
fn every_command_of_the_readme_is_one_and_every_command_is_told() {
    let readme = readme();
    let cli = Cli::command();
    let known: BTreeSet<&str> = cli
        .get_subcommands()
        .map(|command| command.get_name())
        .collect();
    let mut told = BTreeSet::from(["demo"]);
    for rest in readme.split("redress ").skip(1) {
        let word = rest
            .split(|c: char| !c.is_ascii_lowercase())
            .next()
            .unwrap_or("");
        if known.contains(word) {
            told.insert(word);
        }
    }
    assert_eq!(told, known);
}

#[test]
fn the_columns_of_an_import_are_those_that_are_read() {
    let told = table("| kind | columns |");
    let kinds = [Kind::Services, Kind::Deposits, Kind::Orders];
    assert_eq!(told.len(), kinds.len());
    for (row, kind) in told.iter().zip(kinds) {
        let mut told = Vec::new();
        for (place, word) in row[1].split('`').enumerate().skip(1).step_by(2) {
            let rest = row[1].split('`').nth(place + 1).unwrap_or("");
            told.push((word, rest.starts_with('*')));
        }
        for (name, required) in columns(kind) {
            assert!(
                told.contains(&(name, *required)),
                "{}: {name}, {required}",
                row[0]
            );
        }
    }
}
