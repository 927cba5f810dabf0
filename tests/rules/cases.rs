//! Worked cases from files: the stories beside this file, and the shared ones where they lie next to the repository.

use std::fs;
use std::path::Path;

use redress::rules::policy::Shelf;
use serde::Deserialize;
use serde_json::Value;

use crate::check::{answer, mismatches};

/// A file of stories: samples that cases build on, and the cases.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Stories {
    policy: String,
    #[serde(default)]
    samples: std::collections::BTreeMap<String, Value>,
    cases: Vec<Story>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Story {
    title: String,
    from: Option<String>,
    #[serde(default)]
    claim: Value,
    /// Dotted paths that the sample has and this claim lacks.
    #[serde(default)]
    without: Vec<String>,
    expect: Value,
}

fn merge(base: &mut Value, over: &Value) {
    match (base, over) {
        (Value::Object(base), Value::Object(over)) => {
            for (key, value) in over {
                merge(base.entry(key.clone()).or_insert(Value::Null), value);
            }
        }
        (base, Value::Null) if !base.is_null() => {}
        (base, over) => *base = over.clone(),
    }
}

fn remove(claim: &mut Value, path: &str) {
    let (parent, last) = path.rsplit_once('.').unwrap_or(("", path));
    let pointer = if parent.is_empty() {
        String::new()
    } else {
        format!("/{}", parent.replace('.', "/"))
    };
    let parent = claim.pointer_mut(&pointer).and_then(Value::as_object_mut);
    assert!(
        parent.is_some_and(|parent| parent.remove(last).is_some()),
        "nothing at {path} to leave out"
    );
}

#[test]
fn every_story_comes_out_as_its_policy_says() {
    let shelf = Shelf::built_in();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/rules/stories");
    let mut told = 0;
    let mut wrong = Vec::new();
    for file in fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let stories: Stories = toml::from_str(&fs::read_to_string(&path).unwrap())
            .unwrap_or_else(|why| panic!("{}: {why}", path.display()));
        for story in &stories.cases {
            let mut claim = story
                .from
                .as_ref()
                .map_or(Value::Object(Default::default()), |name| {
                    stories.samples[name].clone()
                });
            merge(&mut claim, &story.claim);
            claim
                .as_object_mut()
                .unwrap()
                .entry("policy")
                .or_insert_with(|| Value::from(stories.policy.as_str()));
            story
                .without
                .iter()
                .for_each(|path| remove(&mut claim, path));
            told += 1;
            for mismatch in mismatches(&story.expect, &answer(&shelf, &claim)) {
                wrong.push(format!("{}: {}: {mismatch}", stories.policy, story.title));
            }
        }
    }
    assert!(told > 100, "only {told} stories were found");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[derive(Deserialize)]
struct Shared {
    id: String,
    claim: Value,
    expect: Value,
}

#[test]
fn every_shared_case_comes_out_where_they_lie_beside_the_repository() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/cases");
    let Ok(files) = fs::read_dir(&folder) else {
        println!(
            "there are no shared cases beside this checkout; the stories cover the rules alone"
        );
        return;
    };
    let shelf = Shelf::built_in();
    let mut wrong = Vec::new();
    for path in files
        .map(|file| file.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "jsonl"))
    {
        for line in fs::read_to_string(&path)
            .unwrap()
            .lines()
            .filter(|line| !line.trim().is_empty())
        {
            let case: Shared = serde_json::from_str(line).unwrap();
            let bad = mismatches(&case.expect, &answer(&shelf, &case.claim));
            wrong.extend(
                bad.into_iter()
                    .map(|mismatch| format!("{}: {mismatch}", case.id)),
            );
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
