//! The sitemap, which is the security policy: each line says who may pass, the method, the address, and what answers.
//! `tests/desk/gates.rs` holds the written table of who gets what; a line here without a row there fails.
//!
//! The first line that fits answers, so a fixed address stands above one with a `{part}`.

use actix_web::guard::{self, GuardContext};
use actix_web::http::Method;
use actix_web::middleware::from_fn;
use actix_web::web::{ServiceConfig, resource, route};

use super::gate::{self, Gate};
use super::{
    assets, demo, faces, files, gateway, health, kept, people, policies, portal, queue, reports,
    styleguide,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Route {
    pub gate: Gate,
    pub method: &'static str,
    pub path: &'static str,
}

macro_rules! routes {
    ($($gate:ident $method:ident $path:literal => $room:ident $(:: $more:ident)+;)+) => {
        /// Every address that this server answers to.
        pub const ALL: &[Route] = &[
            $(Route { gate: Gate::$gate, method: stringify!($method), path: $path },)+
        ];

        /// Registers each line behind its gate, then what is left: a known address under another method, and no address at all.
        pub fn configure(config: &mut ServiceConfig) {
            $(config.service(
                resource($path)
                    .guard(guard::fn_guard(|ctx| asks_for(ctx, stringify!($method))))
                    .wrap(from_fn(|request, next| gate::pass(Gate::$gate, request, next)))
                    .route(route().to($room $(:: $more)+)),
            );)+
            for path in addresses() {
                config.service(
                    resource(path)
                        .wrap(from_fn(|request, next| gate::pass(Gate::Open, request, next)))
                        .default_service(route().to(faces::method_not_allowed)),
                );
            }
            config.default_service(
                route()
                    .to(faces::no_such_page)
                    .wrap(from_fn(|request, next| gate::pass(Gate::Visitor, request, next))),
            );
        }
    };
}

routes! {
    Open     GET  "/healthz" => health::show;
    Open     GET  "/static/{file:.*}" => assets::serve;
    Open     POST "/gateway/results" => gateway::hear;

    Visitor  GET  "/" => people::landing;
    Visitor  POST "/theme" => people::choose_theme;
    Visitor  GET  "/sign-in" => people::sign_in::new;
    Visitor  POST "/sign-in" => people::sign_in::create;
    Visitor  GET  "/sign-up" => people::sign_up::new;
    Visitor  POST "/sign-up" => people::sign_up::create;
    Visitor  GET  "/confirm/{token}" => people::links::confirmation;
    Visitor  POST "/confirm/{token}" => people::links::confirm;
    Visitor  GET  "/reset" => people::links::ask;
    Visitor  POST "/reset" => people::links::request;
    Visitor  GET  "/reset/{token}" => people::links::resetting;
    Visitor  POST "/reset/{token}" => people::links::reset;
    Visitor  GET  "/invitation/{token}" => people::links::invitation;
    Visitor  POST "/invitation/{token}" => people::links::accept;
    Visitor  POST "/sign-out" => people::sign_in::delete;
    Signed   GET  "/account" => people::account::show;
    Signed   POST "/account" => people::account::update;
    Signed   POST "/account/password" => people::account::change_password;
    Signed   POST "/account/sessions/{session}/end" => people::account::end_session;
    Signed   POST "/account/sessions/end" => people::account::end_sessions;
    Signed   GET  "/files/{id}" => files::show;
    Signed   GET  "/kept/{id}" => kept::show;

    Visitor  GET  "/policies" => policies::index;
    Visitor  GET  "/policies/{id}" => policies::show;
    Visitor  GET  "/policies/{id}/{version}" => policies::version;

    Customer GET  "/portal" => portal::home::show;
    Customer GET  "/portal/orders" => portal::orders::index;
    Customer GET  "/portal/orders/{number}" => portal::orders::show;
    Customer GET  "/portal/orders/{number}/cancel" => portal::cancel::new;
    Customer POST "/portal/orders/{number}/cancel" => portal::cancel::create;
    Customer GET  "/portal/orders/{number}/claims/new" => portal::steps::new_on_order;
    Customer POST "/portal/orders/{number}/claims" => portal::steps::begin_on_order;
    Customer GET  "/portal/balance" => portal::balance::show;
    Customer GET  "/portal/balance.csv" => portal::balance::csv;
    Customer GET  "/portal/balance/{seller}/claims/new" => portal::steps::new_on_balance;
    Customer POST "/portal/balance/{seller}/claims" => portal::steps::begin_on_balance;
    Customer GET  "/portal/standing" => portal::standing::show;
    Customer GET  "/portal/drafts/{draft}" => portal::check::show;
    Customer POST "/portal/drafts/{draft}" => portal::check::file;
    Customer POST "/portal/drafts/{draft}/removal" => portal::steps::discard;
    Customer GET  "/portal/drafts/{draft}/{question}" => portal::steps::show;
    Customer POST "/portal/drafts/{draft}/{question}" => portal::steps::answer;
    Customer GET  "/portal/claims/{number}" => portal::answer::ticket_of;
    Customer GET  "/portal/claims/{number}/answer" => portal::answer::show;
    Customer GET  "/portal/tickets" => portal::tickets::index;
    Customer POST "/portal/tickets" => portal::tickets::create;
    Customer GET  "/portal/tickets/new" => portal::tickets::new;
    Customer GET  "/portal/tickets/{number}" => portal::ticket::show;
    Customer POST "/portal/tickets/{number}/messages" => portal::replies::reply;
    Customer POST "/portal/tickets/{number}/answers" => portal::replies::supply;
    Customer GET  "/portal/tickets/{number}/withdrawal" => portal::replies::withdrawing;
    Customer POST "/portal/tickets/{number}/withdrawal" => portal::replies::withdraw;
    Customer POST "/portal/tickets/{number}/appeal" => portal::replies::appeal;

    Agent    GET  "/queue" => queue::index::show;
    Agent    GET  "/queue/claims/{number}" => queue::claim::show;
    Agent    POST "/queue/claims/{number}/proposal" => queue::decision::propose;
    Agent    POST "/queue/claims/{number}/decision" => queue::decision::create;
    Agent    POST "/queue/claims/{number}/question" => queue::question::ask;
    Agent    POST "/queue/claims/{number}/facts" => queue::facts::establish;
    Agent    POST "/queue/claims/{number}/assessment" => queue::facts::reassess;
    Agent    POST "/queue/claims/{number}/tasks/{kind}/owner" => queue::tasks::take;
    Agent    POST "/queue/claims/{number}/tasks/{kind}/request" => queue::tasks::request;
    Agent    POST "/queue/claims/{number}/tasks/{kind}/result" => queue::tasks::report;
    Agent    GET  "/queue/tasks" => queue::tasks::index;
    Agent    GET  "/queue/tickets/{number}" => queue::ticket::show;
    Agent    POST "/queue/tickets/{number}/messages" => queue::messages::reply;
    Agent    POST "/queue/tickets/{number}/notes" => queue::messages::note;
    Agent    POST "/queue/tickets/{number}/assignment" => queue::turns::assign;
    Agent    POST "/queue/tickets/{number}/priority" => queue::turns::prioritise;
    Agent    POST "/queue/tickets/{number}/closure" => queue::turns::close;
    Agent    POST "/queue/tickets/{number}/reopening" => queue::turns::reopen;
    Agent    GET  "/queue/orders/{number}" => queue::order::show;
    Agent    GET  "/queue/exceptions" => queue::exceptions::show;
    Agent    GET  "/queue/disputes" => queue::disputes::index;
    Lead     POST "/queue/disputes" => queue::disputes::create;
    Lead     GET  "/queue/disputes/new" => queue::disputes::new;
    Agent    GET  "/queue/disputes/{number}" => queue::dispute::show;
    Agent    POST "/queue/disputes/{number}/facts" => queue::dispute::establish;
    Lead     GET  "/queue/disputes/{number}/pack.pdf" => queue::pack::pdf;
    Lead     GET  "/queue/disputes/{number}/pack.zip" => queue::pack::zip;
    Lead     POST "/queue/disputes/{number}/closure" => queue::dispute::close;
    Lead     POST "/queue/disputes/{number}/sanctions" => queue::sanctions::create;
    Lead     POST "/queue/sanctions/{number}/lift" => queue::sanctions::lift;
    Agent    GET  "/queue/payouts" => queue::payouts::show;
    Lead     GET  "/queue/payouts/batches" => queue::batches::index;
    Lead     POST "/queue/payouts/batches" => queue::batches::create;
    Lead     GET  "/queue/payouts/batches/{number}.csv" => queue::batches::csv;
    Lead     GET  "/queue/payouts/batches/{number}" => queue::batches::show;
    Lead     POST "/queue/payouts/batches/{number}/import" => queue::batches::import;
    Lead     POST "/queue/payouts/batches/{number}/release" => queue::batches::release;
    Lead     POST "/queue/payouts/{number}/settlement" => queue::payouts::settle;
    Lead     POST "/queue/payouts/{number}/failure" => queue::payouts::fail;
    Lead     POST "/queue/payouts/{number}/return" => queue::payouts::take_back;
    Lead     POST "/queue/payouts/{number}/repetition" => queue::payouts::repeat;
    Agent    GET  "/queue/policies" => queue::policies::index;
    Agent    GET  "/queue/policies/{id}/{version}" => queue::policies::show;
    Manager  POST "/queue/policies/{id}/{version}/drafts" => queue::policies::begin;
    Agent    GET  "/queue/drafts/{number}" => queue::policies::draft::show;
    Manager  POST "/queue/drafts/{number}" => queue::policies::draft::update;
    Agent    GET  "/queue/drafts/{number}/text" => queue::policies::text::show;
    Manager  POST "/queue/drafts/{number}/text" => queue::policies::text::save;
    Agent    GET  "/queue/drafts/{number}/clauses/{clause}" => queue::policies::clause::show;
    Manager  POST "/queue/drafts/{number}/clauses/{clause}" => queue::policies::clause::save;
    Manager  POST "/queue/drafts/{number}/trials" => queue::policies::trial::begin;
    Manager  POST "/queue/drafts/{number}/proposal" => queue::policies::draft::propose;
    Manager  POST "/queue/drafts/{number}/agreement" => queue::policies::draft::agree;
    Manager  POST "/queue/drafts/{number}/refusal" => queue::policies::draft::decline;
    Manager  POST "/queue/drafts/{number}/withdrawal" => queue::policies::draft::take_back;
    Manager  POST "/queue/drafts/{number}/removal" => queue::policies::draft::discard;
    Manager  GET  "/queue/trials/{trial}.csv" => queue::policies::trial::csv;
    Manager  GET  "/queue/trials/{trial}" => queue::policies::trial::show;
    Manager  GET  "/queue/trials/{trial}/claims/{number}" => queue::policies::trace::show;
    Manager  POST "/queue/trials/{trial}/end" => queue::policies::trial::stop;
    Agent    GET  "/queue/mail" => queue::mail::index;
    Agent    GET  "/queue/mail/leaving" => queue::mail::html::leaving;
    Agent    GET  "/queue/mail/{number}" => queue::mail::one::show;
    Agent    GET  "/queue/mail/{number}/html" => queue::mail::html::show;
    Agent    GET  "/queue/mail/{number}/original" => queue::mail::one::original;
    Agent    POST "/queue/mail/{number}/admission" => queue::mail::one::admit;
    Agent    POST "/queue/mail/{number}/removal" => queue::mail::one::remove;
    Agent    POST "/queue/mail/{number}/reading" => queue::mail::one::reread;
    Lead     GET  "/queue/outbox" => queue::outbox::show;
    Lead     POST "/queue/outbox/{letter}/delivery" => queue::outbox::send_again;

    Manager  GET  "/reports/sla" => reports::sla::show;
    Manager  GET  "/reports/sla.csv" => reports::sla::csv;
    Manager  GET  "/reports/sla.xlsx" => reports::sla::workbook;
    Manager  GET  "/reports/refunds" => reports::refunds::show;
    Manager  GET  "/reports/refunds.csv" => reports::refunds::csv;
    Manager  GET  "/reports/refunds.xlsx" => reports::refunds::workbook;
    Manager  GET  "/reports/calendars" => reports::calendars::show;

    Visitor  GET  "/styleguide" => styleguide::show;
    Visitor  GET  "/demo/mail" => demo::index;
    Visitor  GET  "/demo/mail/{letter}" => demo::show;
    Visitor  GET  "/demo/mail/{letter}/html" => demo::html;
}

/// HEAD is answered wherever GET is.
fn asks_for(ctx: &GuardContext<'_>, method: &str) -> bool {
    let asked = &ctx.head().method;
    asked.as_str() == method || (*asked == Method::HEAD && method == "GET")
}

fn addresses() -> Vec<&'static str> {
    let mut paths = Vec::new();
    for route in ALL {
        if !paths.contains(&route.path) {
            paths.push(route.path);
        }
    }
    paths
}

/// What an address does answer to, for the `Allow` header.
pub fn methods_of(path: &str) -> Vec<&'static str> {
    let mut methods = Vec::new();
    for route in ALL.iter().filter(|route| route.path == path) {
        methods.push(route.method);
        if route.method == "GET" {
            methods.push("HEAD");
        }
    }
    methods
}
