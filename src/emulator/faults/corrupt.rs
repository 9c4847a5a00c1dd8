//! Corrupt answers: documents that no client expects, in bytes that arrive well.

use serde_json::Value;

use crate::emulator::fleet::document::with;
use crate::emulator::wire::Reply;

/// The members of all answers in which the items of a list are.
const LISTS: [&str; 5] = [
    "items",
    "Accounts",
    "Roots",
    "OrganizationalUnits",
    "Regions",
];

/// A value of each enumeration that no client knows.
const UNKNOWN: [(&str, &str); 5] = [
    ("loggingLevel", "VERBOSE"),
    ("protocolType", "GRPC"),
    ("Status", "FROZEN"),
    ("State", "FROZEN"),
    ("RegionOptStatus", "PAUSED"),
];

/// Puts a value that no client knows in the place of every enumeration.
pub fn unknown_enums(reply: Reply) -> Reply {
    rewritten(reply, |body| {
        each_document(body, |document| {
            // A stage of an HTTP API has no level; here it has one, too.
            if document.get("stageName").is_some() {
                *document = with(
                    document.take(),
                    serde_json::json!({"defaultRouteSettings": {"loggingLevel": ""}}),
                );
            }
            replace_enums(document);
        });
    })
}

/// Each list begins with a null.
pub fn null_items(reply: Reply) -> Reply {
    rewritten(reply, |body| {
        for list in LISTS {
            if let Some(items) = body.get_mut(list).and_then(Value::as_array_mut) {
                items.insert(0, Value::Null);
            }
        }
    })
}

/// Null in the place of each list.
pub fn null_list(reply: Reply) -> Reply {
    rewritten(reply, |body| {
        for list in LISTS {
            if let Some(items) = body.get_mut(list) {
                *items = Value::Null;
            }
        }
    })
}

/// The answer with `changes` merged into each of its documents.
pub fn changed(reply: Reply, changes: &Value) -> Reply {
    rewritten(reply, |body| {
        each_document(body, |document| {
            *document = with(document.take(), changes.clone());
        });
    })
}

/// The answer but for its last byte, and then spaces up to so many bytes.
pub fn oversized(mut reply: Reply, bytes: usize) -> Reply {
    reply.body.pop();
    if reply.body.len() < bytes {
        reply.body.resize(bytes, b' ');
    }
    reply
}

/// A body that claims to be compressed, and is garbage.
pub fn gzip_garbage() -> Reply {
    let garbage: Vec<u8> = (0..200_u8)
        .map(|at| at.wrapping_mul(167).wrapping_add(91))
        .collect();
    Reply {
        content_encoding: Some("gzip"),
        ..Reply::json(garbage)
    }
}

/// XML stays as it is: nothing here has an enumeration or a list in it that matters.
fn rewritten(mut reply: Reply, change: impl FnOnce(&mut Value)) -> Reply {
    if let Ok(mut body) = serde_json::from_slice::<Value>(&reply.body) {
        change(&mut body);
        reply.body = body.to_string().into_bytes();
    }
    reply
}

/// The items of a list, or else the answer itself.
fn each_document(body: &mut Value, mut change: impl FnMut(&mut Value)) {
    for list in LISTS {
        if let Some(items) = body.get_mut(list).and_then(Value::as_array_mut) {
            items.iter_mut().for_each(change);
            return;
        }
    }
    change(body);
}

fn replace_enums(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                match UNKNOWN.iter().find(|(known, _)| known == name) {
                    Some((_, unknown)) => *member = (*unknown).into(),
                    None => replace_enums(member),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(replace_enums),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(change: impl Fn(Reply) -> Reply, body: &Value) -> Value {
        serde_json::from_slice(&change(Reply::json(body.to_string())).body).unwrap()
    }

    #[test]
    fn enumerations_are_replaced_wherever_they_are() {
        let page = json!({"items": [{"stageName": "a"}, {"protocolType": "HTTP", "name": "x"}]});
        let expected = json!({"items": [
            {"stageName": "a", "defaultRouteSettings": {"loggingLevel": "VERBOSE"}},
            {"protocolType": "GRPC", "name": "x"},
        ]});
        assert_eq!(of(unknown_enums, &page), expected);
        let accounts = json!({"Accounts": [{"Id": "1", "Status": "ACTIVE", "State": "ACTIVE"}]});
        assert_eq!(
            of(unknown_enums, &accounts)["Accounts"][0]["State"],
            "FROZEN"
        );
    }

    #[test]
    fn nulls_come_before_the_items_or_in_their_place() {
        let page = json!({"items": [{}], "nextToken": "a"});
        assert_eq!(
            of(null_items, &page),
            json!({"items": [null, {}], "nextToken": "a"})
        );
        assert_eq!(
            of(null_list, &page),
            json!({"items": null, "nextToken": "a"})
        );
    }

    #[test]
    fn changes_go_into_a_document_alone_or_in_a_list() {
        let change = |reply| changed(reply, &json!({"a": 1, "b": null}));
        assert_eq!(of(change, &json!({"b": 2})), json!({"a": 1}));
        assert_eq!(
            of(change, &json!({"items": [{"b": 2}]})),
            json!({"items": [{"a": 1}]})
        );
    }

    #[test]
    fn an_oversized_answer_is_the_beginning_of_the_right_one() {
        let reply = oversized(Reply::json(r#"{"items":[]}"#), 1000);
        assert_eq!(reply.body.len(), 1000);
        assert!(reply.body.starts_with(br#"{"items":[] "#));
    }
}
