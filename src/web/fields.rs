//! From the bytes of a form to a struct, with nothing left over: every field of the struct once, no field besides.

use std::collections::HashSet;
use std::fmt;

use actix_web::HttpRequest;
use percent_encoding::percent_decode;
use serde::de::value::{Error as Unfit, MapDeserializer, StringDeserializer};
use serde::de::{
    DeserializeOwned, Deserializer, EnumAccess, Error as _, IntoDeserializer, Visitor,
};
use serde::forward_to_deserialize_any;

use crate::error::{Error, Result};

/// Names and values of an `application/x-www-form-urlencoded` body, in their order.
///
/// # Errors
/// `Malformed` for a half escape, bytes that are not UTF-8, a NUL, or a name that comes twice.
pub fn decode(body: &[u8]) -> Result<Vec<(String, String)>> {
    let mut values = Vec::new();
    for pair in body
        .split(|byte| *byte == b'&')
        .filter(|pair| !pair.is_empty())
    {
        let mut halves = pair.splitn(2, |byte| *byte == b'=');
        let name = text(halves.next().unwrap_or_default())?;
        values.push((name, text(halves.next().unwrap_or_default())?));
    }
    once_each(&values)?;
    Ok(values)
}

pub fn once_each(values: &[(String, String)]) -> Result<()> {
    let mut seen = HashSet::new();
    if values.iter().all(|(name, _)| seen.insert(name.as_str())) {
        Ok(())
    } else {
        Err(Error::Malformed("a field comes twice"))
    }
}

fn text(encoded: &[u8]) -> Result<String> {
    let spaced = encoded
        .iter()
        .map(|byte| if *byte == b'+' { b' ' } else { *byte });
    let spaced = spaced.collect::<Vec<_>>();
    let half = spaced.iter().enumerate().any(|(at, byte)| {
        *byte == b'%'
            && !spaced
                .get(at + 1..at + 3)
                .is_some_and(|two| two.iter().all(u8::is_ascii_hexdigit))
    });
    if half {
        return Err(Error::Malformed("a half escape"));
    }
    sound(percent_decode(&spaced).collect())
}

/// Text that a database keeps as it is.
pub fn sound(bytes: Vec<u8>) -> Result<String> {
    let text = String::from_utf8(bytes).map_err(|_| Error::Malformed("not UTF-8"))?;
    if text.contains('\0') {
        return Err(Error::Malformed("a NUL in a text"));
    }
    Ok(text)
}

/// Fills `T`. A struct takes its own fields and no others, whether it says so (`deny_unknown_fields`) or not; a map takes all.
pub fn parse<T: DeserializeOwned>(values: Vec<(String, String)>) -> Result<T> {
    T::deserialize(Values(values)).map_err(|_| Error::Malformed("not the fields of this form"))
}

/// What an address asks for after its `?`, as strictly as a form: an unknown or doubled name, or a word that is none of its
/// field's, is no address of ours.
pub fn query<T: DeserializeOwned>(request: &HttpRequest) -> Result<T> {
    parse(decode(request.query_string().as_bytes())?)
}

struct Values(Vec<(String, String)>);

impl<'de> Deserializer<'de> for Values {
    type Error = Unfit;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> std::result::Result<V::Value, Unfit> {
        let values = self.0.into_iter().map(|(name, value)| (name, Value(value)));
        visitor.visit_map(MapDeserializer::new(values))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> std::result::Result<V::Value, Unfit> {
        if let Some((name, _)) = self
            .0
            .iter()
            .find(|(name, _)| !fields.contains(&name.as_str()))
        {
            return Err(Unfit::unknown_field(name, fields));
        }
        self.deserialize_any(visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

/// One field: text; nothing where it is empty and may be missing; true for a ticked box.
struct Value(String);

impl IntoDeserializer<'_, Unfit> for Value {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> Deserializer<'de> for Value {
    type Error = Unfit;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> std::result::Result<V::Value, Unfit> {
        visitor.visit_string(self.0)
    }

    fn deserialize_option<V: Visitor<'de>>(
        self,
        visitor: V,
    ) -> std::result::Result<V::Value, Unfit> {
        if self.0.is_empty() {
            visitor.visit_none()
        } else {
            visitor.visit_some(self)
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> std::result::Result<V::Value, Unfit> {
        match self.0.as_str() {
            "yes" => visitor.visit_bool(true),
            "no" | "" => visitor.visit_bool(false),
            other => Err(Unfit::custom(format_args!("{other} is neither yes nor no"))),
        }
    }

    fn deserialize_i64<V: Visitor<'de>>(self, visitor: V) -> std::result::Result<V::Value, Unfit> {
        visitor.visit_i64(self.0.parse().map_err(unfit)?)
    }

    fn deserialize_u64<V: Visitor<'de>>(self, visitor: V) -> std::result::Result<V::Value, Unfit> {
        visitor.visit_u64(self.0.parse().map_err(unfit)?)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> std::result::Result<V::Value, Unfit> {
        visitor.visit_enum(Word(self.0))
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> std::result::Result<V::Value, Unfit> {
        visitor.visit_newtype_struct(self)
    }

    forward_to_deserialize_any! {
        i8 i16 i32 i128 u8 u16 u32 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple tuple_struct map
        struct identifier ignored_any
    }
}

fn unfit(cause: impl fmt::Display) -> Unfit {
    Unfit::custom(cause)
}

/// One of the words of an enum.
struct Word(String);

impl<'de> EnumAccess<'de> for Word {
    type Error = Unfit;
    type Variant = <StringDeserializer<Unfit> as EnumAccess<'de>>::Variant;

    fn variant_seed<S: serde::de::DeserializeSeed<'de>>(
        self,
        seed: S,
    ) -> std::result::Result<(S::Value, Self::Variant), Unfit> {
        IntoDeserializer::<Unfit>::into_deserializer(self.0).variant_seed(seed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;
    use std::collections::BTreeMap;

    #[derive(Debug, PartialEq, Deserialize)]
    struct Reply {
        body: String,
        choice: Option<Choice>,
        #[serde(default)]
        agreed: bool,
        version: Option<i64>,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Choice {
        Balance,
        PaymentMethod,
    }

    fn read(body: &str) -> Result<Reply> {
        parse(decode(body.as_bytes())?)
    }

    #[test]
    fn a_form_fills_its_struct() {
        let reply =
            read("body=caf%C3%A9+%26+more%0D%0A&choice=payment_method&agreed=yes&version=7")
                .unwrap();
        assert_eq!(reply.body, "café & more\r\n");
        assert_eq!(
            (reply.choice, reply.agreed, reply.version),
            (Some(Choice::PaymentMethod), true, Some(7))
        );
        let bare = read("body=&version=").unwrap();
        assert_eq!(
            (bare.body.as_str(), bare.choice, bare.agreed, bare.version),
            ("", None, false, None)
        );
    }

    #[test]
    fn what_no_page_of_ours_sends_is_refused() {
        for body in [
            "body=a&body=b",
            "body=a&role=manager",
            "body[]=a",
            "body=%ff",
            "body=%C3",
            "body=%zz",
            "body=%4",
            "body=a%00b",
            "choice=balance",
            "body=a&choice=cash",
            "body=a&version=1e3",
            "body=a&version=%D9%A1",
            "body=a&agreed=maybe",
        ] {
            assert!(matches!(read(body), Err(Error::Malformed(_))), "{body}");
        }
    }

    #[test]
    fn a_form_whose_fields_depend_on_the_page_is_a_map() {
        let fields: BTreeMap<String, String> =
            parse(decode(b"delivered=yes&when=&").unwrap()).unwrap();
        assert_eq!(fields["delivered"], "yes");
        assert!(decode(b"when=1&when=2").is_err());
    }
}
