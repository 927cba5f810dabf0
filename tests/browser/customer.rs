//! What a customer does besides filing a claim: makes an account, forgets the password, cancels an order, reads the balance, asks,
//! withdraws, appeals.

use super::walk::{Walk, walk};

const NEWCOMER: &str = "vera@example.net";
const FIRST_PASSWORD: &str = "eleven grey herons";
const SECOND_PASSWORD: &str = "a boat under the elm";

#[tokio::test]
async fn a_newcomer_confirms_the_address_and_later_chooses_a_new_password() {
    walk("newcomer", async |walk| {
        signs_up(walk).await;
        confirms(walk).await;
        enters(walk, FIRST_PASSWORD).await;
        walk.browser.sees("No orders on this account").await;
        walk.arrives("6-empty-home").await;
        for (item, page) in [
            ("Orders", "7-no-orders"),
            ("Requests", "8-no-requests"),
            ("Balance", "9-no-balance"),
        ] {
            walk.browser.follows(item).await;
            walk.browser.sees("appear").await;
            walk.arrives(page).await;
        }
        walk.signs_out("Vera Holt").await;
        forgets(walk).await;
        enters(walk, SECOND_PASSWORD).await;
    })
    .await;
}

async fn signs_up(walk: &Walk) {
    let b = &walk.browser;
    walk.opens("/sign-up").await;
    b.fills("Your name", "Vera Holt").await;
    b.presses("Make an account").await;
    b.sees("There is a problem").await;
    assert_eq!(b.value("Your name").await, "Vera Holt");
    walk.arrives("1-sign-up-refused").await;
    b.fills("E-mail address", NEWCOMER).await;
    b.presses("Make an account").await;
    b.sees("Check your mail").await;
    walk.arrives("2-check-your-mail").await;
    b.follows("here").await;
    b.sees("Mails of this demo").await;
}

/// Opens the newest mail of the newcomer with this subject, and follows its link.
async fn follows_mail(walk: &Walk, subject: &str, path: &str, page: &str) {
    let b = &walk.browser;
    walk.opens(&format!("/demo/mail?to={NEWCOMER}")).await;
    b.comes_to_see(subject).await;
    b.follows(subject).await;
    b.sees(NEWCOMER).await;
    walk.arrives(page).await;
    b.follows(&format!("{}{path}", walk.demo.url)).await;
}

async fn confirms(walk: &Walk) {
    let b = &walk.browser;
    follows_mail(walk, "Confirm your address", "/confirm/", "3-mail").await;
    b.fills("New password", "short").await;
    b.presses("Confirm and choose this password").await;
    b.sees("There is a problem").await;
    walk.arrives("4-password-refused").await;
    b.fills("New password", FIRST_PASSWORD).await;
    b.presses("Confirm and choose this password").await;
    b.sees("Your address is confirmed.").await;
    walk.arrives("5-confirmed").await;
}

async fn enters(walk: &Walk, password: &str) {
    let b = &walk.browser;
    walk.opens("/sign-in").await;
    b.fills("E-mail address", NEWCOMER).await;
    b.fills("Password", password).await;
    b.presses("Sign in").await;
    b.sees("Hello, Vera").await;
}

async fn forgets(walk: &Walk) {
    let b = &walk.browser;
    walk.opens("/sign-in").await;
    b.fills("E-mail address", NEWCOMER).await;
    b.fills("Password", "something else altogether").await;
    b.presses("Sign in").await;
    b.sees("There is a problem").await;
    walk.arrives("10-sign-in-refused").await;
    b.follows("Forgot your password?").await;
    walk.arrives("11-forgotten").await;
    b.fills("E-mail address", NEWCOMER).await;
    b.presses("Send the link").await;
    b.sees("Check your mail").await;
    follows_mail(walk, "Choose a new password", "/reset/", "12-reset-mail").await;
    b.sees("Choose a new password").await;
    walk.arrives("13-reset").await;
    b.fills("New password", SECOND_PASSWORD).await;
    b.presses("Change my password").await;
    b.sees("Your password is changed.").await;
}

#[tokio::test]
async fn a_customer_cancels_asks_withdraws_and_appeals() {
    walk("customer", async |walk| {
        walk.signs_in("customer", "panel-guarantee").await;
        cancels(walk).await;
        asks(walk).await;
        withdraws(walk).await;
        walk.signs_out("Anna Lindqvist").await;
        appeals(walk).await;
    })
    .await;
}

/// An order that has not started comes back at once and in full, after a page that says so.
async fn cancels(walk: &Walk) {
    let b = &walk.browser;
    b.follows("Orders").await;
    b.follows_beside("Not started", "Cancel").await;
    b.sees("Cancel this order?").await;
    b.follows("Order ").await;
    let order = b.word_after("Your orders").await;
    b.follows("Cancel this order").await;
    walk.arrives("1-cancel").await;
    b.follows("Keep the order").await;
    b.sees("It has not started").await;
    walk.arrives("2-kept").await;
    b.follows("Cancel this order").await;
    b.presses("Cancel and credit $9.00").await;
    b.sees("Done: the money is back").await;
    walk.arrives("3-cancelled").await;
    b.follows("Balance").await;
    let line = b.row_text(&format!("Refund of order {order}")).await;
    assert!(line.contains("$9.00"), "{line}");
    walk.arrives("4-balance").await;
    b.follows("Orders").await;
    b.sees("All of it was refunded.").await;
}

async fn asks(walk: &Walk) {
    let b = &walk.browser;
    b.follows("Get help").await;
    b.presses("Send").await;
    b.sees("There is a problem").await;
    walk.arrives("5-question-refused").await;
    b.fills("What is it about?", "Pacific Growth: something else")
        .await;
    b.fills("In a few words", "Invoices in another currency")
        .await;
    b.fills("Your question", "Can I have invoices in euros?")
        .await;
    b.presses("Send").await;
    b.sees("We have your question.").await;
    walk.arrives("6-question").await;
    b.fills("Write to us", "From January on would be enough.")
        .await;
    b.presses("Send").await;
    b.sees("Your message is here.").await;
    b.sees("From January on would be enough.").await;
}

async fn withdraws(walk: &Walk) {
    let b = &walk.browser;
    b.follows("Balance").await;
    b.follows("Have it paid out").await;
    b.sees("What would you like?").await;
    walk.arrives("7-balance-question").await;
    b.picks("Choose one", "Withdraw my balance").await;
    b.presses("Continue").await;
    b.sees("How much would you like back?").await;
    b.fills("Amount", "9000").await;
    b.presses("Continue").await;
    b.sees("There is a problem").await;
    walk.arrives("8-amount-refused").await;
    b.fills("Amount", "20").await;
    b.presses("Continue").await;
    b.fills("In your own words", "I sail less these days.")
        .await;
    b.presses("Continue").await;
    b.sees("Check your answers").await;
    walk.arrives("9-check").await;
    b.presses("Send this request").await;
    b.sees("We have your request").await;
    walk.arrives("10-answer").await;
    b.follows("See your request").await;
    b.follows("Withdraw this request").await;
    b.sees("Withdraw this request?").await;
    walk.arrives("11-withdraw").await;
    b.presses("Withdraw the request").await;
    b.sees("Your request is withdrawn.").await;
    walk.arrives("12-withdrawn").await;
}

async fn appeals(walk: &Walk) {
    let b = &walk.browser;
    walk.signs_in_as("hana@example.net").await;
    b.is_at("/portal").await;
    walk.arrives("13-home").await;
    b.follows("Requests").await;
    walk.arrives("14-requests").await;
    b.enters("Not granted").await;
    b.sees("We decided against a refund.").await;
    walk.arrives("15-rejected").await;
    b.presses("Every clause we looked at").await;
    b.presses("Not happy with this? Ask for a review").await;
    b.presses("Ask for a review").await;
    b.sees("There is a problem").await;
    walk.arrives("16-appeal-refused").await;
    b.fills(
        "What did we get wrong?",
        "The file never opened on my machine.",
    )
    .await;
    b.presses("Ask for a review").await;
    b.sees("We look at it once more; somebody else decides.")
        .await;
    walk.arrives("17-appealed").await;
}
