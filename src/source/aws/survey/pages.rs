//! The pages of a list, followed to their end. It must not know what is listed.

use std::collections::HashSet;

use crate::model::Value;
use crate::source::aws::call::{Failure, Meter, Operation, PageTokens};
use crate::source::aws::kind::{Page, id_of, name_of};

/// Pages in a row without a new item, after which a list is given up: AWS may send an empty page, but not twenty.
const MOST_IDLE: usize = 20;

/// The items of a list, as far as its pages could be read.
pub struct Listing {
    pub items: Vec<Value<'static>>,
    pub pages: usize,
    pub failed: Option<Failure>,
}

/// Follows the page tokens of a list to its end, or until the items are `enough`.
pub async fn list<F>(
    operation: Operation,
    most: usize,
    meter: &Meter,
    page: impl Fn(Option<String>) -> F,
    enough: impl Fn(&[Value<'static>]) -> bool,
) -> Listing
where
    F: Future<Output = Result<Page, Failure>>,
{
    let mut listing = Listing {
        items: Vec::new(),
        pages: 0,
        failed: None,
    };
    let (mut tokens, mut token) = (PageTokens::new(operation, most), None);
    let (mut known, mut idle) = (HashSet::new(), 0);
    loop {
        let next = match page(token).await {
            Ok(page) => {
                listing.pages += 1;
                let new = |item: &&Value<'static>| {
                    let key = id_of(item).or_else(|| name_of(item));
                    key.is_none_or(|key| known.insert(key.to_owned()))
                };
                idle = if page.items.iter().filter(new).count() == 0 {
                    idle + 1
                } else {
                    0
                };
                listing.items.extend(page.items);
                if enough(&listing.items) {
                    return listing;
                }
                tokens.next(page.next)
            }
            Err(failure) => Err(failure),
        };
        match next {
            Ok(None) => return listing,
            Ok(next) if idle < MOST_IDLE => token = next,
            Ok(_) => {
                listing.failed = Some(tokens.endless());
                return listing;
            }
            Err(failure) => {
                listing.failed = Some(failure);
                return listing;
            }
        }
        meter.foresee(1);
    }
}

/// Sorts items by their key and keeps each once. Returns the keys of those that were read twice with different contents.
pub fn each_once(
    items: &mut Vec<Value<'static>>,
    key: for<'v> fn(&'v Value<'static>) -> Option<&'v str>,
) -> Vec<String> {
    items.sort_by(|a, b| key(a).cmp(&key(b)));
    let mut twice: Vec<String> = Vec::new();
    items.dedup_by(|later, kept| {
        let same = key(later) == key(kept);
        if same && later != kept {
            twice.extend(key(kept).map(str::to_owned));
        }
        same
    });
    twice.dedup();
    twice
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::source::aws::call::FailureKind;

    const MOST: usize = 100;

    async fn listed(answers: &[Option<&str>]) -> Listing {
        let at = Cell::new(0);
        let answer = |_| {
            at.set(at.get() + 1);
            let next = answers[at.get() - 1].map(str::to_owned);
            std::future::ready(Ok(Page {
                items: vec![Value::text("item")],
                next,
            }))
        };
        list(Operation::GetApis, MOST, &Meter::default(), answer, |_| {
            false
        })
        .await
    }

    #[tokio::test]
    async fn pages_are_followed_to_the_end() {
        let listing = listed(&[Some("a"), Some("b"), None]).await;
        assert_eq!(
            (listing.items.len(), listing.pages, listing.failed.is_none()),
            (3, 3, true)
        );
        assert_eq!(listed(&[Some("")]).await.pages, 1, "an empty token is none");
    }

    #[tokio::test]
    async fn a_circle_of_tokens_is_found_whatever_its_length() {
        for circle in [
            &[Some("a"), Some("a")][..],
            &[Some("a"), Some("b"), Some("a")],
        ] {
            let listing = listed(circle).await;
            assert_eq!(listing.failed.unwrap().code, "RepeatedPageToken");
        }
    }

    #[tokio::test]
    async fn pages_without_new_items_are_given_up_soon() {
        let count = Cell::new(0);
        let answer = |_| {
            count.set(count.get() + 1);
            std::future::ready(Ok(Page {
                items: Vec::new(),
                next: Some(count.get().to_string()),
            }))
        };
        let listing = list(Operation::GetApis, MOST, &Meter::default(), answer, |_| {
            false
        })
        .await;
        assert_eq!(
            (listing.pages, listing.failed.unwrap().kind),
            (MOST_IDLE, FailureKind::Endless)
        );
    }

    #[tokio::test]
    async fn a_list_without_end_is_given_up() {
        let count = Cell::new(0);
        let answer = |_| {
            count.set(count.get() + 1);
            std::future::ready(Ok(Page {
                items: vec![Value::text("item")],
                next: Some(count.get().to_string()),
            }))
        };
        let listing = list(
            Operation::GetStages,
            MOST,
            &Meter::default(),
            answer,
            |_| false,
        )
        .await;
        assert_eq!(
            (listing.pages, listing.failed.unwrap().kind),
            (MOST, FailureKind::Endless)
        );
    }
}
