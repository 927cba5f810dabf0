//! The shelf: every version of every policy at hand, and which of them governs at an instant (I1).

use chrono_tz::Tz;

use super::Policy;
use crate::rules::facts::At;

/// The documents that come with the program; an installation may publish its own beside or instead.
const BUILT_IN: [&str; 5] = [
    include_str!("../../../policies/panel-credits.toml"),
    include_str!("../../../policies/panel-guarantee.toml"),
    include_str!("../../../policies/api-plans.toml"),
    include_str!("../../../policies/virtual-numbers.toml"),
    include_str!("../../../policies/digital-downloads.toml"),
];

#[derive(Debug, Clone, Default)]
pub struct Shelf {
    /// By id, then oldest first.
    policies: Vec<Policy>,
}

impl Shelf {
    /// The five policies that come with the program.
    pub fn built_in() -> Shelf {
        Shelf::new(
            BUILT_IN
                .iter()
                .filter_map(|document| Policy::parse(document).ok())
                .collect(),
        )
    }

    /// The source documents of the built-in policies, for those who store or show them.
    pub fn built_in_documents() -> &'static [&'static str] {
        &BUILT_IN
    }

    /// Orders the versions and notes on each the day the next one took over.
    pub fn new(mut policies: Vec<Policy>) -> Shelf {
        policies.sort_by(|a, b| {
            (&a.id, a.valid_from, &a.version).cmp(&(&b.id, b.valid_from, &b.version))
        });
        for index in 0..policies.len() {
            let next = policies
                .get(index + 1)
                .filter(|next| next.id == policies[index].id);
            policies[index].superseded_on = next.map(|next| next.valid_from);
        }
        Shelf { policies }
    }

    pub fn policies(&self) -> &[Policy] {
        &self.policies
    }

    /// All versions of one policy, oldest first.
    pub fn versions(&self, id: &str) -> &[Policy] {
        let start = self
            .policies
            .partition_point(|policy| policy.id.as_str() < id);
        let end = self
            .policies
            .partition_point(|policy| policy.id.as_str() <= id);
        &self.policies[start..end]
    }

    pub fn get(&self, id: &str, version: &str) -> Option<&Policy> {
        self.versions(id)
            .iter()
            .find(|policy| policy.version == version)
    }

    /// The version in force at `at`, each judged in its own zone. None: no version on file covers it.
    pub fn in_force(&self, id: &str, at: At) -> Option<&Policy> {
        self.in_force_in(id, at, None)
    }

    /// As `in_force`, in the zone that the seller has configured where there is one.
    pub fn in_force_in(&self, id: &str, at: At, zone: Option<Tz>) -> Option<&Policy> {
        self.versions(id)
            .iter()
            .find(|policy| policy.covers(at, zone.unwrap_or(policy.time_zone)))
    }

    /// The version in force, or the nearest one: the last that began before `at`, else the first on file.
    pub fn nearest(&self, id: &str, at: At, zone: Option<Tz>) -> Option<&Policy> {
        let started = |policy: &&Policy| {
            at >= crate::rules::calendar::start_of_day(
                policy.valid_from,
                zone.unwrap_or(policy.time_zone),
            )
        };
        self.in_force_in(id, at, zone)
            .or_else(|| self.versions(id).iter().rev().find(started))
            .or_else(|| self.versions(id).first())
    }
}
