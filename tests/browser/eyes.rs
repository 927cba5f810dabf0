//! What every page of a walk must stand: axe in light and in dark, no sideways scrolling on a phone or at 400 % zoom, and nothing
//! that the browser complains about.

use serde_json::json;

use super::axe;
use super::browser::{Browser, Size};

/// Names what reaches beyond the right edge and is not inside something that scrolls by itself.
const TOO_WIDE: &str = "
    const done = arguments[arguments.length - 1];
    const room = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth <= room) return done([]);
    const scrolls = element => element && element !== document.documentElement && element !== document.body
        && (getComputedStyle(element).overflowX !== 'visible' || scrolls(element.parentElement));
    done([...document.body.querySelectorAll('*')]
        .filter(element => element.getBoundingClientRect().right > room + 1 && !scrolls(element.parentElement))
        .slice(0, 8)
        .map(element => element.outerHTML.slice(0, 160))
        .concat([`${document.documentElement.scrollWidth} px in ${room}`]));
";

/// Everything that is wrong with the page as it stands.
pub async fn faults(browser: &Browser) -> Vec<String> {
    let mut faults = Vec::new();
    for dark in [false, true] {
        browser.prefers_dark(dark).await;
        let light = if dark { "dark" } else { "light" };
        for violation in axe::violations(browser).await {
            faults.push(format!("in {light}:\n{violation}"));
        }
    }
    browser.prefers_dark(false).await;
    for size in [Size::Phone, Size::Narrow] {
        browser.is(size).await;
        let wide = browser.measures(TOO_WIDE, json!([])).await;
        for element in wide.as_array().unwrap() {
            faults.push(format!("too wide for {size:?}: {element}"));
        }
    }
    browser.is(Size::Desk).await;
    faults.extend(complaints(browser).await);
    faults
}

/// A page that answers 4xx on purpose is no complaint; a missing picture, a broken script or a refused style is.
async fn complaints(browser: &Browser) -> Vec<String> {
    let here = browser.url().await;
    browser
        .complaints()
        .await
        .into_iter()
        .filter(|said| !(said.starts_with(&here) && said.contains("Failed to load resource")))
        .map(|said| format!("the browser complains: {said}"))
        .collect()
}
