//! Sellers: a shop opens under the policy that it has published.

use chrono_tz::Tz;

use crate::act::Act;
use crate::address::Address;
use crate::db::sellers::{Seller, by_slug, insert_seller};
use crate::db::{Tx, policies};
use crate::error::{Code, Error, Fields, Result};
use crate::ids::SellerId;
use crate::plain;
use crate::rules::money::Currency;

/// What a seller says of itself. Limits in its currency at 8 decimals.
#[derive(Debug, Clone)]
pub struct Opening {
    /// Its short name: lower-case letters, digits and dashes.
    pub slug: String,
    pub name: String,
    pub mail_address: String,
    pub policy: String,
    pub currency: String,
    /// None: the policy's own zone.
    pub time_zone: Option<String>,
    /// The `fee_schedule` of a claim document, as JSON.
    pub fee_schedule_json: Option<String>,
    pub large_refund_threshold_e8: Option<i64>,
    pub agent_limit_e8: i64,
    pub lead_limit_e8: i64,
}

/// # Errors
/// `Invalid` on what does not read; `Refused(AlreadyDone)` for a short name that is taken.
pub fn open(tx: &mut Tx, act: &Act, opening: &Opening) -> Result<Seller> {
    let mut fields = Fields::new();
    let plain_slug = opening
        .slug
        .bytes()
        .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    if opening.slug.is_empty() || !plain_slug {
        fields.add("slug", "Use lower-case letters, digits and dashes");
    }
    if Currency::parse(&opening.currency).is_err() {
        fields.add("currency", "Use a currency code such as USD");
    }
    if let Err(why) = Address::parse(&opening.mail_address) {
        fields.add("mail", why.to_string());
    }
    if opening
        .time_zone
        .as_ref()
        .is_some_and(|zone| zone.parse::<Tz>().is_err())
    {
        fields.add("zone", "Use the name of a time zone such as Europe/London");
    }
    if policies::versions(tx, &opening.policy)?.is_empty() {
        fields.add(
            "policy",
            "Nothing is published under that name; publish the policy first",
        );
    }
    if opening.agent_limit_e8 < 0 || opening.lead_limit_e8 < opening.agent_limit_e8 {
        fields.add(
            "limits",
            "A lead may grant at least what an agent may, and neither less than nothing",
        );
    }
    fields.done()?;
    if by_slug(tx, &opening.slug)?.is_some() {
        return Err(Error::refused_because(
            Code::AlreadyDone,
            format!("There is a seller `{}` already.", opening.slug),
        ));
    }
    let seller = Seller {
        id: SellerId::new(act.at),
        slug: opening.slug.clone(),
        name: plain::line(&opening.name, 100),
        mail_address: opening.mail_address.clone(),
        policy: opening.policy.clone(),
        currency: opening.currency.clone(),
        time_zone: opening.time_zone.clone(),
        holidays_json: None,
        fee_schedule_json: opening.fee_schedule_json.clone(),
        large_refund_threshold_e8: opening.large_refund_threshold_e8,
        agent_limit_e8: opening.agent_limit_e8,
        lead_limit_e8: opening.lead_limit_e8,
        created_at: act.at.into(),
    };
    insert_seller(tx, &seller)?;
    Ok(seller)
}
