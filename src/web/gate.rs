//! The gates of the sitemap, and the proof that one was passed. A gate looks up the session, reads the person's role as it is at
//! this moment, and lets the request through or answers in its place. A handler asks for the proof (`Customer`, `Agent` …) as an
//! argument; behind a weaker gate it gets none, and fails in its first test instead of in production.

use std::ops::Deref;
use std::rc::Rc;

use actix_web::body::MessageBody;
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use std::future::{Ready, ready};

use super::page::redirect;
use super::session::Visit;
use super::{faces, kept, next};
use crate::act::{Person, Role};
use crate::app::App;
use crate::error::Error;

/// Who may pass. Each kind of staff also passes the gates of those before it; a customer's gate is a customer's alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Gate {
    /// Anybody, without asking who: health, static files.
    Open,
    /// Anybody; who it is is known where they are signed in.
    Visitor,
    /// Anybody who is signed in.
    Signed,
    Customer,
    Agent,
    Lead,
    Manager,
    Admin,
}

impl Gate {
    pub const ALL: [Gate; 8] = [
        Gate::Open,
        Gate::Visitor,
        Gate::Signed,
        Gate::Customer,
        Gate::Agent,
        Gate::Lead,
        Gate::Manager,
        Gate::Admin,
    ];

    /// Whether somebody with this role (`None`: not signed in) may pass.
    pub fn admits(self, role: Option<Role>) -> bool {
        match self {
            Gate::Open | Gate::Visitor => true,
            Gate::Signed => role.is_some(),
            Gate::Customer => role == Some(Role::Customer),
            Gate::Agent => role >= Some(Role::Agent),
            Gate::Lead => role >= Some(Role::Lead),
            Gate::Manager => role >= Some(Role::Manager),
            Gate::Admin => role >= Some(Role::Admin),
        }
    }

    /// Whether everybody who passed here would pass there.
    fn implies(self, other: Gate) -> bool {
        let roles = Role::ALL.into_iter().map(Some).chain([None]);
        roles
            .filter(|role| self.admits(*role))
            .all(|role| other.admits(role))
    }
}

/// Which gate this request passed.
#[derive(Clone, Copy)]
struct Passed(Gate);

/// Lets the request through, or answers for the handler; gives every error of a handler its face.
pub async fn pass(
    gate: Gate,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse, actix_web::Error> {
    if request
        .match_info()
        .iter()
        .any(|(_, part)| part.contains('\0'))
    {
        return Ok(answer(request, &Error::NotFound));
    }
    let visit = if gate == Gate::Open {
        None
    } else {
        match Visit::of(&request).await {
            Ok(visit) => Some(Rc::new(visit)),
            Err(error) => return Ok(answer(request, &error)),
        }
    };
    if let Some(visit) = &visit {
        request.extensions_mut().insert(visit.clone());
    }
    if !gate.admits(visit.as_ref().and_then(|visit| visit.role())) {
        let refusal = match &visit {
            Some(visit) if visit.person.is_some() => answer(request, &Error::Forbidden),
            _ => to_the_door(request).await,
        };
        return Ok(refusal);
    }
    request.extensions_mut().insert(Passed(gate));
    let mut response = faces::put_on(next.call(request).await?.map_into_boxed_body());
    if let Some(visit) = visit {
        visit.leave(response.response_mut())?;
    }
    Ok(response)
}

fn answer(request: ServiceRequest, error: &Error) -> ServiceResponse {
    let face = faces::of(request.request(), error);
    request.into_response(face)
}

/// To the sign-in page, and back to where they wanted to go; what they had typed is kept for them. A program is told 401 instead.
async fn to_the_door(mut request: ServiceRequest) -> ServiceResponse {
    if faces::is_for_programs(request.request()) {
        return answer(request, &Error::SignIn);
    }
    let payload = request.take_payload();
    let door = match kept::keep(request.request(), payload).await {
        Some(page) => next::door_to(&page),
        None => next::door(request.request()),
    };
    request.into_response(redirect(&door))
}

/// The proof that the gate with this number was passed: who it is, and their visit.
pub struct Proof<const GATE: u8> {
    pub person: Person,
    visit: Rc<Visit>,
}

pub type Signed = Proof<{ Gate::Signed as u8 }>;
pub type Customer = Proof<{ Gate::Customer as u8 }>;
pub type Agent = Proof<{ Gate::Agent as u8 }>;
pub type Lead = Proof<{ Gate::Lead as u8 }>;
pub type Manager = Proof<{ Gate::Manager as u8 }>;
pub type Admin = Proof<{ Gate::Admin as u8 }>;

impl<const GATE: u8> Deref for Proof<GATE> {
    type Target = Visit;

    fn deref(&self) -> &Visit {
        &self.visit
    }
}

impl<const GATE: u8> FromRequest for Proof<GATE> {
    type Error = Error;
    type Future = Ready<Result<Self, Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(prove(request))
    }
}

fn prove<const GATE: u8>(request: &HttpRequest) -> Result<Proof<GATE>, Error> {
    let asked = Gate::ALL.into_iter().find(|gate| *gate as u8 == GATE);
    let passed = request.extensions().get::<Passed>().map(|passed| passed.0);
    let visit = visit(request)?;
    match (asked, passed, &visit.person) {
        (Some(asked), Some(passed), Some(person)) if passed.implies(asked) => Ok(Proof {
            person: person.clone(),
            visit: visit.clone(),
        }),
        _ => Err(Error::broken(format!(
            "{} stands behind the gate {passed:?} but asks for {asked:?}",
            request.match_pattern().unwrap_or_default()
        ))),
    }
}

/// Whoever it is, behind any gate but the open one.
pub struct Anybody(Rc<Visit>);

impl Deref for Anybody {
    type Target = Visit;

    fn deref(&self) -> &Visit {
        &self.0
    }
}

impl FromRequest for Anybody {
    type Error = Error;
    type Future = Ready<Result<Self, Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(visit(request).map(Anybody))
    }
}

/// The visit that the gate found out about.
pub fn visit(request: &HttpRequest) -> Result<Rc<Visit>, Error> {
    let found = request.extensions().get::<Rc<Visit>>().cloned();
    found.ok_or_else(|| Error::broken("a handler behind the open gate asks who is there"))
}

/// The application, from anywhere that has the request.
pub fn app(request: &HttpRequest) -> Result<Data<App>, Error> {
    let app = request.app_data::<Data<App>>().cloned();
    app.ok_or_else(|| Error::broken("the server has no App"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stronger_gate_proves_the_weaker_ones_and_no_other() {
        assert!(Gate::Manager.implies(Gate::Agent) && Gate::Agent.implies(Gate::Signed));
        assert!(Gate::Customer.implies(Gate::Signed) && !Gate::Customer.implies(Gate::Agent));
        assert!(!Gate::Agent.implies(Gate::Lead) && !Gate::Agent.implies(Gate::Customer));
        assert!(!Gate::Visitor.implies(Gate::Signed) && Gate::Signed.implies(Gate::Visitor));
    }
}
