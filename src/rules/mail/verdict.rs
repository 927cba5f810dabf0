//! What our own mail server found out about a sender (RFC 8601). Only the topmost header counts, and only where it carries our
//! server's name: the sender may have written all the others. A pass must be about the very domain that `From` shows.

use crate::rules::words::words;

words! { Verdict {
    /// Our server vouches for the domain in `From`.
    Pass = "pass",
    /// Our server found that the mail does not come from there.
    Fail = "fail",
    /// Nobody of ours said anything.
    None = "none",
} }

/// `headers` are the values of `Authentication-Results`, the topmost first; `ours` is the name that our server writes, empty where
/// none is set; `domain` is the one in `From`, in lower case.
pub fn verdict(headers: &[String], ours: &str, domain: &str) -> Verdict {
    let Some(topmost) = headers.first().filter(|_| !ours.is_empty()) else {
        return Verdict::None;
    };
    let Some(plain) = without_comments(topmost) else {
        return Verdict::None;
    };
    let mut parts = plain.split(';');
    // A version may follow the name.
    let name = parts.next().and_then(|head| head.split_whitespace().next());
    if !name.is_some_and(|name| name.eq_ignore_ascii_case(ours)) {
        return Verdict::None;
    }
    let results: Vec<Finding> = parts.filter_map(Finding::read).collect();
    let said = |method: &str, result: &str| {
        results
            .iter()
            .any(|found| found.method == method && found.result == result)
    };
    let passes = results.iter().any(|found| found.vouches_for(domain));
    if said("dmarc", "fail") {
        Verdict::Fail
    } else if passes {
        Verdict::Pass
    } else if said("spf", "fail") && !said("dkim", "pass") {
        Verdict::Fail
    } else {
        Verdict::None
    }
}

/// One method's result with its properties: `dkim=pass header.d=example.com`.
struct Finding {
    method: String,
    result: String,
    properties: Vec<(String, String)>,
}

impl Finding {
    fn read(text: &str) -> Option<Finding> {
        let lower = text.to_ascii_lowercase();
        let mut pairs = lower.split_whitespace().filter_map(|word| {
            let (name, value) = word.split_once('=')?;
            Some((name.to_owned(), value.trim_matches('"').to_owned()))
        });
        let (method, result) = pairs.next()?;
        let method = method.split('/').next().unwrap_or_default().to_owned();
        Some(Finding {
            method,
            result,
            properties: pairs.collect(),
        })
    }

    fn vouches_for(&self, domain: &str) -> bool {
        if self.result != "pass" || domain.is_empty() {
            return false;
        }
        let property = |names: &[&str]| {
            let found = self
                .properties
                .iter()
                .find(|(name, _)| names.contains(&name.as_str()));
            found.map(|(_, value)| value.rsplit('@').next().unwrap_or(value).to_owned())
        };
        match self.method.as_str() {
            // Our server has compared the domains itself, with a list of what is one organisation.
            "dmarc" => property(&["header.from"]).is_some_and(|found| found == domain),
            "dkim" => {
                property(&["header.d", "header.i"]).is_some_and(|found| aligned(&found, domain))
            }
            "spf" => property(&["smtp.mailfrom", "smtp.mail"]).is_some_and(|found| found == domain),
            _ => false,
        }
    }
}

/// The signing domain is the one shown, or one above it. Never one below: whoever rents `evil.host.example` signs for that alone.
fn aligned(signing: &str, domain: &str) -> bool {
    signing == domain
        || (signing.contains('.')
            && domain
                .strip_suffix(signing)
                .is_some_and(|rest| rest.ends_with('.')))
}

/// The text without its comments, in which a sender may have written anything; none where they do not end.
fn without_comments(text: &str) -> Option<String> {
    let (mut out, mut depth, mut quoted, mut escaped) = (String::new(), 0_u32, false, false);
    for c in text.chars() {
        match c {
            _ if escaped => {
                escaped = false;
                if depth == 0 {
                    out.push(c);
                }
            }
            '\\' if quoted || depth > 0 => escaped = true,
            '"' if depth == 0 => {
                quoted = !quoted;
                out.push(c);
            }
            '(' if !quoted => depth += 1,
            ')' if !quoted && depth > 0 => depth -= 1,
            // A quoted word may hold anything but the end of a result.
            ';' | '=' if quoted => out.push('_'),
            _ if depth == 0 => out.push(if c.is_control() { ' ' } else { c }),
            _ => {}
        }
    }
    (depth == 0 && !quoted).then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(headers: &[&str]) -> Verdict {
        let headers: Vec<String> = headers.iter().map(|text| (*text).to_owned()).collect();
        verdict(&headers, "mx.desk.example", "harbor.example")
    }

    #[test]
    fn t04_only_our_servers_topmost_word_about_the_domain_shown_counts() {
        use Verdict::*;
        for (headers, expected) in [
            (
                &["mx.desk.example; dmarc=pass (p=reject) header.from=harbor.example"][..],
                Pass,
            ),
            (
                &["mx.desk.example 1; dkim=pass header.d=harbor.example header.s=x"],
                Pass,
            ),
            (
                &["MX.Desk.Example; dkim=pass header.i=@harbor.example"],
                Pass,
            ),
            (
                &["mx.desk.example; spf=pass smtp.mailfrom=anna@harbor.example"],
                Pass,
            ),
            (
                &[
                    "mx.desk.example;\r\n\tspf=fail smtp.mailfrom=evil.example;\r\n\tdkim=pass header.d=harbor.example",
                ],
                Pass,
            ),
            // Nobody of ours spoke.
            (&[], None),
            (
                &["mx.evil.example; dmarc=pass header.from=harbor.example"],
                None,
            ),
            (
                &[
                    "mx.evil.example; dmarc=pass header.from=harbor.example",
                    "mx.desk.example; dmarc=pass header.from=harbor.example",
                ],
                None,
            ),
            (
                &["mx.desk.example.evil.example; dmarc=pass header.from=harbor.example"],
                None,
            ),
            (&["mx.desk.example; none"], None),
            (&[""], None),
            // A real fail above a forged pass, and the other way round.
            (
                &[
                    "mx.desk.example; dmarc=fail header.from=harbor.example",
                    "mx.desk.example; dmarc=pass header.from=harbor.example",
                ],
                Fail,
            ),
            (
                &["mx.desk.example; spf=fail smtp.mailfrom=harbor.example"],
                Fail,
            ),
            (
                &[
                    "mx.desk.example; dmarc=fail header.from=harbor.example; dkim=pass header.d=harbor.example",
                ],
                Fail,
            ),
            // About another domain.
            (
                &["mx.desk.example; dmarc=pass header.from=evil.example"],
                None,
            ),
            (&["mx.desk.example; dkim=pass header.d=evil.example"], None),
            (
                &["mx.desk.example; dkim=pass header.d=evil.harbor.example"],
                None,
            ),
            (&["mx.desk.example; dkim=pass header.d=example"], None),
            (
                &["mx.desk.example; spf=pass smtp.mailfrom=bounce.evil.example"],
                None,
            ),
            (&["mx.desk.example; arc=pass header.d=harbor.example"], None),
            // Hidden in a comment, a quoted word, or a result that is none.
            (
                &["mx.desk.example; spf=none (dmarc=pass header.from=harbor.example)"],
                None,
            ),
            (
                &["mx.desk.example; spf=none (a\\) dmarc=pass header.from=harbor.example"],
                None,
            ),
            (
                &["mx.desk.example; spf=none reason=\"x; dmarc=pass header.from=harbor.example\""],
                None,
            ),
            (
                &["mx.desk.example; dmarc=none header.from=harbor.example policy.x=pass"],
                None,
            ),
            (
                &["(mx.desk.example) mx.evil.example; dmarc=pass header.from=harbor.example"],
                None,
            ),
        ] {
            assert_eq!(found(headers), expected, "{headers:?}");
        }
        assert_eq!(
            verdict(
                &["; dmarc=pass header.from=harbor.example".to_owned()],
                "",
                "harbor.example"
            ),
            None
        );
    }

    #[test]
    fn a_domain_above_the_one_shown_may_sign_for_it() {
        assert!(aligned("harbor.example", "mail.harbor.example"));
        assert!(!aligned("arbor.example", "harbor.example"));
        assert!(!aligned("mail.harbor.example", "harbor.example"));
    }
}
