//! The sitemap as people read it, kept under review: a new address, or a gate that moved, shows up as a changed line.

use redress::web::gate::Gate;
use redress::web::routes::ALL;

#[test]
fn the_sitemap_is_the_one_that_was_agreed() {
    let lines = ALL.iter().map(|route| {
        format!(
            "{:<9} {:<5} {}\n",
            format!("{:?}", route.gate),
            route.method,
            route.path
        )
    });
    insta::with_settings!({ snapshot_path => "../snapshots", prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!("sitemap", lines.collect::<String>());
    });
}

#[test]
fn every_line_is_its_own_and_spelled_like_the_others() {
    for (at, route) in ALL.iter().enumerate() {
        assert!(route.method == "GET" || route.method == "POST", "{route:?}");
        assert!(route.path == "/" || !route.path.ends_with('/'), "{route:?}");
        let plain = route.path.split('{').next().unwrap();
        assert!(
            plain
                .chars()
                .all(|c| c.is_ascii_lowercase() || "/-.".contains(c)),
            "{route:?}"
        );
        let twin = ALL[..at]
            .iter()
            .find(|other| other.path == route.path && other.method == route.method);
        assert!(twin.is_none(), "{route:?} stands there twice");
    }
}

#[test]
fn a_part_of_the_desk_has_the_gate_of_that_part() {
    for route in ALL {
        let gate = route.gate;
        match route.path.split('/').nth(1).unwrap_or_default() {
            "portal" => assert_eq!(gate, Gate::Customer, "{route:?}"),
            "queue" => assert!(gate >= Gate::Agent, "{route:?}"),
            "reports" => assert!(gate >= Gate::Manager, "{route:?}"),
            "admin" => assert!(gate >= Gate::Manager, "{route:?}"),
            _ => {}
        }
    }
}
