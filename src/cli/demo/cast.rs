//! Who there is in the demo: five sellers, one under each policy, their customers, and the people at the desk.

use crate::act::Role;
use crate::app::DemoAccount;
use crate::desk::sellers::Opening;
use crate::rules::money::Amount;

/// Everybody's, because it is a demo's.
pub const PASSWORD: &str = "open-sesame-demo";

pub struct Member {
    pub role: Role,
    pub email: &'static str,
    pub name: &'static str,
    pub zone: &'static str,
    /// The sellers that staff are limited to (none for all); a customer's own.
    pub sellers: &'static [&'static str],
    /// Among those that the demo introduces.
    pub introduced: bool,
}

const fn staff(role: Role, email: &'static str, name: &'static str, zone: &'static str) -> Member {
    Member {
        role,
        email,
        name,
        zone,
        sellers: &[],
        introduced: true,
    }
}

const fn buyer(
    email: &'static str,
    name: &'static str,
    zone: &'static str,
    sellers: &'static [&'static str],
    introduced: bool,
) -> Member {
    Member {
        role: Role::Customer,
        email,
        name,
        zone,
        sellers,
        introduced,
    }
}

pub const CREDITS: &str = "panel-credits";
pub const GUARANTEE: &str = "panel-guarantee";
pub const PLANS: &str = "api-plans";
pub const NUMBERS: &str = "virtual-numbers";
pub const DOWNLOADS: &str = "digital-downloads";

/// Everybody, by the part of the address before the `@`.
pub const CAST: [Member; 34] = [
    staff(
        Role::Agent,
        "omar@redress.example",
        "Omar Haddad",
        "Europe/London",
    ),
    Member {
        sellers: &[NUMBERS, DOWNLOADS],
        ..staff(
            Role::Agent,
            "lena@redress.example",
            "Lena Ito",
            "Europe/Berlin",
        )
    },
    staff(
        Role::Lead,
        "priya@redress.example",
        "Priya Nair",
        "Europe/London",
    ),
    staff(
        Role::Manager,
        "ruth@redress.example",
        "Ruth Almeida",
        "Europe/London",
    ),
    staff(Role::Admin, "tom@redress.example", "Tom Okafor", "UTC"),
    buyer(
        "anna@example.net",
        "Anna Lindqvist",
        "America/Los_Angeles",
        &[GUARANTEE],
        true,
    ),
    buyer(
        "boris@example.net",
        "Boris Novák",
        "Europe/Prague",
        &[CREDITS],
        true,
    ),
    buyer(
        "chen@example.net",
        "Chen Wei",
        "Asia/Singapore",
        &[PLANS],
        true,
    ),
    buyer(
        "dana@example.net",
        "Dana Levi",
        "Europe/London",
        &[NUMBERS],
        true,
    ),
    buyer(
        "elif@example.net",
        "Elif Öztürk",
        "Europe/Istanbul",
        &[DOWNLOADS],
        true,
    ),
    buyer(
        "farah@example.net",
        "Farah Rahmani",
        "Asia/Dubai",
        &[CREDITS],
        false,
    ),
    buyer(
        "georg@example.net",
        "Georg Lindner",
        "Europe/Vienna",
        &[CREDITS, GUARANTEE],
        false,
    ),
    buyer(
        "hana@example.net",
        "Hana Kovářová",
        "Europe/Prague",
        &[CREDITS, DOWNLOADS],
        false,
    ),
    buyer(
        "ines@example.net",
        "Inês Marques da Conceição Albuquerque e Vasconcelos",
        "Europe/Lisbon",
        &[GUARANTEE],
        false,
    ),
    buyer(
        "jonas@example.net",
        "Jonas Bergström",
        "Europe/Stockholm",
        &[PLANS],
        false,
    ),
    buyer(
        "kofi@example.net",
        "Kofi Mensah",
        "Africa/Accra",
        &[GUARANTEE],
        false,
    ),
    buyer(
        "layla@example.net",
        "ليلى حداد",
        "Asia/Beirut",
        &[CREDITS],
        false,
    ),
    buyer(
        "mateo@example.net",
        "Mateo Ruiz 🎧",
        "America/Bogota",
        &[NUMBERS],
        false,
    ),
    buyer(
        "nadia@example.net",
        "Nadia Petrova",
        "Europe/Sofia",
        &[NUMBERS, PLANS],
        false,
    ),
    buyer(
        "oskar@example.net",
        "Oskar Wiśniewski",
        "Europe/Warsaw",
        &[DOWNLOADS],
        false,
    ),
    buyer(
        "pilar@example.net",
        "Pilar Gómez",
        "Europe/Madrid",
        &[PLANS],
        false,
    ),
    buyer(
        "quinn@example.net",
        "Quinn O'Connor",
        "Europe/Dublin",
        &[GUARANTEE, DOWNLOADS],
        false,
    ),
    buyer(
        "rosa@example.net",
        "Rosa Bianchi",
        "Europe/Rome",
        &[GUARANTEE],
        false,
    ),
    buyer(
        "samir@example.net",
        "Samir Patel",
        "Asia/Kolkata",
        &[NUMBERS],
        false,
    ),
    buyer(
        "tomoko@example.net",
        "Tomoko Hayashi",
        "Asia/Tokyo",
        &[DOWNLOADS],
        false,
    ),
    buyer(
        "abel@example.net",
        "Abel Tesfaye Bekele",
        "Africa/Addis_Ababa",
        &[CREDITS],
        false,
    ),
    buyer(
        "bela@example.net",
        "Béla Horváth",
        "Europe/Budapest",
        &[CREDITS],
        false,
    ),
    buyer(
        "ulla@example.net",
        "Ulla Jensen",
        "Europe/Copenhagen",
        &[GUARANTEE],
        false,
    ),
    buyer(
        "viktor@example.net",
        "Viktor Hale",
        "America/Los_Angeles",
        &[GUARANTEE],
        false,
    ),
    buyer(
        "wanda@example.net",
        "Wanda Kim",
        "Asia/Seoul",
        &[GUARANTEE],
        false,
    ),
    buyer(
        "ximena@example.net",
        "Ximena Fuentes",
        "America/Santiago",
        &[GUARANTEE],
        false,
    ),
    buyer(
        "yusuf@example.net",
        "Yusuf Demir",
        "Europe/Istanbul",
        &[GUARANTEE],
        false,
    ),
    buyer(
        "hilde@example.net",
        "Hilde Brandt",
        "Europe/Berlin",
        &[GUARANTEE],
        false,
    ),
    buyer(
        "zoe@example.net",
        "Zoë van Dijk",
        "Europe/Amsterdam",
        &[CREDITS],
        false,
    ),
];

/// Those who help where two years of a busy desk are told; everybody's password is theirs too.
pub const HELP: [Member; 6] = [
    colleague("mira@redress.example", "Mira Kovac", "Europe/Zagreb"),
    colleague("noah@redress.example", "Noah Adeyemi", "Africa/Lagos"),
    colleague("aiko@redress.example", "Aiko Mori", "Asia/Tokyo"),
    colleague("luis@redress.example", "Luis Herrera", "America/Bogota"),
    colleague("ella@redress.example", "Ella Nyberg", "Europe/Stockholm"),
    colleague("amin@redress.example", "Amin Rezaei", "Europe/Berlin"),
];

const fn colleague(email: &'static str, name: &'static str, zone: &'static str) -> Member {
    Member {
        introduced: false,
        ..staff(Role::Agent, email, name, zone)
    }
}

/// The five shops, each with its short name from the policy that it publishes. Numero charges 5 % on refunds of what was bought
/// since the start of last year (D9); Pacific Growth asks who somebody is from $250 on (B7).
pub fn sellers(year: i32) -> [Opening; 5] {
    let shop =
        |policy: &str, name: &str, host: &str, currency: &str, zone: &str, limits: (i64, i64)| {
            Opening {
                slug: policy.to_owned(),
                name: name.to_owned(),
                mail_address: format!("support@{host}.example"),
                policy: policy.to_owned(),
                currency: currency.to_owned(),
                time_zone: Some(zone.to_owned()),
                fee_schedule_json: None,
                large_refund_threshold_e8: None,
                agent_limit_e8: e8(limits.0),
                lead_limit_e8: e8(limits.1),
            }
        };
    [
        shop(CREDITS, "Brightfeed", "brightfeed", "USD", "UTC", (50, 500)),
        Opening {
            large_refund_threshold_e8: Some(e8(250)),
            ..shop(
                GUARANTEE,
                "Pacific Growth",
                "pacificgrowth",
                "USD",
                "America/Los_Angeles",
                (100, 1_000),
            )
        },
        shop(
            PLANS,
            "Meridian API",
            "meridian",
            "EUR",
            "Europe/Madrid",
            (100, 1_000),
        ),
        Opening {
            fee_schedule_json: Some(format!(
                r#"[{{"valid_from":"{}-01-01","rate":"0.05"}}]"#,
                year - 1
            )),
            ..shop(
                NUMBERS,
                "Numero",
                "numero",
                "GBP",
                "Europe/London",
                (50, 500),
            )
        },
        shop(
            DOWNLOADS,
            "Kumo Downloads",
            "kumo",
            "JPY",
            "Asia/Tokyo",
            (10_000, 100_000),
        ),
    ]
}

fn e8(whole: i64) -> i64 {
    Amount::from_e8(whole * 100_000_000).e8()
}

/// Who can sign in, as printed, written to `demo.json` and offered on the sign-in page. The others have the same password.
pub fn accounts() -> Vec<DemoAccount> {
    let introduced = CAST.iter().filter(|member| member.introduced);
    let account = |member: &Member| DemoAccount {
        role: member.role.as_str().to_owned(),
        email: member.email.to_owned(),
        password: PASSWORD.to_owned(),
        seller: member.sellers.join(", "),
    };
    introduced.map(account).collect()
}
