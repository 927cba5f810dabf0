//! The main navigation, by role.

use super::page::NavItem;
use crate::act::Role;

/// The items for a role (`None`: not signed in), with the one that `path` belongs to marked.
pub fn of(role: Option<Role>, path: &str) -> Vec<NavItem> {
    let items: &[(&str, &str)] = match role {
        None => &[],
        Some(Role::Customer) => &[
            ("Home", "/portal"),
            ("Orders", "/portal/orders"),
            ("Requests", "/portal/tickets"),
            ("Balance", "/portal/balance"),
        ],
        Some(Role::Agent) => &[
            ("Queue", "/queue"),
            ("Second eyes", "/queue/exceptions"),
            ("Payouts", "/queue/payouts"),
            ("Chargebacks", "/queue/disputes"),
            ("Mail", "/queue/mail"),
        ],
        Some(Role::Lead) => &[
            ("Queue", "/queue"),
            ("Second eyes", "/queue/exceptions"),
            ("Payouts", "/queue/payouts"),
            ("Chargebacks", "/queue/disputes"),
            ("Mail", "/queue/mail"),
        ],
        Some(Role::Manager) | Some(Role::Admin) => &[
            ("Queue", "/queue"),
            ("Second eyes", "/queue/exceptions"),
            ("Payouts", "/queue/payouts"),
            ("Chargebacks", "/queue/disputes"),
            ("Mail", "/queue/mail"),
            ("Policies", "/queue/policies"),
            ("Promises kept", "/reports/sla"),
            ("Refunds", "/reports/refunds"),
        ],
    };
    let path = listed(path);
    let current = items
        .iter()
        .filter(|(_, href)| is_within(path, href))
        .map(|(_, href)| *href)
        .max_by_key(|href| href.len());
    items
        .iter()
        .map(|(label, href)| NavItem::new(label, href, current == Some(*href)))
        .collect()
}

/// A claim and its draft have addresses of their own; the list that they belong to is that of the requests. So have the drafts of
/// policies, and their trials; and letters are mail too.
fn listed(path: &str) -> &str {
    let is_room = ["/queue/drafts", "/queue/trials"]
        .iter()
        .any(|place| is_within(path, place));
    if is_room {
        return "/queue/policies";
    }
    if is_within(path, "/queue/outbox") {
        return "/queue/mail";
    }
    let is_request = ["/portal/claims", "/portal/drafts"]
        .iter()
        .any(|place| is_within(path, place));
    if is_request { "/portal/tickets" } else { path }
}

fn is_within(path: &str, href: &str) -> bool {
    path == href
        || path
            .strip_prefix(href)
            .is_some_and(|rest| rest.starts_with('/'))
}

/// Where somebody finds help.
pub fn help(role: Option<Role>) -> &'static str {
    match role {
        Some(Role::Customer) => "/portal/tickets/new",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_item_is_the_current_one() {
        let current = |role, path| {
            let items = of(Some(role), path);
            items
                .into_iter()
                .find(|item| item.current)
                .map(|item| item.label)
        };
        assert_eq!(current(Role::Customer, "/portal").as_deref(), Some("Home"));
        assert_eq!(
            current(Role::Customer, "/portal/orders/77").as_deref(),
            Some("Orders")
        );
        assert_eq!(
            current(Role::Agent, "/queue/claims/C-310").as_deref(),
            Some("Queue")
        );
        assert_eq!(
            current(Role::Customer, "/portal/claims/C-310/answer").as_deref(),
            Some("Requests")
        );
        assert_eq!(current(Role::Agent, "/queuex"), None);
    }
}
