//! The catalogue: every field of an API and its stage, one row each. Data only; it must not know who reads it.
//!
//! Type checks, decoding, defaults and redaction all come from these rows. The names are those
//! of the AWS CLI (`aws apigatewayv2 get-stage`); on the wire the first letter is in lower case.

pub mod api;
mod field;
pub mod form;
pub mod ours;
pub mod route;
pub mod stage;

pub use self::api::{API, API_FIELD, CORS};
pub use self::field::{Field, Kind, Row, Unset, map, position, structure};
pub use self::form::Form;
pub use self::ours::OURS;
pub use self::route::ROUTE_SETTINGS;
pub use self::stage::{ACCESS_LOG_SETTINGS, STAGE, STAGE_FIELD};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::protocol::Protocols;

    fn rows() -> Vec<&'static Field> {
        fn below(fields: &'static [Field], into: &mut Vec<&'static Field>) {
            for field in fields {
                into.push(field);
                below(field.members(), into);
            }
        }
        let mut all = Vec::new();
        below(STAGE, &mut all);
        below(API, &mut all);
        all
    }

    #[test]
    fn rows_are_in_byte_order_and_described() {
        for list in [STAGE, API, CORS, ROUTE_SETTINGS, ACCESS_LOG_SETTINGS] {
            assert!(list.windows(2).all(|pair| pair[0].name < pair[1].name));
        }
        for field in rows() {
            assert!(
                field.name.as_bytes()[0].is_ascii_uppercase(),
                "{}",
                field.name
            );
            assert!(field.about.ends_with('.'), "{}", field.name);
        }
    }

    #[test]
    fn both_spellings_are_known_and_no_other() {
        let field = &STAGE[stage::NAME.at];
        assert!(field.is_spelt("StageName") && field.is_spelt("stageName"));
        assert!(!field.is_spelt("stagename") && !field.is_spelt("Stage") && !field.is_spelt(""));
    }

    #[test]
    fn what_each_protocol_lacks_is_what_aws_documents() {
        let only = |on| {
            rows()
                .into_iter()
                .filter(|field| field.on == on)
                .map(|field| field.name)
                .collect::<Vec<_>>()
        };
        let mut websocket = only(Protocols::WEBSOCKET);
        websocket.sort_unstable();
        websocket.dedup();
        assert_eq!(
            websocket,
            [
                "ApiKeySelectionExpression",
                "ClientCertificateId",
                "DataTraceEnabled",
                "DisableSchemaValidation",
                "LoggingLevel"
            ]
        );
        assert_eq!(
            only(Protocols::HTTP),
            ["CorsConfiguration", "ImportInfo", "Warnings"]
        );
    }
}
