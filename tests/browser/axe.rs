//! axe-core (axe.min.js, MPL-2.0, see axe.LICENSE) on the page that is open: what it calls serious or critical fails the walk.

use serde_json::{Value, json};

use super::browser::Browser;

const AXE: &str = include_str!("axe.min.js");

const RUN: &str = "
    const done = arguments[arguments.length - 1];
    const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
    axe.run(document, { runOnly: { type: 'tag', values: tags }, resultTypes: ['violations'] })
        .then(found => done(found.violations), failed => done(String(failed)));
";

/// Every violation that matters, each with the rule and the places.
pub async fn violations(browser: &Browser) -> Vec<String> {
    let script = format!("if (!window.axe) {{ {AXE} }}\n{RUN}");
    let found = browser.measures(&script, json!([])).await;
    let Some(violations) = found.as_array() else {
        panic!("axe did not run: {found}");
    };
    violations
        .iter()
        .filter(|violation| violation["impact"] == "serious" || violation["impact"] == "critical")
        .map(words)
        .collect()
}

fn words(violation: &Value) -> String {
    let places: Vec<String> = violation["nodes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|node| {
            let why = node["failureSummary"].as_str().unwrap_or_default();
            format!(
                "    {}\n      {}",
                node["html"],
                why.replace('\n', "\n      ")
            )
        })
        .collect();
    format!(
        "  {} {}: {}\n{}",
        violation["impact"].as_str().unwrap_or_default(),
        violation["id"].as_str().unwrap_or_default(),
        violation["help"].as_str().unwrap_or_default(),
        places.join("\n")
    )
}
