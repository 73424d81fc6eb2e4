//! What a key says of its value.
//!
//! Keys are compared as words: `first_name`, `firstName` and `First-Name` are the same, and so is
//! `billing_first_name`. The last words count, so `email_verified` is no e-mail address. A bare `name`
//! is a person's only under a key that means people (`customer`, `sender`) or beside an e-mail address,
//! a phone number or a first name; `filename`, `event_name` and `product.name` are names of things.

use std::rc::Rc;

use super::Personal;

/// Last words, as they end a key. Longer ones stand before shorter ones that they end with.
const ENDINGS: &[(&[&str], Personal)] = &[
    (&["first", "name"], Personal::Name),
    (&["last", "name"], Personal::Name),
    (&["full", "name"], Personal::Name),
    (&["middle", "name"], Personal::Name),
    (&["given", "name"], Personal::Name),
    (&["family", "name"], Personal::Name),
    (&["maiden", "name"], Personal::Name),
    (&["legal", "name"], Personal::Name),
    (&["preferred", "name"], Personal::Name),
    (&["nick", "name"], Personal::Name),
    (&["real", "name"], Personal::Name),
    (&["display", "name"], Personal::Name),
    (&["profile", "name"], Personal::Name),
    (&["firstname"], Personal::Name),
    (&["lastname"], Personal::Name),
    (&["fullname"], Personal::Name),
    (&["surname"], Personal::Name),
    (&["nickname"], Personal::Name),
    (&["displayname"], Personal::Name),
    (&["cardholder"], Personal::Name),
    (&["contact"], Personal::Name),
    (&["user", "name"], Personal::Username),
    (&["username"], Personal::Username),
    (&["screen", "name"], Personal::Username),
    (&["login"], Personal::Username),
    (&["email", "address"], Personal::Email),
    (&["mail", "address"], Personal::Email),
    (&["email"], Personal::Email),
    (&["mail"], Personal::Email),
    (&["ip", "address"], Personal::Ip),
    (&["ip"], Personal::Ip),
    (&["phone", "number"], Personal::Phone),
    (&["mobile", "number"], Personal::Phone),
    (&["telephone", "number"], Personal::Phone),
    (&["fax", "number"], Personal::Phone),
    (&["cell", "number"], Personal::Phone),
    (&["phonenumber"], Personal::Phone),
    (&["phone"], Personal::Phone),
    (&["telephone"], Personal::Phone),
    (&["cellphone"], Personal::Phone),
    (&["mobile"], Personal::Phone),
    (&["tel"], Personal::Phone),
    (&["fax"], Personal::Phone),
    (&["msisdn"], Personal::Phone),
    (&["city"], Personal::City),
    (&["town"], Personal::City),
    (&["postal", "code"], Personal::PostalCode),
    (&["post", "code"], Personal::PostalCode),
    (&["zip", "code"], Personal::PostalCode),
    (&["postalcode"], Personal::PostalCode),
    (&["postcode"], Personal::PostalCode),
    (&["zipcode"], Personal::PostalCode),
    (&["zip"], Personal::PostalCode),
    (&["street"], Personal::Address),
    (&["street", "name"], Personal::Address),
    (&["line"], Personal::Address),
    (&["address", "line"], Personal::Address),
    (&["address"], Personal::Address),
    (&["user", "agent"], Personal::UserAgent),
    (&["useragent"], Personal::UserAgent),
    (&["date", "of", "birth"], Personal::Birth),
    (&["birth", "date"], Personal::Birth),
    (&["birthdate"], Personal::Birth),
    (&["birthday"], Personal::Birth),
    (&["dob"], Personal::Birth),
    (&["ssn"], Personal::Identity),
    (&["passport"], Personal::Identity),
    (&["passport", "number"], Personal::Identity),
    (&["national", "id"], Personal::Identity),
    (&["tax", "id"], Personal::Identity),
    (&["iban"], Personal::Account),
    (&["account", "number"], Personal::Account),
    (&["routing", "number"], Personal::Account),
    (&["card", "number"], Personal::Card),
    (&["cardnumber"], Personal::Card),
    (&["cvc"], Personal::Card),
    (&["cvv"], Personal::Card),
    (&["latitude"], Personal::Coordinate),
    (&["longitude"], Personal::Coordinate),
    (&["lat"], Personal::Coordinate),
    (&["lng"], Personal::Coordinate),
    (&["lon"], Personal::Coordinate),
    (&["coordinate"], Personal::Coordinate),
    (&["api", "key"], Personal::Token),
    (&["access", "key"], Personal::Token),
    (&["private", "key"], Personal::Token),
    (&["secret", "key"], Personal::Token),
    (&["session", "id"], Personal::Token),
    (&["pin"], Personal::Token),
    (&["otp"], Personal::Token),
    (&["auth"], Personal::Token),
    (&["authorization"], Personal::Token),
];

/// Words that end the key of a credential, alone or behind others.
const CREDENTIALS: &[&str] = &[
    "token",
    "secret",
    "password",
    "passwd",
    "passphrase",
    "passcode",
    "apikey",
    "signature",
    "session",
    "sessionid",
    "cookie",
    "credential",
    "jwt",
    "bearer",
    "hmac",
];

/// What people are called in keys.
const PEOPLE: &[&str] = &[
    "contact",
    "customer",
    "person",
    "people",
    "user",
    "sender",
    "recipient",
    "owner",
    "author",
    "committer",
    "pusher",
    "member",
    "patient",
    "guest",
    "client",
    "lead",
    "prospect",
    "attendee",
    "employee",
    "agent",
    "caller",
    "buyer",
    "seller",
    "payer",
    "holder",
    "assignee",
    "reviewer",
    "invitee",
    "organizer",
    "participant",
    "subscriber",
    "driver",
    "tenant",
    "applicant",
    "candidate",
    "student",
    "parent",
    "child",
    "profile",
    "billing",
    "shipping",
];

/// Words whose values are the provider's own: what happened, and to what kind of thing.
const KINDS: [&str; 8] = ["type", "event", "object", "topic", "action", "status", "kind", "method"];

/// Parameters of a URL that open a door, besides those that a key would be known by.
const DOORS: [&str; 6] = ["key", "sig", "code", "auth", "access", "hash"];

/// What stands around a value: the key of its object, and what that object has.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Surroundings {
    pub(super) own: Rc<[String]>,
    person: bool,
    place: bool,
    /// What `{"name": …, "value": …}` says its value is.
    label: Option<Vec<String>>,
}

impl Surroundings {
    pub(super) fn of(own: Rc<[String]>) -> Self {
        Self { own, ..Self::default() }
    }

    /// It has this key.
    pub(super) fn has(&mut self, key: &[String]) {
        match ending(key) {
            Some(Personal::Email | Personal::Phone | Personal::Username) => self.person = true,
            Some(Personal::Name) if key.len() > 1 && !is(key, "full") => self.person = true,
            Some(Personal::City | Personal::PostalCode) => self.place = true,
            _ => {}
        }
    }

    /// It has this text under this key.
    pub(super) fn says(&mut self, key: &[String], text: &[u8]) {
        if let [only] = key
            && ["name", "key", "label", "field"].contains(&only.as_str())
            && text.len() <= MAX_LABEL
        {
            self.label = Some(words(text));
        }
    }
}

/// Longer texts are no labels.
const MAX_LABEL: usize = 64;

fn is(key: &[String], word: &str) -> bool {
    key.first().is_some_and(|first| first == word)
}

/// The words of a key, in lower case and in the singular, without numbers.
pub(super) fn words(key: &[u8]) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut previous = b' ';
    for (at, byte) in key.iter().copied().enumerate() {
        let next_is_lower = key.get(at + 1).is_some_and(u8::is_ascii_lowercase);
        let begins = !previous.is_ascii_alphabetic()
            || (byte.is_ascii_uppercase() && (previous.is_ascii_lowercase() || next_is_lower));
        if byte.is_ascii_alphabetic() {
            match words.last_mut() {
                Some(word) if !begins => word.push(char::from(byte.to_ascii_lowercase())),
                _ => words.push(char::from(byte.to_ascii_lowercase()).to_string()),
            }
        }
        previous = byte;
    }
    // `e-mail`, `e_mail` and `eMail` are one word.
    if let Some(at) = words.windows(2).position(|pair| pair == ["e", "mail"]) {
        words.remove(at);
        words[at] = "email".to_owned();
    }
    words.into_iter().map(singular).collect()
}

fn singular(word: String) -> String {
    let stem = match word.strip_suffix("es") {
        Some(stem) if stem.ends_with("ss") => stem,
        _ if word.ends_with("ss") || word.ends_with("us") || word.ends_with("is") => &word,
        _ => word.strip_suffix('s').filter(|stem| stem.len() > 2).unwrap_or(&word),
    };
    stem.to_owned()
}

/// The words of a form's field: of what stands before the last bracket or dot, and of the rest.
pub(super) fn field_words(name: &[u8]) -> (Vec<String>, Vec<String>) {
    let trimmed = name.strip_suffix(b"[]").unwrap_or(name);
    let inside = trimmed.strip_suffix(b"]").unwrap_or(trimmed);
    match inside.iter().rposition(|byte| matches!(byte, b'[' | b'.')) {
        Some(at) => (words(&inside[..at]), words(&inside[at + 1..])),
        None => (Vec::new(), words(inside)),
    }
}

/// What the value of a key is by its last words.
fn ending(key: &[String]) -> Option<Personal> {
    let last = key.last()?;
    if CREDENTIALS.contains(&last.as_str()) {
        return Some(Personal::Token);
    }
    let ends = |ending: &[&str]| {
        key.len() >= ending.len() && key[key.len() - ending.len()..].iter().zip(ending).all(|(own, known)| own == known)
    };
    let longest = ENDINGS.iter().filter(|(words, _)| ends(words)).max_by_key(|(words, _)| words.len());
    let kind = longest.map(|(_, kind)| *kind)?;
    // A line is one of an address only there, and other addresses are no places.
    let other = ["web", "mac", "wallet", "line", "pipe", "base", "dead", "head", "status"];
    let is_other = key.len() > 1 && other.contains(&key[key.len() - 2].as_str());
    (kind != Personal::Address || !is_other).then_some(kind)
}

/// What the value of a key is.
pub(super) fn kind(key: &[String], around: &Surroundings) -> Option<Personal> {
    let last = key.last()?.as_str();
    if last == "value" && key.len() == 1 {
        return around.label.as_deref().and_then(ending);
    }
    if key == ["line"] {
        return (around.place || around.own.last().is_some_and(|own| own == "address")).then_some(Personal::Address);
    }
    if let Some(kind) = ending(key) {
        return Some(kind);
    }
    let of_people = |words: &[String]| words.iter().any(|word| PEOPLE.contains(&word.as_str()));
    match last {
        "name" if key.len() == 1 => {
            let own = around.own.last().is_some_and(|own| PEOPLE.contains(&own.as_str()));
            (own || around.person).then_some(Personal::Name)
        }
        "name" => of_people(&key[key.len() - 2..key.len() - 1]).then_some(Personal::Name),
        "state" | "province" | "region" | "county" | "code" if around.place => {
            (last != "code" || is(key, "province")).then_some(Personal::Region)
        }
        "day" | "month" | "year" => {
            around.own.iter().any(|own| own == "dob" || own.starts_with("birth")).then_some(Personal::Birth)
        }
        "number" => around.own.last().is_some_and(|own| own == "card").then_some(Personal::Card),
        _ => None,
    }
}

/// What a parameter of a URL is.
pub(super) fn parameter(name: &[u8]) -> Option<Personal> {
    let key = words(name);
    ending(&key).or_else(|| DOORS.contains(&key.last()?.as_str()).then_some(Personal::Token))
}

/// Whether the values of this key are the provider's own words.
pub(super) fn names_a_kind(key: &[String]) -> bool {
    key.last().is_some_and(|last| KINDS.contains(&last.as_str()))
}

/// Whether a name under this key is the last one.
pub(super) fn is_last_name(key: &[String]) -> bool {
    key.iter().any(|word| ["last", "family", "lastname", "surname", "maiden"].contains(&word.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alone(key: &str) -> Option<Personal> {
        kind(&words(key.as_bytes()), &Surroundings::default())
    }

    #[test]
    fn keys_are_read_as_words() {
        for (key, expected) in [
            ("first_name", "first name"),
            ("billingFirstName", "billing first name"),
            ("HTTPServer", "http server"),
            ("userID", "user id"),
            ("address1", "address"),
            ("e-mail", "email"),
            ("eMail", "email"),
            ("Email-Addresses", "email address"),
            ("phones", "phone"),
            ("status", "status"),
            ("", ""),
        ] {
            assert_eq!(words(key.as_bytes()).join(" "), expected, "{key}");
        }
    }

    #[test]
    fn keys_of_people_are_known() {
        for (key, expected) in [
            ("email", Personal::Email),
            ("contact_email", Personal::Email),
            ("emailAddress", Personal::Email),
            ("firstName", Personal::Name),
            ("customer_name", Personal::Name),
            ("user_name", Personal::Username),
            ("phone_numbers", Personal::Phone),
            ("FromZip", Personal::PostalCode),
            ("ToCity", Personal::City),
            ("address1", Personal::Address),
            ("street_address", Personal::Address),
            ("browser_ip", Personal::Ip),
            ("ip_address", Personal::Ip),
            ("date_of_birth", Personal::Birth),
            ("apiKey", Personal::Token),
            ("checkout_token", Personal::Token),
            ("client_secret", Personal::Token),
            ("session_id", Personal::Token),
            ("user_agent", Personal::UserAgent),
        ] {
            assert_eq!(alone(key), Some(expected), "{key}");
        }
    }

    #[test]
    fn keys_of_things_are_not() {
        for key in [
            "name",
            "filename",
            "event_name",
            "product_name",
            "channel_name",
            "email_verified",
            "phone_type",
            "token_type",
            "email_id",
            "contact_id",
            "address_id",
            "mac_address",
            "online",
            "deadline",
            "line",
            "line_items",
            "state",
            "number",
            "id",
            "idempotency_key",
            "key",
            "status",
            "value",
            "year",
        ] {
            assert_eq!(alone(key), None, "{key}");
        }
    }

    #[test]
    fn a_name_is_a_persons_where_people_are_meant() {
        let name = words(b"name");
        let mut beside = Surroundings::default();
        assert_eq!(kind(&name, &beside), None);
        beside.has(&words(b"email"));
        assert_eq!(kind(&name, &beside), Some(Personal::Name));
        for (own, expected) in [("customer", true), ("billing_contacts", true), ("product", false), ("event", false)] {
            let around = Surroundings::of(Rc::from(words(own.as_bytes())));
            assert_eq!(kind(&name, &around).is_some(), expected, "{own}");
        }
    }

    #[test]
    fn a_label_beside_a_value_says_what_it_is() {
        let mut around = Surroundings::default();
        around.says(&words(b"name"), b"E-mail");
        assert_eq!(kind(&words(b"value"), &around), Some(Personal::Email));
    }

    #[test]
    fn fields_of_forms_say_to_what_they_belong() {
        let (path, last) = field_words(b"customer[first_name]");
        assert_eq!((path, last), (words(b"customer"), words(b"first_name")));
        assert_eq!(field_words(b"tags[]").1, words(b"tags"));
    }
}
