//! The policies that come with the program are flawless and pass the cases that they carry.

use redress::rules::policy::{Policy, Shelf};

#[test]
fn every_built_in_document_is_a_policy_without_flaws() {
    for document in Shelf::built_in_documents() {
        if let Err(flaws) = Policy::parse(document) {
            panic!("{:?}: {flaws:#?}", document.lines().next());
        }
    }
    let ids: Vec<String> = Shelf::built_in()
        .policies()
        .iter()
        .map(|policy| policy.id.clone())
        .collect();
    assert_eq!(
        ids,
        [
            "api-plans",
            "digital-downloads",
            "panel-credits",
            "panel-guarantee",
            "virtual-numbers"
        ]
    );
}

#[test]
fn every_policy_passes_its_own_cases() {
    for policy in Shelf::built_in().policies() {
        assert!(
            policy.cases.len() >= 7,
            "{} carries {} cases",
            policy.id,
            policy.cases.len()
        );
        assert_eq!(policy.check(), [], "{}", policy.id);
    }
}
