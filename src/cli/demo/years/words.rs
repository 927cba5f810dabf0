//! What people in the history are called, and what they write.

use super::dice::Dice;

const FIRST: [&str; 48] = [
    "Ada", "Amir", "Anja", "Bao", "Beatriz", "Bilal", "Camille", "Carlos", "Chiara", "Daniel",
    "Diego", "Ebru", "Elena", "Emeka", "Fatima", "Felix", "Freya", "Gita", "Goran", "Hanna",
    "Hiro", "Ida", "Imran", "Ines", "Jakub", "Jana", "Joao", "Kaito", "Karin", "Kwame", "Lars",
    "Leila", "Liam", "Mai", "Marek", "Maya", "Mina", "Nils", "Noor", "Olga", "Omari", "Petra",
    "Ravi", "Sofia", "Tariq", "Ting", "Uma", "Yara",
];
const LAST: [&str; 48] = [
    "Adeyemi", "Almeida", "Andersen", "Bauer", "Becker", "Castro", "Chen", "Costa", "Dahl",
    "Demir", "Dubois", "Eriksen", "Fischer", "Fontaine", "Garcia", "Gupta", "Haas", "Hansen",
    "Ibrahim", "Ito", "Jansen", "Kaya", "Keller", "Khan", "Kovacs", "Kumar", "Lang", "Larsen",
    "Lopez", "Mensah", "Meyer", "Moreau", "Nakamura", "Novak", "Nowak", "Okoye", "Park", "Pereira",
    "Petrov", "Rossi", "Sato", "Schmidt", "Silva", "Singh", "Tanaka", "Virtanen", "Weber",
    "Yilmaz",
];
pub const ZONES: [&str; 8] = [
    "Europe/London",
    "Europe/Berlin",
    "America/New_York",
    "America/Sao_Paulo",
    "Asia/Kolkata",
    "Asia/Tokyo",
    "Africa/Lagos",
    "UTC",
];
pub const METHODS: [&str; 4] = ["visa", "mastercard", "paypal", "iban"];

pub const QUESTIONS: [(&str, &str); 12] = [
    (
        "How long does it take?",
        "I would like to know before I order again.",
    ),
    (
        "Invoice with my company's name",
        "Can you put my company on the invoices?",
    ),
    (
        "Which payment methods do you take?",
        "My card was refused twice today.",
    ),
    (
        "The page does not load",
        "Since this morning the order page stays empty in my browser.",
    ),
    (
        "Changing my address",
        "I have a new mail address. How do I change it?",
    ),
    (
        "Is my order on its way?",
        "It has been some hours and I see no change.",
    ),
    (
        "Discount for larger orders",
        "We would order every month. Is there a better price?",
    ),
    (
        "Where do I find the terms?",
        "I cannot find the refund terms for what I bought.",
    ),
    (
        "Wrong link in my order",
        "I think that I entered the wrong link. Can it still be changed?",
    ),
    (
        "Two charges on my statement",
        "One of them might only be reserved, can you check?",
    ),
    ("Do you deliver on weekends?", "I need it by Monday."),
    (
        "Close my account",
        "I do not need it any more. Please tell me what happens to the rest.",
    ),
];
pub const MORE: [&str; 6] = [
    "Thank you. One more thing: does this hold for my other orders too?",
    "I tried that and it did not help.",
    "And how do I see that it has worked?",
    "Could you check once more, please?",
    "That is not what the page says.",
    "Understood. When will it be done?",
];
pub const ANSWERS: [&str; 8] = [
    "Thank you for writing. I have looked at it and will come back to you today.",
    "Yes, that works: you find it under your account, and it counts from now on.",
    "I have checked with a colleague. It is as you say, and it is in order now.",
    "I am sorry for the wait. Everything is as it should be on our side.",
    "You can see it on the order's page; the line changes as soon as it moves.",
    "That is not possible at the moment, but I have noted it.",
    "I have passed this on and will tell you what I hear.",
    "Here is how: open the order, and press the button at the top.",
];
pub const NOTES: [&str; 4] = [
    "Called the provider: they look into it.",
    "Second question of this customer this month.",
    "Answered by the usual text.",
    "Wait for Priya before promising anything.",
];
pub const REASONS: [&str; 10] = [
    "I no longer need this.",
    "It stopped and nothing has happened for days.",
    "This is not what I paid for.",
    "Please give me my money back.",
    "It does not do what we need.",
    "Our project was cancelled.",
    "I asked for the code four times and nothing came.",
    "It has stopped working altogether.",
    "It is much slower than the page had promised.",
    "I have waited long enough now.",
];
pub const REFUSALS: [&str; 4] = [
    "The policy gives nothing for this; the clauses are on the request's page.",
    "Everything was delivered, and the policy gives no refund for what was delivered in full.",
    "The time in which this could be claimed was over.",
    "The page had said before the purchase that this cannot be returned.",
];
pub const APPEALS: [&str; 3] = [
    "I do not agree. Please look again.",
    "That is not what I was shown when I bought it.",
    "My own statistics say something else.",
];

pub fn name(dice: &mut Dice) -> (&'static str, &'static str) {
    (*dice.one(&FIRST), *dice.one(&LAST))
}

/// For an address.
pub fn plain(name: &str) -> String {
    name.to_lowercase()
}
