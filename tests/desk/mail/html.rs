//! A stranger's HTML, as staff may look at it.

use redress::desk::mailroom::Way;
use redress::outside::html::safe;
use scraper::{Html, Selector};

use super::{OMAR, Stage};
use crate::support::app::Desk;
use crate::support::post::mail;

const HERE: &str = "https://desk.example/queue/mail/leaving?to=";

/// What the OWASP list and old advisories try, each in several dresses.
fn attacks() -> Vec<String> {
    let cores = [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "<svg onload=alert(1)>",
        "<svg><script>alert(1)</script></svg>",
        "<math><mi//xlink:href=\"data:x,<script>alert(1)</script>\">",
        "<iframe src=javascript:alert(1)>",
        "<object data=x>",
        "<embed src=x>",
        "<link rel=stylesheet href=//evil.example/x.css>",
        "<style>@import url(//evil.example)</style>",
        "<meta http-equiv=refresh content=0;url=//evil.example>",
        "<base href=//evil.example/>",
        "<form action=//evil.example><input name=p><button>Go</button></form>",
        "<body onload=alert(1)>",
        "<a href=javascript:alert(1)>x</a>",
        "<a href=\"java\tscript:alert(1)\">x</a>",
        "<a href=\"&#106;avascript:alert(1)\">x</a>",
        "<a href=data:text/html,<script>alert(1)</script>>x</a>",
        "<a href=vbscript:x>x</a>",
        "<a href=//evil.example>x</a>",
        "<a href=/queue>x</a>",
        "<div style=\"background:url(//evil.example)\">x</div>",
        "<p onclick=alert(1) onmouseover=alert(2)>x</p>",
        "<input autofocus onfocus=alert(1)>",
        "<video><source onerror=alert(1)></video>",
        "<audio src=x onerror=alert(1)>",
        "<details open ontoggle=alert(1)>",
        "<marquee onstart=alert(1)>",
        "<template><script>alert(1)</script></template>",
        "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">",
        "<textarea><script>alert(1)</script>",
        "<select><option><script>alert(1)</script>",
        "<table background=//evil.example><td background=//evil.example>",
        "<img srcset=//evil.example>",
        "<picture><source srcset=//evil.example></picture>",
        "<p id=x class=y name=z>x</p>",
        "<a href=https://evil.example ping=//evil.example target=_top>x</a>",
        "<!--[if IE]><script>alert(1)</script><![endif]-->",
        "<![CDATA[<script>alert(1)</script>]]>",
        "<?xml-stylesheet href=//evil.example?>",
        "<xss style=behavior:url(x)>",
        "<font color=red>x</font>",
        "<button formaction=javascript:alert(1)>x</button>",
        "<isindex action=javascript:alert(1)>",
        "<keygen autofocus onfocus=alert(1)>",
        "<frameset onload=alert(1)>",
        "<applet code=x>",
        "<blink onclick=x>",
        "<bgsound src=x>",
        "<layer src=x>",
    ];
    let dresses: [fn(&str) -> String; 6] = [
        |core| core.to_owned(),
        |core| core.to_uppercase(),
        |core| format!("<b><i>{core}"),
        |core| format!("\"><{core}"),
        |core| format!("<p>{core}</p><table><tr><td>{core}"),
        |core| core.replace('<', "<\n").replace("<\n/", "</"),
    ];
    cores
        .iter()
        .flat_map(|core| dresses.iter().map(move |dress| dress(core)))
        .collect()
}

#[test]
fn of_three_hundred_attacks_only_listed_tags_and_our_own_links_are_left() {
    const TAGS: [&str; 34] = [
        "html",
        "head",
        "body",
        "p",
        "br",
        "b",
        "strong",
        "i",
        "em",
        "u",
        "s",
        "ul",
        "ol",
        "li",
        "blockquote",
        "pre",
        "code",
        "a",
        "h1",
        "h2",
        "h3",
        "h4",
        "table",
        "thead",
        "tbody",
        "tr",
        "td",
        "th",
        "hr",
        "div",
        "span",
        "sub",
        "tfoot",
        "colgroup",
    ];
    let attacks = attacks();
    assert_eq!(attacks.len(), 300);
    for attack in attacks {
        let Ok(clean) = safe(&attack, HERE) else {
            continue;
        };
        let page = Html::parse_document(&clean);
        for node in page.select(&Selector::parse("*").unwrap()) {
            let tag = node.value();
            assert!(TAGS.contains(&tag.name()), "{attack}: {clean}");
            for (name, value) in tag.attrs() {
                let sound = match name {
                    "rel" => value == "noopener noreferrer nofollow",
                    "href" => value.starts_with(HERE) || value.starts_with("mailto:"),
                    _ => false,
                };
                assert!(sound, "{attack}: {name}={value}");
            }
        }
    }
}

#[test]
fn what_is_harmless_stays_and_what_is_too_much_is_refused_before_the_sanitiser_sees_it() {
    let clean = safe(
        "<h1>Hello</h1><p>One <b>two</b><br><a href='https://shop.example/a?b=1'>there</a></p>",
        HERE,
    )
    .unwrap();
    assert!(
        clean.contains("<h1>Hello</h1>") && clean.contains("<b>two</b>"),
        "{clean}"
    );
    assert!(
        clean.contains("leaving?to=https%3A%2F%2Fshop%2Eexample%2Fa%3Fb%3D1"),
        "{clean}"
    );
    assert!(safe(&"<div>".repeat(201), HERE).is_err());
    assert!(safe(&"<div></div>".repeat(100), HERE).is_ok());
    assert!(safe(&"<br>".repeat(5_001), HERE).is_err());
    assert!(safe(&"x".repeat(256 * 1024 + 1), HERE).is_err());
}

#[tokio::test]
async fn the_html_of_a_mail_is_shown_apart_boxed_in_and_its_links_say_where_they_lead() {
    let desk = Desk::open();
    let stage = Stage::of(&desk, "panel-credits");
    let rich = "<p>Dear <b>desk</b></p><img src=\"https://evil.example/pixel.png\"><script>alert(1)</script><a href=\"https://xn--pple-43d.example/\">Bank</a>";
    let raw = String::from_utf8(
        mail("mallory@evil.example", &stage.to)
            .about("Rich")
            .says(rich)
            .raw(),
    )
    .unwrap();
    let raw = raw.replace("Content-Type: text/plain", "Content-Type: text/html");
    redress::worker::mail::keep(
        &desk.app,
        raw.into_bytes(),
        Way::pipe(None, Some(stage.to.clone())),
    )
    .await
    .unwrap();
    desk.works().await;
    let mut omar = desk.signed_in(OMAR).await;
    let tray = omar.opens("/queue/mail").await;
    let page = omar.opens(&tray.link("Rich")).await;
    page.sees("Dear desk");
    let html = omar.opens(&page.link("Show its HTML")).await;
    assert!(
        html.header("content-security-policy")
            .contains("default-src 'none'")
    );
    assert!(html.header("content-security-policy").contains("sandbox"));
    html.sees("Dear desk")
        .does_not_see("alert")
        .does_not_see("pixel.png");
    let leaving = omar
        .opens("/queue/mail/leaving?to=https%3A%2F%2F%D0%B0pple.example%2F")
        .await;
    leaving.sees("xn--pple-43d.example");
    for no in [
        "javascript:alert(1)",
        "data:text/html,x",
        "//evil.example",
        "x",
    ] {
        assert_eq!(
            omar.opens(&format!("/queue/mail/leaving?to={no}"))
                .await
                .status,
            400,
            "{no}"
        );
    }
}
