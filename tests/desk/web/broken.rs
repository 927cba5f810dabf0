//! When our own side breaks: the page says so and nothing else, under a reference that people can quote.

use diesel::connection::SimpleConnection;

use crate::support::app::Desk;

fn breaks(desk: &Desk, table: &str) {
    let sql = format!("ALTER TABLE {table} RENAME TO {table}_gone");
    desk.app
        .pool
        .raw(|conn| Ok(conn.batch_execute(&sql)?))
        .unwrap();
}

#[tokio::test]
async fn what_nobody_expected_is_a_reference_and_no_more() {
    let desk = Desk::open();
    let mut anna = desk.anna().await;
    let page = anna.opens("/account").await;
    let form = page.form("Save").fill("Your name", "Changed");
    breaks(&desk, "forms");
    let page = anna.posts(form).await;
    assert_eq!(page.status, 500);
    page.sees("Something went wrong on our side")
        .sees(page.header("x-request-id"));
    page.sees("Anna Lindqvist")
        .does_not_see("no such")
        .does_not_see("does not exist")
        .does_not_see("sql");
    anna.opens("/account").await.does_not_see("Changed");
}

#[tokio::test]
async fn the_page_comes_even_when_nobody_can_be_recognised() {
    let desk = Desk::open();
    let mut anna = desk.anna().await;
    breaks(&desk, "sessions");
    let page = anna.opens("/account").await;
    assert_eq!(page.status, 500);
    page.sees("Something went wrong on our side")
        .does_not_see("sessions_gone")
        .does_not_see("no such");
    assert_eq!(desk.visitor().opens("/sign-in").await.status, 200);
}
