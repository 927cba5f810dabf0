//! What holds of every assessment, whatever the claim: the same answer twice, never more than was paid, nothing
//! denied for what is not known, nothing worse for more evidence, and no input that breaks the room.

use proptest::prelude::*;
use redress::rules::adjudicate::{adjudicate, adjudicate_under, brief_under};
use redress::rules::assessment::{Assessment, Outcome};
use redress::rules::facts::{Evidence, EvidenceKind, Facts, read, read_on, stored};
use redress::rules::money::Amount;
use redress::rules::policy::{Pays, Shelf};
use serde_json::Value;

use crate::claims::{claim, claim_for, document};

fn shelf() -> &'static Shelf {
    static SHELF: std::sync::OnceLock<Shelf> = std::sync::OnceLock::new();
    SHELF.get_or_init(Shelf::built_in)
}

fn facts(claim: &Value) -> Facts {
    read_on(shelf(), &claim.to_string()).unwrap_or_else(|refusal| panic!("{refusal} in {claim}"))
}

fn pays(facts: &Facts) -> Pays {
    shelf().versions(&facts.policy)[0]
        .ground(&facts.ground)
        .unwrap()
        .pays
}

fn paid_out(assessment: &Assessment) -> Amount {
    match assessment.outcome {
        Outcome::Eligible => assessment.amount.unwrap(),
        _ => Amount::ZERO,
    }
}

#[test]
fn an_order_of_which_nothing_remains_is_not_refused_while_its_status_is_unknown() {
    for ground in [
        "partial_delivery",
        "order_cancellation",
        "target_unavailable",
    ] {
        let claim = serde_json::json!({
            "policy": "panel-guarantee", "ground": ground, "received_at": "2026-03-02T09:00:00Z", "channel": "portal",
            "reason": "It has stopped.", "evidence": [{"kind": "screenshot"}],
            "order": {"id": "O-1", "placed_at": "2026-03-01T09:00:00Z", "quantity": 1, "remains": 0, "charge": "10.00",
                "currency": "USD", "paid_with": [{"method": "balance", "amount": "10.00"}]},
            "findings": {"can_complete": false, "target_available": false, "stop": "stopped"},
        });
        let assessment = adjudicate(shelf(), &facts(&claim));
        assert_eq!(
            assessment.outcome,
            Outcome::NeedsReview,
            "{ground}: {:#?}",
            assessment.clauses
        );
        assert!(
            assessment.missing.contains(&"order.status".to_owned()),
            "{ground}: {:?}",
            assessment.missing
        );
    }
}

proptest! {
    #![proptest_config(crate::claims::cases(256))]

    #[test]
    fn facts_and_assessments_survive_being_stored(claim in claim()) {
        let facts = facts(&claim);
        prop_assert_eq!(&read(&serde_json::to_string(&facts).unwrap()).unwrap(), &facts);
        prop_assert_eq!(&stored(&serde_json::to_string(&facts).unwrap()).unwrap(), &facts);
        let assessment = adjudicate(shelf(), &facts);
        let stored = serde_json::to_string(&assessment).unwrap();
        prop_assert_eq!(&serde_json::from_str::<Assessment>(&stored).unwrap(), &assessment);
        prop_assert_eq!(serde_json::to_string(&adjudicate(shelf(), &facts)).unwrap(), stored);
    }

    #[test]
    fn the_pinned_version_judges_as_the_shelf_did(claim in claim()) {
        let facts = facts(&claim);
        let assessment = adjudicate(shelf(), &facts);
        let pinned = shelf().get(&assessment.policy.id, &assessment.policy.version).unwrap();
        prop_assert_eq!(adjudicate_under(pinned, &facts), assessment);
    }

    #[test]
    fn a_silent_hearing_comes_to_the_same_under_every_version(claim in claim()) {
        let facts = facts(&claim);
        for policy in shelf().versions(&facts.policy) {
            prop_assert_eq!(brief_under(policy, &facts), adjudicate_under(policy, &facts).brief());
        }
    }

    #[test]
    fn every_assessment_keeps_to_the_contract(claim in claim()) {
        let facts = facts(&claim);
        let got = adjudicate(shelf(), &facts);
        let silent = matches!(got.outcome, Outcome::Ineligible | Outcome::ActionFirst | Outcome::Remedied | Outcome::OnHold);
        prop_assert!((3..=8).contains(&got.explanation.len()), "{:#?}", got.explanation);
        prop_assert!(got.outcome != Outcome::Eligible || got.amount.is_some_and(Amount::is_positive));
        prop_assert!(!silent || (got.amount == Some(Amount::ZERO) && got.payments.is_empty() && !got.discretionary));
        prop_assert_eq!(got.outcome == Outcome::ActionFirst, got.next_action.word() != "none");
        prop_assert!(got.outcome != Outcome::NeedsEvidence || !got.missing.is_empty());
        let lacking = matches!(got.outcome, Outcome::NeedsEvidence | Outcome::NeedsReview);
        prop_assert!(got.missing.is_empty() || lacking, "{:?} {:?}", got.outcome, got.missing);
        prop_assert_eq!(got.flagged, !got.flags.is_empty());
        prop_assert!(!got.automatic || (got.outcome == Outcome::Eligible && !got.flagged));
        let ground = shelf().versions(&facts.policy)[0].ground(&facts.ground).unwrap();
        for clause in &ground.clauses {
            prop_assert!(got.clauses.iter().any(|finding| finding.id == *clause && !finding.detail.is_empty()), "{} says nothing", clause);
        }
    }

    #[test]
    fn no_more_goes_back_than_was_paid(claim in claim()) {
        let facts = facts(&claim);
        let got = adjudicate(shelf(), &facts);
        let amount = got.amount.unwrap_or_default();
        match (pays(&facts), &facts.order) {
            (Pays::Outside, _) => {}
            (Pays::Unspent, _) => {
                let entries = facts.account.iter().flat_map(|account| account.entries.iter().flatten());
                let lots = redress::rules::lots::fold(&entries.cloned().collect::<Vec<_>>(), facts.assessed_at()).unwrap();
                let cash: Amount = lots.iter().filter(|lot| lot.source.word() == "deposit").map(|lot| lot.remaining).sum();
                prop_assert!(amount <= cash, "{amount} of {cash}");
                let stays: Amount = got.stays_on_balance.iter().filter(|stays| stays.lot.starts_with('D')).map(|stays| stays.amount).sum();
                let lost = facts.dispute.as_ref().is_some_and(|dispute| dispute.status.word() == "lost");
                if got.amount.is_some() && !lost {
                    prop_assert_eq!(amount.plus(stays), cash);
                }
            }
            (_, order) => {
                let order = order.clone().unwrap_or_default();
                prop_assert!(amount <= order.charge.unwrap_or_default().less(order.refunded.unwrap_or_default()));
                prop_assert!(facts.requested.is_none_or(|requested| amount <= requested));
            }
        }
        if !got.payments.is_empty() && pays(&facts) != Pays::Unspent {
            prop_assert_eq!(got.payments.iter().map(|payment| payment.amount).sum::<Amount>(), amount);
        }
    }

    #[test]
    fn what_is_not_known_denies_nothing(claim in claim()) {
        let before = adjudicate(shelf(), &facts(&claim));
        if before.outcome != Outcome::Eligible {
            return Ok(());
        }
        // The seller's settings, and what absence itself settles (a whole dispute, limits as shown), are no unknowns.
        for group in ["/order", "/findings", "/findings/defect", "/customer", ""] {
            let members: Vec<String> = claim.pointer(group).and_then(Value::as_object).map(|members| members.keys().cloned().collect()).unwrap_or_default();
            for key in members {
                if matches!(key.as_str(), "policy" | "ground" | "received_at" | "seller" | "dispute" | "channel") {
                    continue;
                }
                let mut less = claim.clone();
                less.pointer_mut(group).unwrap()[&key] = Value::Null;
                let after = adjudicate(shelf(), &facts(&less));
                let told = matches!((group, key.as_str()), ("/order", "service"));
                prop_assert!(after.outcome != Outcome::Ineligible || told, "without {group}/{key}: {:#?}", after.explanation);
            }
        }
    }

    #[test]
    fn more_evidence_never_makes_it_worse(claim in claim(), kind in prop::sample::select(EvidenceKind::ALL.to_vec())) {
        let mut facts = facts(&claim);
        let before = adjudicate(shelf(), &facts);
        facts.evidence.push(Evidence { kind, received_at: None });
        facts.reason.get_or_insert_with(|| "more".to_owned());
        let after = adjudicate(shelf(), &facts);
        if before.outcome == Outcome::NeedsEvidence && after.outcome != Outcome::NeedsEvidence {
            // The customer has done what was asked; what is missing now, a person must find out, and what is paid now may be in doubt.
        } else if before.outcome == Outcome::NeedsEvidence {
            prop_assert!(after.missing.iter().all(|what| before.missing.contains(what)));
            prop_assert!(!after.flagged || before.flagged);
        } else {
            prop_assert_eq!(after.outcome, before.outcome);
            prop_assert!(!after.flagged || before.flagged);
        }
        prop_assert!(after.amount >= before.amount || before.outcome == Outcome::NeedsEvidence);
    }

    #[test]
    fn a_later_claim_never_earns_more_where_only_time_decides(claim in claim_for("virtual-numbers".into(), "sms_not_received".into()), wait in 0i64..20 * 86_400) {
        let mut early = facts(&claim);
        early.as_of = None;
        early.evidence.clear();
        let mut late = early.clone();
        late.received_at += chrono::TimeDelta::seconds(wait);
        let placed = early.order.as_ref().and_then(|order| order.placed_at);
        prop_assume!(placed.is_some_and(|placed| placed <= early.received_at));
        prop_assert!(paid_out(&adjudicate(shelf(), &early)) >= paid_out(&adjudicate(shelf(), &late)));
    }

    #[test]
    fn no_document_breaks_the_room(document in document(), claim in claim(), place in any::<prop::sample::Index>()) {
        let _ = read(&document.to_string());
        let mut broken = claim;
        let members = broken.as_object_mut().unwrap();
        let key = place.get(&members.keys().cloned().collect::<Vec<_>>()).clone();
        members.insert(key, document);
        if let Ok(facts) = read(&broken.to_string()) {
            let _ = adjudicate(shelf(), &facts);
        }
    }

    #[test]
    fn no_text_breaks_the_room(text in ".{0,200}") {
        let refusal = read(&text).unwrap_err();
        prop_assert!(!refusal.message.is_empty());
    }
}

#[test]
fn the_farthest_figures_are_judged_without_overflow() {
    let largest = "92233720368.54775807";
    for (policy, ground) in [
        ("panel-credits", "order_cancellation"),
        ("virtual-numbers", "sms_not_received"),
        ("api-plans", "plan_refund"),
        ("digital-downloads", "major_defect"),
    ] {
        for received in ["0000-01-01T00:00:00Z", "9999-12-31T23:59:59-23:59"] {
            let claim = format!(
                r#"{{"policy":"{policy}","ground":"{ground}","received_at":"{received}","channel":"email","reason":"x","requested":"{largest}",
                "approved_at":"9999-12-31T23:59:59Z","seller":{{"fee_schedule":[{{"valid_from":"0001-01-01","rate":"0.999999999999","flat":"{largest}"}}]}},
                "order":{{"placed_at":"{received}","status":"partial","quantity":9223372036854775807,"remains":"-9999999999999999999999","charge":"{largest}",
                "refunded":"{largest}","currency":"USD","sms":"not_received","period_ends_on":"9999-12-31","service":{{"refill":36500}},
                "paid_with":[{{"method":"a","amount":"{largest}"}},{{"method":"b","amount":"{largest}"}},{{"method":"c","amount":"{largest}"}}]}},
                "dispute":{{"status":"lost","amount":"{largest}"}},"findings":{{"shortfall":9223372036854775807,"refill":"failed"}}}}"#
            );
            let got = adjudicate(shelf(), &read(&claim).unwrap());
            assert!(got.explanation.len() >= 3);
        }
    }
}
