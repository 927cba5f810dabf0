//! What the shops tell: money that came in, orders and how they go on, nightly files. The model knows exactly what must come of it.

use chrono::Duration;
use redress::db::orders as rows;
use redress::db::orders::{BALANCE, Part, Progress};
use redress::desk::deposits::{NewBonus, NewDeposit, NewMethod, grant, receive};
use redress::desk::intake;
use redress::desk::orders::{NewOrder, place, record_status};
use redress::error::Error;
use redress::ids::OrderId;
use redress::rules::facts::{MethodStatus, Status};
use redress::rules::money::Amount;

use crate::model::{No, Who};
use crate::world::{Came, Found, World, code};

/// What was told and may be told again, or altered.
#[derive(Default)]
pub struct Told {
    deposits: Vec<NewDeposit>,
}

/// Cents as the books have them.
pub const CENT: i64 = 1_000_000;

fn method(number: usize) -> NewMethod {
    NewMethod {
        reference: format!("card-{number}"),
        label: None,
        state: Some(MethodStatus::Usable),
    }
}

fn somebody(world: &mut World) -> Who {
    (world.shop(), world.customer().0)
}

fn new_deposit(world: &mut World, who: Who, name: String) -> NewDeposit {
    let cast = &world.scene.cast;
    let (shop, customer) = (cast.shops[who.0].clone(), cast.customers[who.1].id.clone());
    let late = if world.rng.chance(20) {
        world.rng.between(1, 90)
    } else {
        0
    };
    NewDeposit {
        seller: shop.id,
        customer,
        reference: name,
        at: world.now() - Duration::hours(late),
        currency: shop.currency,
        amount_e8: world.rng.between(1, 9_000) * CENT,
        method: method(world.rng.below(3)),
        paid: None,
        surcharge_e8: None,
    }
}

pub fn deposit(world: &mut World) -> Found<String> {
    let who = somebody(world);
    let name = world.name("D");
    let new = new_deposit(world, who, name);
    let act = world.operator();
    let came = world.attempt(&act, None, |tx| {
        receive(tx, &act, &new).map(|(row, _)| row.reference)
    })?;
    match came {
        Came::Done(_) => {
            let at = new.at.timestamp_micros();
            world.model.deposit(who, &new.reference, at, new.amount_e8);
            let words = format!("{} deposits {}", who.1, new.amount_e8);
            world.told.deposits.push(new);
            Ok(words)
        }
        Came::GivenUp => Ok("a deposit is lost".to_owned()),
        Came::Refused(error) => Err(format!("a deposit was refused: {error:?}")),
    }
}

/// The same again changes nothing; with another amount it is refused.
pub fn tells_a_deposit_again(world: &mut World) -> Found<String> {
    let place = world.rng.below(world.told.deposits.len());
    let Some(mut new) = world.told.deposits.get(place).cloned() else {
        return Ok("no deposit to tell again".to_owned());
    };
    let altered = world.rng.chance(40);
    if altered {
        new.amount_e8 += world.rng.between(1, 100);
    }
    let act = world.operator();
    let came = world.attempt(&act, None, |tx| {
        receive(tx, &act, &new).map(|(row, _)| row.reference)
    })?;
    match (came, altered) {
        (Came::Done(_), false) | (Came::GivenUp, _) => Ok("a deposit is told again".to_owned()),
        (Came::Refused(error), true) if code(&error) == "key_reused" => {
            Ok("an altered deposit is refused".to_owned())
        }
        (other, _) => Err(format!(
            "I4: told again (altered: {altered}) it came to {other:?}"
        )),
    }
}

pub fn bonus(world: &mut World) -> Found<String> {
    let who = somebody(world);
    let cast = &world.scene.cast;
    let (shop, customer) = (cast.shops[who.0].clone(), cast.customers[who.1].id.clone());
    let new = NewBonus {
        seller: shop.id,
        customer,
        reference: world.name("B"),
        at: world.now(),
        expires_at: match world.rng.chance(60) {
            true => Some(world.now() + Duration::days(world.rng.between(1, 40))),
            false => None,
        },
        currency: shop.currency,
        amount_e8: world.rng.between(1, 2_000) * CENT,
    };
    let act = world.operator();
    let came = world.attempt(&act, None, |tx| {
        grant(tx, &act, &new).map(|(row, _)| row.reference)
    })?;
    match came {
        Came::Done(name) => {
            let ends = new.expires_at.map(|end| end.timestamp_micros());
            let at = new.at.timestamp_micros();
            world.model.bonus(who, &name, at, ends, new.amount_e8);
            Ok(format!("{} is given {}", who.1, new.amount_e8))
        }
        Came::GivenUp => Ok("a bonus is lost".to_owned()),
        Came::Refused(error) => Err(format!("a bonus was refused: {error:?}")),
    }
}

pub fn progress(status: Status, remains: Option<i64>) -> Progress {
    Progress {
        status,
        remains: remains.map(|units| units.to_string()),
        canceled_by: None,
        period_ends_on: None,
        confirmed_at: None,
        sent_at: None,
        sms: None,
        sms_received_at: None,
    }
}

/// How an order is paid: so much of the balance, and so much by a card.
fn parts(world: &mut World, who: Who) -> (i64, Vec<(String, i64)>) {
    let amount = world.rng.between(1, 4_000) * CENT;
    let card = format!("card-{}", world.rng.below(3));
    let cards_only = world.scene.cast.shops[who.0].policy == "digital-downloads";
    match world.rng.below(if cards_only { 2 } else { 10 }) {
        0 => (0, vec![(card, amount)]),
        1 => {
            let half = amount / 2;
            (half, vec![(card, amount - half)])
        }
        _ => (amount, Vec::new()),
    }
}

pub fn order(world: &mut World) -> Found<String> {
    let who = somebody(world);
    let (balance, cards) = parts(world, who);
    let cast = &world.scene.cast;
    let (shop, customer) = (cast.shops[who.0].clone(), cast.customers[who.1].id.clone());
    let part = |(method, e8): (&str, i64)| Part {
        method: method.to_owned(),
        amount: Amount::from_e8(e8),
    };
    let paid = [(BALANCE, balance)].into_iter().filter(|(_, e8)| *e8 > 0);
    let past = cards.iter().map(|(method, e8)| (method.as_str(), *e8));
    let paid_with: Vec<Part> = paid.chain(past).map(part).collect();
    let now = world.now();
    let new = NewOrder {
        seller: shop.id,
        customer,
        reference: world.name("R"),
        service: None,
        title: "1,000 followers".to_owned(),
        target: "https://social.example/harbor".to_owned(),
        placed_at: Some(now),
        currency: shop.currency,
        charge_e8: Some(
            paid_with
                .iter()
                .map(|part| part.amount)
                .sum::<Amount>()
                .e8(),
        ),
        tax_included_e8: None,
        quantity: Some(1000),
        paid_with: Some(paid_with),
        snapshot_json: r#"{"refill":30,"refundable_once_started":true}"#.to_owned(),
        items: 1,
        progress: progress(Status::Pending, Some(1000)),
        source: "panel".to_owned(),
        told_at: now,
    };
    let act = world.operator();
    let came = world.attempt(&act, None, |tx| {
        place(tx, &act, &new).map(|(row, _)| row.number)
    })?;
    let mut model = world.model.clone();
    let at = now.timestamp_micros();
    let name = new.reference.as_str();
    match came {
        Came::Done(number) => {
            let placed = model.order(who, name, &number, (balance, &cards), at);
            placed.map_err(|no| format!("I2: {name} was sold and should not: {no:?}"))?;
            world.model = model;
            Ok(format!(
                "{} orders {number} for {balance} and {cards:?}",
                who.1
            ))
        }
        Came::Refused(error) if code(&error) == "insufficient" => {
            match model.order(who, name, "", (balance, &cards), at) {
                Err(No::Short) => Ok("an order is too dear".to_owned()),
                other => Err(format!(
                    "{name} was refused and should not: {error:?} {other:?}"
                )),
            }
        }
        Came::GivenUp => Ok("an order is lost".to_owned()),
        Came::Refused(error) => Err(format!("an order was refused: {error:?}")),
    }
}

/// The provider tells where an order stands: further on, or corrected.
pub fn moves_on(world: &mut World) -> Found<String> {
    let Some(order) = world.rng.pick(&world.rows.orders).cloned() else {
        return Ok("no order to move on".to_owned());
    };
    let (status, remains) = match world.rng.below(6) {
        0 => (Status::InProgress, Some(world.rng.between(1, 1000))),
        1 => (Status::Partial, Some(world.rng.between(1, 999))),
        2 => (Status::Completed, Some(0)),
        3 => (Status::Canceled, Some(1000)),
        4 => (Status::Processing, None),
        _ => (Status::Partial, Some(world.rng.between(1, 999))),
    };
    let told = progress(status, remains);
    let id = OrderId::from(order.id.as_str());
    let act = world.operator();
    let at = world.now();
    let came = world.attempt(&act, None, |tx| {
        record_status(tx, &act, &id, &told, "panel", at).map(|_| String::new())
    })?;
    match came {
        Came::Refused(error) => Err(format!("a status was refused: {error:?}")),
        _ => Ok(format!("{} is {status:?} {remains:?}", order.reference)),
    }
}

/// A nightly file with deposits, or with orders, told twice; rows that cannot be are refused alone.
pub fn imports(world: &mut World) -> Found<String> {
    let shop = world.shop();
    let seller = world.scene.cast.shops[shop].clone();
    let act = world.operator();
    let rows = 1 + world.rng.below(4);
    let deposits = world.rng.chance(50);
    let mut file = if deposits {
        "reference,customer,at,amount,method,method_state\n".to_owned()
    } else {
        "reference,customer,placed_at,status,quantity,remains,charge,paid_with\n".to_owned()
    };
    let mut told = Vec::new();
    for row in 0..rows {
        let (place, customer) = world.customer();
        let name = format!("{}-{row}", world.name("N"));
        let at = world.now() - Duration::seconds(i64::try_from(rows - row).unwrap());
        let amount = world.rng.between(1, 5_000) * CENT;
        let (when, shown) = (at.to_rfc3339(), Amount::from_e8(amount));
        file.push_str(&if deposits {
            format!("{name},{},{when},{shown},card-1,usable\n", customer.email)
        } else {
            format!(
                "{name},{},{when},pending,1000,1000,{shown},balance\n",
                customer.email
            )
        });
        told.push((place, name, at.timestamp_micros(), amount));
    }
    let kind = match deposits {
        true => intake::Kind::Deposits,
        false => intake::Kind::Orders,
    };
    let reading = intake::read(kind, "night.csv", file.as_bytes())
        .map_err(|why| format!("a file was refused: {why:?}"))?;
    let came = world.attempt(&act, None, |tx| {
        let mut report = reading.report();
        for rows in reading.batches() {
            report.take(intake::batch(tx, &act, &seller, kind, rows)?);
        }
        intake::file(tx, &act, &seller, &report)?;
        Ok(format!(
            "{} {}",
            report.added + report.same,
            report.refused_lines()
        ))
    })?;
    let words = match came {
        Came::Done(words) => words,
        Came::GivenUp => return Ok("a file is lost".to_owned()),
        Came::Refused(error) => return Err(format!("a file was refused: {error:?}")),
    };
    let mut kept = 0;
    for (place, name, at, amount) in told {
        let who = (shop, place);
        if deposits {
            world.model.deposit(who, &name, at, amount);
            kept += 1;
            continue;
        }
        let number = world.scene.app.pool.read(|conn| {
            Ok(rows::by_reference(conn, &seller.id, &name)?.map(|order| order.number))
        });
        let number = number.map_err(|error| format!("rows: {error}"))?;
        let placed = world.model.order(
            who,
            &name,
            number.as_deref().unwrap_or(""),
            (amount, &[]),
            at,
        );
        if placed.is_ok() != number.is_some() {
            return Err(format!("I2: {name} came to {number:?}, and to {placed:?}"));
        }
        kept += usize::from(placed.is_ok());
    }
    if words == format!("{kept} {}", rows - kept) {
        Ok(format!("a file of {rows} keeps {kept}"))
    } else {
        Err(format!(
            "I4: a file says {words} and {kept} of {rows} were kept"
        ))
    }
}

/// An error that a customer may get for what they asked.
pub fn refused(error: &Error) -> String {
    format!("refused: {}", code(error))
}
