//! The last step of a letter: to a mail server, into a folder, or into memory. It either took the letter or says whether
//! trying again can help; the worker keeps the row and decides (`letters/schedule.rs`).
//!
//! At least once: where the server's last word is lost the letter goes out again, with the same Message-ID.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::mail::Outgoing;
use super::relay::Relay;
use crate::config::Mail;

#[derive(Debug, Clone)]
pub enum Mailer {
    Smtp(Relay),
    /// One `.eml` file a letter, named after its Message-ID, so that sending it again replaces it.
    Folder(PathBuf),
    Memory(Arc<Mutex<Vec<Sent>>>),
}

/// A letter that a memory mailer took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    pub letter: Outgoing,
    pub bytes: Vec<u8>,
}

/// Why a letter did not go out, in words for the outbox page; never with its content.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// Worth another try: the server is away, busy, or set up wrongly.
    #[error("{0}")]
    Temporary(String),
    /// The server, or the letter itself, rules out that trying again helps (RFC 5321, 4.2.1).
    #[error("{0}")]
    Permanent(String),
}

impl Mailer {
    /// The mailer of the configuration.
    ///
    /// # Errors
    /// What to write in its place, for the operator.
    pub fn open(mail: &Mail) -> Result<Mailer, String> {
        match mail {
            Mail::Smtp(url) => Relay::parse(url)
                .map(Mailer::Smtp)
                .map_err(|flaw| format!("REDRESS_MAIL: {flaw}")),
            Mail::Folder(folder) => Mailer::folder(folder.clone())
                .map_err(|cause| format!("the mail folder {}: {cause}", folder.display())),
            Mail::Memory => Ok(Mailer::memory()),
        }
    }

    /// Letters as files in `folder`, which is made where it is missing.
    pub fn folder(folder: PathBuf) -> std::io::Result<Mailer> {
        fs::create_dir_all(&folder)?;
        Ok(Mailer::Folder(folder))
    }

    pub fn memory() -> Mailer {
        Mailer::Memory(Arc::default())
    }

    /// Hands the letter over. `Ok` means that someone else is now responsible for it.
    pub async fn send(&self, letter: &Outgoing) -> Result<(), Failure> {
        let bytes = letter.bytes()?;
        match self {
            Mailer::Smtp(relay) => relay.hand_over(&letter.envelope()?, &bytes).await,
            Mailer::Folder(folder) => {
                let path = folder.join(file_name(&letter.message_id));
                tokio::task::spawn_blocking(move || write_whole(&path, &bytes))
                    .await
                    .map_err(|cause| Failure::Temporary(cause.to_string()))?
                    .map_err(|cause| Failure::Temporary(format!("The mail folder: {cause}")))
            }
            Mailer::Memory(sent) => {
                let letter = letter.clone();
                sent.lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .push(Sent { letter, bytes });
                Ok(())
            }
        }
    }
}

fn file_name(message_id: &str) -> String {
    let safe = |c: char| {
        if c.is_ascii_alphanumeric() || c == '-' {
            c
        } else {
            '_'
        }
    };
    let local = message_id
        .trim_matches(['<', '>'])
        .split('@')
        .next()
        .unwrap_or("");
    let name = local.chars().take(100).map(safe).collect::<String>();
    format!("{}.eml", if name.is_empty() { "letter" } else { &name })
}

fn write_whole(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let unfinished = path.with_extension("tmp");
    let mut file = File::create(&unfinished)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&unfinished, path)?;
    match path.parent() {
        Some(folder) => File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::mail::tests::letter;
    use super::super::sink::{Script, Sink};
    use std::time::Duration;

    use super::*;

    fn mailer(sink: &Sink, rest: &str) -> Mailer {
        let relay = Relay::parse(&format!("smtp://127.0.0.1:{}{rest}", sink.port)).unwrap();
        Mailer::Smtp(relay.with_patience(Duration::from_secs(10)))
    }

    #[tokio::test]
    async fn a_letter_arrives_whole_with_one_recipient_and_an_empty_return_path() {
        let sink = Sink::start(Script::Take).await;
        let letter = letter("018f-1");
        mailer(&sink, "?tls=none").send(&letter).await.unwrap();
        let taken = sink.taken();
        assert_eq!(taken.len(), 1);
        assert_eq!(
            (taken[0].from.as_str(), taken[0].to.as_slice()),
            ("", &["anna@example.com".to_owned()][..])
        );
        assert_eq!(
            taken[0].bytes.trim_ascii_end(),
            letter.bytes().unwrap().trim_ascii_end()
        );
    }

    #[tokio::test]
    async fn a_body_that_speaks_smtp_stays_a_body() {
        let sink = Sink::start(Script::Take).await;
        let mut letter = letter("018f-1");
        letter.bounces_to = Some("bounces@panel.example".parse().unwrap());
        letter.text =
            "a\r\n.\r\nMAIL FROM:<x@evil.example>\r\nRCPT TO:<y@evil.example>\r\nDATA\n.\n..\nz"
                .to_owned();
        mailer(&sink, "?tls=none").send(&letter).await.unwrap();
        let taken = sink.taken();
        assert_eq!(taken.len(), 1);
        assert_eq!(taken[0].from, "bounces@panel.example");
        assert_eq!(
            taken[0].bytes.trim_ascii_end(),
            letter.bytes().unwrap().trim_ascii_end()
        );
        let arrived = String::from_utf8_lossy(&taken[0].bytes);
        assert!(
            arrived.contains("a\r\n.\r\nMAIL FROM:<x@evil.example>"),
            "{arrived}"
        );
        assert_eq!(
            sink.said()
                .iter()
                .filter(|line| line.starts_with("RCPT"))
                .count(),
            1
        );
    }

    #[tokio::test]
    async fn a_server_that_is_away_or_busy_is_worth_another_try() {
        for script in [
            Script::HangUp,
            Script::Greet("421 closing for the night"),
            Script::Greet("554 no mail here"),
            Script::Greet("nonsense"),
            Script::Refuse {
                code: 421,
                times: 1,
            },
            Script::Refuse {
                code: 450,
                times: 1,
            },
            Script::Refuse {
                code: 451,
                times: 1,
            },
            Script::Refuse {
                code: 452,
                times: 1,
            },
            Script::Refuse {
                code: 530,
                times: 1,
            },
            Script::CutInData,
            Script::LoseAck,
        ] {
            let sink = Sink::start(script).await;
            let failed = mailer(&sink, "?tls=none").send(&letter("018f-1")).await;
            assert!(
                matches!(failed, Err(Failure::Temporary(_))),
                "{script:?}: {failed:?}"
            );
        }
        let gone = Sink::start(Script::Take).await;
        let mailer = mailer(&gone, "?tls=none");
        gone.stop().await;
        assert!(matches!(
            mailer.send(&letter("018f-1")).await,
            Err(Failure::Temporary(_))
        ));
    }

    #[tokio::test]
    async fn a_refusal_of_the_letter_itself_is_final_and_quotes_the_server_in_one_line() {
        for code in [550, 551, 552, 553, 554] {
            let sink = Sink::start(Script::Refuse { code, times: 1 }).await;
            match mailer(&sink, "?tls=none").send(&letter("018f-1")).await {
                Err(Failure::Permanent(words)) => {
                    assert!(
                        words.contains(&code.to_string()) && words.contains("says the script"),
                        "{words}"
                    );
                    assert!(!words.contains('\n'));
                }
                other => unreachable!("{code}: {other:?}"),
            }
        }
    }

    #[tokio::test]
    async fn after_a_refusal_the_next_try_gets_through_with_the_same_message_id() {
        let sink = Sink::start(Script::Refuse {
            code: 451,
            times: 1,
        })
        .await;
        let mailer = mailer(&sink, "?tls=none");
        assert!(mailer.send(&letter("018f-1")).await.is_err());
        mailer.send(&letter("018f-1")).await.unwrap();
        assert_eq!(sink.taken().len(), 1);
        sink.play(Script::LoseAck);
        assert!(mailer.send(&letter("018f-1")).await.is_err());
        let taken = sink.taken();
        assert_eq!(taken.len(), 2, "the answer was lost, not the letter");
        assert_eq!(taken[0].bytes, taken[1].bytes);
    }

    #[tokio::test]
    async fn a_server_that_never_speaks_costs_no_more_than_the_patience() {
        let sink = Sink::start(Script::Silent).await;
        let relay = Relay::parse(&format!("smtp://127.0.0.1:{}?tls=none", sink.port)).unwrap();
        let mailer = Mailer::Smtp(relay.with_patience(Duration::from_millis(200)));
        let failed = mailer.send(&letter("018f-1")).await;
        assert!(
            matches!(failed, Err(Failure::Temporary(words)) if words.contains("did not finish"))
        );
    }

    #[tokio::test]
    async fn what_should_be_encrypted_is_never_sent_in_the_clear() {
        for script in [Script::Take, Script::BrokenTls, Script::UntrustedTls] {
            let sink = Sink::start(script).await;
            let failed = mailer(&sink, "").send(&letter("018f-1")).await;
            assert!(
                matches!(failed, Err(Failure::Temporary(_))),
                "{script:?}: {failed:?}"
            );
            assert!(sink.taken().is_empty());
            assert!(
                sink.said()
                    .iter()
                    .all(|line| !line.starts_with("MAIL") && !line.starts_with("AUTH")),
                "{script:?}: {:?}",
                sink.said()
            );
        }
        let sink = Sink::start(Script::UntrustedTls).await;
        match mailer(&sink, "").send(&letter("018f-1")).await {
            Err(Failure::Temporary(words)) => assert!(words.contains("certificate"), "{words}"),
            other => unreachable!("{other:?}"),
        }
        assert!(sink.said().iter().any(|line| line.starts_with("STARTTLS")));
    }

    #[tokio::test]
    async fn a_wrong_password_waits_for_the_operator() {
        let sink = Sink::start(Script::Take).await;
        let url = format!("smtp://desk:wrong@127.0.0.1:{}?tls=none", sink.port);
        let failed = Mailer::Smtp(Relay::parse(&url).unwrap())
            .send(&letter("018f-1"))
            .await;
        assert!(matches!(failed, Err(Failure::Temporary(words)) if !words.contains("wrong")));
    }

    #[tokio::test]
    async fn a_folder_holds_one_whole_file_a_letter_however_often_it_is_sent() {
        let folder = tempfile::tempdir().unwrap();
        let mailer = Mailer::folder(folder.path().join("mail")).unwrap();
        for id in ["018f-1", "018f-2", "018f-1", "../../evil"] {
            mailer.send(&letter(id)).await.unwrap();
        }
        let mut names = fs::read_dir(folder.path().join("mail"))
            .unwrap()
            .map(|file| file.unwrap().file_name().into_string().unwrap())
            .collect::<Vec<_>>();
        names.sort();
        assert_eq!(names, ["018f-1.eml", "018f-2.eml", "evil.eml"]);
        let written = fs::read(folder.path().join("mail/018f-1.eml")).unwrap();
        assert_eq!(written, letter("018f-1").bytes().unwrap());
    }

    #[test]
    fn the_configuration_names_the_mailer_or_hears_what_is_wrong() {
        let folder = tempfile::tempdir().unwrap();
        let open = |mail: Mail| Mailer::open(&mail);
        assert!(matches!(open(Mail::Memory), Ok(Mailer::Memory(_))));
        assert!(matches!(
            open(Mail::Smtp("smtps://a:b@mail.example".to_owned())),
            Ok(Mailer::Smtp(_))
        ));
        assert!(
            matches!(open(Mail::Folder(folder.path().join("a/b"))), Ok(Mailer::Folder(path)) if path.is_dir())
        );
        let flaw = open(Mail::Smtp(
            "smtp://desk:hunter2@mail.example?tls=maybe".to_owned(),
        ))
        .unwrap_err();
        assert!(
            flaw.starts_with("REDRESS_MAIL: ") && !flaw.contains("hunter2"),
            "{flaw}"
        );
        std::fs::write(folder.path().join("file"), "").unwrap();
        assert!(
            open(Mail::Folder(folder.path().join("file")))
                .unwrap_err()
                .contains("the mail folder")
        );
    }

    #[tokio::test]
    async fn a_memory_mailer_remembers_in_order() {
        let mailer = Mailer::memory();
        mailer.send(&letter("018f-1")).await.unwrap();
        mailer.send(&letter("018f-2")).await.unwrap();
        let Mailer::Memory(sent) = mailer else {
            unreachable!()
        };
        let ids = sent
            .lock()
            .unwrap()
            .iter()
            .map(|sent| sent.letter.message_id.clone())
            .collect::<Vec<_>>();
        assert_eq!(ids, ["<018f-1@panel.example>", "<018f-2@panel.example>"]);
    }
}
