//! Values as the language sees them: what unset means, what presence is, and the text that is compared.

use std::borrow::Cow;

use super::truth::Truth;
use crate::model::catalogue::{Field, Unset};
use crate::model::value::Value;

static FALSE: Value<'static> = Value::Boolean(false);
static OFF: Value<'static> = Value::Text(Cow::Borrowed("OFF"));

/// A value with its meaning filled in: what AWS leaves out is false, OFF or empty where the catalogue documents it.
#[must_use]
pub fn resolve<'v>(field: &Field, value: &'v Value<'v>) -> &'v Value<'v> {
    match (value, field.unset) {
        (Value::Unset, Unset::False) => &FALSE,
        (Value::Unset, Unset::Text(text)) => {
            debug_assert_eq!(
                OFF.as_text(),
                Some(text),
                "LoggingLevel alone has a text for a default"
            );
            &OFF
        }
        _ => value,
    }
}

/// The presence of a value: of a struct, that some member is set; of a map, that some key that fits `*`, so none of
/// AWS's own, is not empty.
pub fn presence(value: &Value<'_>) -> Truth {
    let some = |found: &mut dyn Iterator<Item = Truth>| {
        Truth::any([Truth::False].into_iter().chain(found))
    };
    match value {
        Value::NotStated => Truth::Unknown,
        Value::Struct(members) => some(&mut members.iter().map(presence)),
        Value::Map(entries) => some(
            &mut entries
                .iter()
                .filter(|(key, _)| !key.starts_with("aws:"))
                .map(|(_, value)| presence(value)),
        ),
        other => Truth::from(!other.is_unset()),
    }
}

/// The text that comparisons see: a log group's ARN without the `:*` that some write behind it.
#[must_use]
pub fn compared<'t>(field: &Field, text: &'t str) -> &'t str {
    if field.log_group_arn {
        text.strip_suffix(":*").unwrap_or(text)
    } else {
        text
    }
}
