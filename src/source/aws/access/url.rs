//! URLs without their secrets. It must not know what they lead to.

use crate::model::state::{Warning, WarningKind};

/// The warning that requests to an endpoint are not encrypted.
pub fn plain_http(url: &str) -> Warning {
    let url = masked_url(url);
    let message =
        format!("{url} is not encrypted: signed requests and their answers can be read on the way");
    Warning::new(WarningKind::PlainHttp, message)
}

/// A URL without its secrets: a password, a query.
#[must_use]
pub fn masked_url(url: &str) -> String {
    let (scheme, rest) = url
        .split_once("://")
        .map_or(("", url), |(scheme, rest)| (scheme, rest));
    let scheme = if scheme.is_empty() {
        String::new()
    } else {
        format!("{scheme}://")
    };
    // A password may hold an unescaped slash or at sign.
    match rest.rsplit_once('@') {
        None => format!("{scheme}{}", without_query(rest)),
        Some((user, host)) => {
            // A user without a password may be a token.
            let name = user
                .split_once(':')
                .map(|(name, _)| format!("{name}:"))
                .unwrap_or_default();
            format!("{scheme}{name}***@{}", without_query(host))
        }
    }
}

/// The query and the fragment of a URL may hold a token.
fn without_query(rest: &str) -> String {
    match rest.find(['?', '#']) {
        Some(at) => format!("{}***", &rest[..=at]),
        None => rest.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_not_shown() {
        for (url, shown) in [
            ("http://proxy:3128", "http://proxy:3128"),
            ("http://me:s3cret@proxy:3128", "http://me:***@proxy:3128"),
            ("http://me:s@c/ret@proxy:3128/", "http://me:***@proxy:3128/"),
            ("me:s3cret@proxy", "me:***@proxy"),
            ("http://token@proxy", "http://***@proxy"),
            ("http://proxy/a?token=s3cret", "http://proxy/a?***"),
            ("http://me:s?x@proxy/#s3cret", "http://me:***@proxy/#***"),
        ] {
            assert_eq!(masked_url(url), shown);
        }
    }
}
