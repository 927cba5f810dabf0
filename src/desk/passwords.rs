//! Passwords: argon2id with the parameters OWASP gives as the least (19 MiB, two passes), kept as PHC text. Slow on purpose, so
//! it never runs inside a transaction: a door hashes first (`App::heavy`), then calls the verb with what came out.

use std::sync::LazyLock;

use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc};
use argon2::{Algorithm, Argon2, Params, Version};

use crate::act::Role;
use crate::error::{Error, Fields, Result};

const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;

const SHORTEST: usize = 10;
const SHORTEST_OF_STAFF: usize = 12;
const LONGEST: usize = 128;

/// The fewest characters that a password of that role has.
pub fn shortest(role: Role) -> usize {
    if role.is_staff() {
        SHORTEST_OF_STAFF
    } else {
        SHORTEST
    }
}

/// What a comparison showed. Made by [`verify`] alone, so that no verb can be called with a password that nobody compared.
#[derive(Debug)]
pub struct Proof {
    against: Option<String>,
    holds: bool,
    /// The password again under today's parameters, where the kept hash has others.
    fresh: Option<String>,
}

impl Proof {
    /// Whether the password was right, and right for this very hash: it may have been changed since it was read.
    pub fn holds_for(&self, hash: Option<&str>) -> bool {
        self.holds && self.against.is_some() && self.against.as_deref() == hash
    }

    pub fn fresh(&self) -> Option<&str> {
        self.fresh.as_deref()
    }
}

fn hasher() -> Result<Argon2<'static>> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None)
        .map_err(|cause| Error::broken(format!("argon2: {cause}")))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

/// Takes some 70 ms of one core. Exact bytes: nothing is trimmed or folded (ASVS 6.2.8).
pub fn hash(password: &str) -> Result<String> {
    let hash: phc::PasswordHash = hasher()?
        .hash_password(password.as_bytes())
        .map_err(|cause| Error::broken(format!("argon2: {cause}")))?;
    Ok(hash.to_string())
}

/// What is compared with when there is no such person, so that the answer takes as long.
static NOBODY: LazyLock<Option<String>> = LazyLock::new(|| hash("nobody has this password").ok());

/// As slow for an unknown person (`None`) as for a known one.
pub fn verify(kept: Option<&str>, password: &str) -> Result<Proof> {
    let against = kept.or(NOBODY.as_deref()).unwrap_or_default();
    let parsed = phc::PasswordHash::new(against)
        .map_err(|cause| Error::broken(format!("a kept password hash cannot be read: {cause}")))?;
    let holds = hasher()?
        .verify_password(password.as_bytes(), &parsed)
        .is_ok();
    let today = format!("m={MEMORY_KIB},t={PASSES},p={LANES}");
    let fresh = if kept.is_some() && holds && !against.contains(&today) {
        Some(hash(password)?)
    } else {
        None
    };
    Ok(Proof {
        against: kept.map(str::to_owned),
        holds,
        fresh,
    })
}

/// Whether somebody may take this for a password: length in characters, and not easily guessed by one who knows their name and
/// address.
///
/// # Errors
/// `Invalid` on `field`, with words that say what to do.
pub fn acceptable(field: &str, password: &str, role: Role, name: &str, email: &str) -> Result<()> {
    let shortest = shortest(role);
    let length = password.chars().count();
    let refused = |words: String| Err(Error::Invalid(Fields::one(field, words)));
    if length < shortest {
        return refused(format!("Use at least {shortest} characters"));
    }
    if length > LONGEST {
        return refused(format!("Use at most {LONGEST} characters"));
    }
    let mut known = vec![name, email, "redress"];
    known.extend(name.split_whitespace());
    known.extend(email.split(['@', '.']));
    if zxcvbn::zxcvbn(password, &known).score() < zxcvbn::Score::Two {
        return refused(
            "This password is easy to guess. Three or four unrelated words make a good one".into(),
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_names_its_parameters_and_only_the_exact_password_opens_it() {
        let kept = hash("correct horse battery").unwrap();
        assert!(
            kept.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
            "{kept}"
        );
        let right = verify(Some(&kept), "correct horse battery").unwrap();
        assert!(right.holds_for(Some(&kept)) && right.fresh().is_none());
        assert!(!right.holds_for(Some("another hash")) && !right.holds_for(None));
        for wrong in [
            "correct horse battery ",
            "Correct horse battery",
            "",
            kept.as_str(),
        ] {
            assert!(
                !verify(Some(&kept), wrong).unwrap().holds_for(Some(&kept)),
                "{wrong}"
            );
        }
    }

    #[test]
    fn an_unknown_person_is_compared_too_and_never_matches() {
        let proof = verify(None, "nobody has this password").unwrap();
        assert!(!proof.holds_for(None));
    }

    #[test]
    fn a_hash_of_older_parameters_is_made_anew() {
        let old = Argon2::new(
            Algorithm::Argon2id,
            Version::V0x13,
            Params::new(8_192, 1, 1, None).unwrap(),
        );
        let kept: phc::PasswordHash = old.hash_password(b"an older password").unwrap();
        let kept = kept.to_string();
        let proof = verify(Some(&kept), "an older password").unwrap();
        assert!(proof.holds_for(Some(&kept)));
        let fresh = proof.fresh().unwrap();
        assert!(fresh.contains("m=19456,t=2,p=1"), "{fresh}");
        assert!(verify(Some(&kept), "wrong").unwrap().fresh().is_none());
    }

    #[test]
    fn a_password_is_long_enough_and_not_the_persons_own_name() {
        let check = |password: &str| {
            acceptable(
                "password",
                password,
                Role::Customer,
                "Anna Lindqvist",
                "anna@harbor-media.example",
            )
        };
        for weak in [
            "short",
            "password12",
            "aaaaaaaaaaaa",
            "1234567890",
            "lindqvist1",
            "annalindqvist",
        ] {
            assert!(check(weak).is_err(), "{weak}");
        }
        assert!(
            check(&"long and winding ".repeat(8)).is_err(),
            "over 128 characters"
        );
        let staff = acceptable(
            "password",
            "9f#kQ2!vLm",
            Role::Agent,
            "Omar",
            "omar@desk.example",
        );
        assert!(staff.is_err(), "staff need twelve");
        for good in [
            "teapot marmalade cliff",
            "Überraschung im Garten",
            "9f#kQ2!vLm",
        ] {
            assert!(check(good).is_ok(), "{good}");
        }
    }
}
