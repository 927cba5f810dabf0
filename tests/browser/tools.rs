//! The tools themselves, on pages made for them: a fault that is planted must be found.

use super::browser::{Browser, ENTER};
use super::eyes;

fn page(body: &str) -> String {
    let html = format!(
        "<!doctype html><html lang=en><meta name=viewport content='width=device-width'><title>A page</title><main><h1>A page</h1>{body}</main>"
    );
    format!(
        "data:text/html;base64,{}",
        data_encoding::BASE64.encode(html.as_bytes())
    )
}

#[tokio::test]
async fn a_planted_fault_is_found_and_a_sound_page_passes() {
    let browser = Browser::open().await;
    browser.goes_to(&page("<p>Nothing to see here.</p>")).await;
    assert_eq!(eyes::faults(&browser).await, Vec::<String>::new());
    let wrong = [
        ("<input>", "critical label"),
        (
            "<p style='color: #aaa; background: #fff'>Can this be read?</p>",
            "color-contrast",
        ),
        (
            "<p style='width: 500px'>How wide is this?</p>",
            "too wide for Phone",
        ),
        (
            "<script>throw new Error('broken')</script>",
            "the browser complains",
        ),
    ];
    for (body, expected) in wrong {
        browser.goes_to(&page(body)).await;
        let faults = eyes::faults(&browser).await;
        assert!(
            faults.iter().any(|fault| fault.contains(expected)),
            "{body}: {faults:?}"
        );
    }
    browser.session.close().await;
}

#[tokio::test]
async fn pages_are_used_by_label_word_and_key_with_scripts_and_without() {
    const FORM: &str = "<form><label for=a>Amount to refund</label><input id=a>
        <fieldset><legend>Which part?</legend><label><input type=radio name=r> All of it</label></fieldset>
        <label>Why <select><option>Late<option>Broken</select></label>
        <details><summary>More</summary><p>The fine print</p></details>
        <script>document.querySelector('h1').textContent = 'Scripted'</script></form>";
    for scripts in [true, false] {
        let browser = Browser::open().await;
        if !scripts {
            browser.without_scripts().await;
        }
        browser.goes_to(&page(FORM)).await;
        browser
            .sees(if scripts { "Scripted" } else { "A page" })
            .await;
        browser.fills("Amount to refund", "12.50").await;
        assert_eq!(browser.value("Amount to refund").await, "12.50");
        browser.picks("Which part?", "All of it").await;
        browser.fills("Why", "Broken").await;
        assert_eq!(browser.value("Why").await, "Broken");
        browser.sees_no("The fine print").await;
        browser.tabs_to("More").await;
        browser.types(ENTER).await;
        browser.sees("The fine print").await;
        browser.session.close().await;
    }
}
