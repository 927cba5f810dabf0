//! The members of a claim, one function for each object of the contract.

use chrono_tz::Tz;

use super::json::Node;
use super::reader::Reader;
use super::*;
use crate::rules::calendar::{Hours, Opening};

/// Longest refill that is taken for one, in days.
const MOST_DAYS: i64 = 36_500;

pub fn evidence<'n>(reader: &mut Reader<'n>, node: &'n Node<'n>) -> Option<Evidence> {
    let (mut kind, mut received_at) = (None, None);
    reader.object(node, |r, key, node| {
        match key {
            "kind" => kind = r.word(node, EvidenceKind::from_word),
            "received_at" => received_at = r.instant(node),
            _ => return false,
        }
        true
    });
    Some(Evidence {
        kind: reader.required("kind", kind)?,
        received_at,
    })
}

pub fn seller<'n>(reader: &mut Reader<'n>, node: &'n Node<'n>) -> Seller {
    let mut seller = Seller::default();
    reader.object(node, |r, key, node| {
        match key {
            "time_zone" => seller.time_zone = time_zone(r, node),
            "holidays" => {
                seller.holidays = r
                    .list(node, Reader::day_of)
                    .map(|days| days.into_iter().flatten().collect())
            }
            "hours" => seller.hours = hours(r, node),
            "large_refund_threshold" => seller.large_refund_threshold = r.amount(node),
            "fee_schedule" => {
                seller.fee_schedule = r
                    .list(node, fee)
                    .unwrap_or_default()
                    .into_iter()
                    .flatten()
                    .collect()
            }
            _ => return false,
        }
        true
    });
    seller
}

/// Openings by weekday, and of the days that have their own.
fn hours<'n>(reader: &mut Reader<'n>, node: &'n Node<'n>) -> Option<Hours> {
    let mut hours = Hours::default();
    let is_there = reader.object(node, |r, key, node| {
        let day = match key {
            "mon" => &mut hours.mon,
            "tue" => &mut hours.tue,
            "wed" => &mut hours.wed,
            "thu" => &mut hours.thu,
            "fri" => &mut hours.fri,
            "sat" => &mut hours.sat,
            "sun" => &mut hours.sun,
            "special" => {
                special(r, node, &mut hours);
                return true;
            }
            _ => return false,
        };
        *day = openings(r, node);
        true
    });
    if is_there && let Some(flaw) = hours.flaws().first() {
        return reader.fault(flaw);
    }
    is_there.then_some(hours)
}

fn special<'n>(reader: &mut Reader<'n>, node: &'n Node<'n>, hours: &mut Hours) {
    reader.object(node, |r, key, node| match key.parse() {
        Ok(day) => {
            hours.special.insert(day, openings(r, node));
            true
        }
        Err(_) => false,
    });
}

fn openings<'n>(reader: &mut Reader<'n>, node: &'n Node<'n>) -> Vec<Opening> {
    let opening = |r: &mut Reader<'n>, node: &'n Node<'n>| {
        let text = r.text(node)?;
        match Opening::try_from(text) {
            Ok(opening) => Some(opening),
            Err(why) => r.fault(why),
        }
    };
    let read = reader.list(node, opening).unwrap_or_default();
    read.into_iter().flatten().collect()
}

pub fn time_zone(reader: &mut Reader, node: &Node) -> Option<Tz> {
    let name = reader.text(node)?;
    match name.parse() {
        Ok(zone) => Some(zone),
        Err(_) => reader.fault("is not an IANA time zone such as Europe/Berlin"),
    }
}

pub fn fee<'n>(reader: &mut Reader<'n>, node: &'n Node<'n>) -> Option<Fee> {
    let (mut valid_from, mut valid_to, mut rate, mut flat) = (None, None, None, None);
    reader.object(node, |r, key, node| {
        match key {
            "valid_from" => valid_from = r.day(node),
            "valid_to" => valid_to = r.day(node),
            "rate" => {
                rate = r.parsed(node, "a decimal fraction", Rate::parse);
                if rate.is_some_and(|rate| rate > Rate::WHOLE) {
                    r.fault::<()>("is a fraction: \"0.05\" is 5 %, and more than \"1\" is none");
                }
            }
            "flat" => flat = r.amount(node),
            _ => return false,
        }
        true
    });
    Some(Fee {
        valid_from: reader.required("valid_from", valid_from)?,
        valid_to,
        rate,
        flat,
    })
}

pub fn customer<'n>(reader: &mut Reader<'n>, node: &'n Node<'n>) -> Customer {
    let mut customer = Customer::default();
    reader.object(node, |r, key, node| {
        match key {
            "verified" => customer.verified = r.truth(node),
            "suspended" => customer.suspended = r.truth(node),
            _ => return false,
        }
        true
    });
    customer
}

pub fn order<'n>(reader: &mut Reader<'n>, node: &'n Node<'n>) -> Option<Order> {
    let mut order = Order::default();
    let known = reader.object(node, |r, key, node| {
        match key {
            "id" => order.id = r.text(node),
            "placed_at" => order.placed_at = r.instant(node),
            "status" => order.status = r.word(node, Status::from_spelling),
            "quantity" => order.quantity = r.count(node, 0),
            "remains" => order.remains = r.meter(node),
            "remains_at_request" => order.remains_at_request = r.meter(node),
            "charge" => order.charge = r.amount(node),
            "currency" => order.currency = r.currency(node),
            "tax_included" => order.tax_included = r.amount(node),
            "refunded" => order.refunded = r.amount(node),
            "paid_with" => {
                order.paid_with = r
                    .list(node, part)
                    .unwrap_or_default()
                    .into_iter()
                    .flatten()
                    .collect()
            }
            "canceled_by" => order.canceled_by = r.word(node, CanceledBy::from_word),
            "period_ends_on" => order.period_ends_on = r.day(node),
            "confirmed_at" => order.confirmed_at = r.instant(node),
            "sent_at" => order.sent_at = r.instant(node),
            "sms" => order.sms = r.word(node, Sms::from_word),
            "sms_received_at" => order.sms_received_at = r.instant(node),
            "items" => order.items = r.count(node, 1),
            "service" => order.service = service(r, node),
            _ => return false,
        }
        true
    });
    known.then_some(order)
}

pub fn part<'n>(reader: &mut Reader<'n>, node: &'n Node<'n>) -> Option<Part> {
    let (mut method, mut amount) = (None, None);
    reader.object(node, |r, key, node| {
        match key {
            "method" => method = r.text(node),
            "amount" => amount = r.amount(node),
            _ => return false,
        }
        true
    });
    let method = reader.required("method", method);
    let amount = reader.required("amount", amount);
    Some(Part {
        method: method?,
        amount: amount?,
    })
}

pub fn service<'n>(reader: &mut Reader<'n>, node: &'n Node<'n>) -> Service {
    let mut service = Service::default();
    reader.object(node, |r, key, node| {
        match key {
            "refill" => service.refill = refill(r, node),
            "refundable_once_started" => service.refundable_once_started = r.truth(node),
            "returnable" => service.returnable = r.truth(node),
            "limits_disclosed" => service.limits_disclosed = r.truth(node),
            "compatible_with" => {
                service.compatible_with = r
                    .list(node, Reader::text_of)
                    .map(|names| names.into_iter().flatten().collect());
            }
            _ => return false,
        }
        true
    });
    service
}

pub fn refill(reader: &mut Reader, node: &Node) -> Option<Refill> {
    match node {
        Node::Null => None,
        Node::Text(text) if text == "none" => Some(Refill::Never),
        Node::Text(text) if text == "lifetime" => Some(Refill::Lifetime),
        Node::Whole(days) if (0..=MOST_DAYS).contains(days) => {
            u32::try_from(*days).ok().map(Refill::Days)
        }
        _ => reader.fault("must be \"none\", \"lifetime\" or a number of days"),
    }
}

pub fn dispute<'n>(reader: &mut Reader<'n>, node: &'n Node<'n>) -> Option<Dispute> {
    let mut dispute = Dispute {
        status: DisputeStatus::Open,
        deposit: None,
        amount: None,
        reason: None,
        contacted_first: None,
        answered_in_time: None,
    };
    let mut status = None;
    let known = reader.object(node, |r, key, node| {
        match key {
            "status" => status = r.word(node, DisputeStatus::from_word),
            "deposit" => dispute.deposit = r.text(node),
            "amount" => dispute.amount = r.amount(node),
            "reason" => dispute.reason = r.word(node, DisputeReason::from_word),
            "contacted_first" => dispute.contacted_first = r.truth(node),
            "answered_in_time" => dispute.answered_in_time = r.truth(node),
            _ => return false,
        }
        true
    });
    if !known {
        return None;
    }
    dispute.status = reader.required("status", status)?;
    Some(dispute)
}

pub fn findings<'n>(reader: &mut Reader<'n>, node: &'n Node<'n>) -> Findings {
    let mut findings = Findings::default();
    reader.object(node, |r, key, node| {
        match key {
            "stop" => findings.stop = r.word(node, Stop::from_word),
            "refill" => findings.refill = r.word(node, RefillResult::from_word),
            "shortfall" => findings.shortfall = r.meter(node),
            "can_complete" => findings.can_complete = r.truth(node),
            "service_available" => findings.service_available = r.truth(node),
            "service_discontinued" => findings.service_discontinued = r.truth(node),
            "target_available" => findings.target_available = r.truth(node),
            "system_error" => findings.system_error = r.truth(node),
            "unlawful_use" => findings.unlawful_use = r.word(node, Unlawful::from_word),
            "defect" => findings.defect = defect(r, node),
            "incompatible_with" => findings.incompatible_with = r.text(node),
            "resend" => findings.resend = r.word(node, Resend::from_word),
            "repaired" => findings.repaired = r.truth(node),
            "matches_description" => findings.matches_description = r.truth(node),
            _ => return false,
        }
        true
    });
    findings
}

pub fn defect<'n>(reader: &mut Reader<'n>, node: &'n Node<'n>) -> Defect {
    let mut defect = Defect::default();
    reader.object(node, |r, key, node| {
        match key {
            "approved" => defect.approved = r.truth(node),
            "fixed_at" => defect.fixed_at = r.instant(node),
            "access_requested_at" => defect.access_requested_at = r.instant(node),
            "access_granted_at" => defect.access_granted_at = r.instant(node),
            "access_refused" => defect.access_refused = r.truth(node),
            _ => return false,
        }
        true
    });
    defect
}
