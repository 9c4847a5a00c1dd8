//! Pages of a list and the opaque tokens between them. It knows positions only, never what the list holds.
//!
//! A token is bound to its list (account, Region and what is listed), so one that was made for another list is refused. It
//! always contains `+`, `/` and `=`: a client that does not escape it never gets its second page.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::Range;

use super::refusal::Refusal;
use super::signature::Caller;

#[derive(Debug, PartialEq, Eq)]
pub struct PageRange {
    pub items: Range<usize>,
    pub next: Option<String>,
}

/// The paging of a right or faulty server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paging {
    Faithful,
    /// Each page's token leads to that page again.
    RepeatToken,
    /// Before the first page comes one without items.
    EmptyPageFirst,
    /// After the last page come pages without items, each with a token of its own, for ever.
    Endless,
}

/// A list that is read page by page.
#[derive(Clone, Copy, Debug)]
pub struct List<'a> {
    pub caller: &'a Caller<'a>,
    /// The name of the list: an API's stages, an organizational unit's accounts.
    pub of: &'a str,
    pub length: usize,
    pub page_size: usize,
    /// The largest `maxResults` that the service takes.
    pub largest: usize,
}

impl List<'_> {
    pub fn page(
        &self,
        max_results: Option<&str>,
        next_token: Option<&str>,
        paging: Paging,
    ) -> Result<PageRange, Refusal> {
        let size = self.size(max_results)?;
        let start = next_token.map_or(Ok(0), |token| self.position(token, paging))?;
        if paging == Paging::EmptyPageFirst && next_token.is_none() {
            return Ok(PageRange {
                items: 0..0,
                next: Some(self.token(0)),
            });
        }
        if paging == Paging::Endless && start >= self.length {
            return Ok(PageRange {
                items: 0..0,
                next: Some(self.token(start + 1)),
            });
        }
        let start = self.length.min(start);
        let end = self.length.min(start + size);
        let next = match paging {
            Paging::RepeatToken => Some(self.token(start)),
            Paging::Endless => Some(self.token(end)),
            Paging::Faithful | Paging::EmptyPageFirst => {
                (end < self.length).then(|| self.token(end))
            }
        };
        Ok(PageRange {
            items: start..end,
            next,
        })
    }

    fn size(&self, max_results: Option<&str>) -> Result<usize, Refusal> {
        // A page size of 0 would never come to an end.
        let own = self.page_size.max(1);
        match max_results.map(str::parse::<usize>) {
            None => Ok(own),
            Some(Ok(requested)) if (1..=self.largest).contains(&requested) => {
                Ok(requested.min(own))
            }
            Some(_) => {
                let largest = self.largest;
                Err(Refusal::bad_request(format!(
                    "Invalid value for maxResults: must be between 1 and {largest}"
                )))
            }
        }
    }

    fn token(&self, position: usize) -> String {
        let mut hasher = DefaultHasher::new();
        (&self.caller.account, &self.caller.region, self.of, position).hash(&mut hasher);
        format!("{:016x}+{position:x}/==", hasher.finish())
    }

    fn position(&self, token: &str, paging: Paging) -> Result<usize, Refusal> {
        token
            .split_once('+')
            .and_then(|(_, rest)| rest.strip_suffix("/=="))
            .and_then(|position| usize::from_str_radix(position, 16).ok())
            .filter(|position| paging == Paging::Endless || *position <= self.length)
            .filter(|position| self.token(*position) == token)
            .ok_or_else(Refusal::bad_token)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caller(region: &str) -> Caller<'_> {
        Caller {
            account: "111122223333",
            region,
            ..Caller::default()
        }
    }

    fn list<'a>(caller: &'a Caller<'a>, of: &'a str) -> List<'a> {
        List {
            caller,
            of,
            length: 10,
            page_size: 4,
            largest: 500,
        }
    }

    #[test]
    fn every_item_is_on_one_page() {
        let caller = caller("us-east-1");
        let list = list(&caller, "");
        let (mut seen, mut token, mut pages) = (Vec::new(), None, 0);
        loop {
            let page = list.page(None, token.as_deref(), Paging::Faithful).unwrap();
            seen.extend(page.items);
            pages += 1;
            token = page.next;
            let Some(token) = &token else { break };
            assert!(
                ["+", "/", "="]
                    .iter()
                    .all(|character| token.contains(character)),
                "{token}"
            );
        }
        assert_eq!((seen, pages), ((0..10).collect::<Vec<_>>(), 3));
    }

    #[test]
    fn max_results_narrows_and_never_widens() {
        let caller = caller("us-east-1");
        let list = list(&caller, "");
        for (max_results, length) in [("1", 1), ("4", 4), ("500", 4)] {
            assert_eq!(
                list.page(Some(max_results), None, Paging::Faithful)
                    .unwrap()
                    .items
                    .len(),
                length
            );
        }
        for bad in ["0", "501", "-1", "", "ten"] {
            list.page(Some(bad), None, Paging::Faithful).unwrap_err();
        }
    }

    #[test]
    fn a_token_of_another_list_is_refused() {
        let (here, there) = (caller("us-east-1"), caller("eu-west-1"));
        let token = list(&here, "")
            .page(None, None, Paging::Faithful)
            .unwrap()
            .next
            .unwrap();
        for other in [list(&there, ""), list(&here, "a1b2c3d4e5")] {
            assert_eq!(
                other.page(None, Some(&token), Paging::Faithful),
                Err(Refusal::bad_token())
            );
        }
        let unescaped = token.replace('+', " ");
        assert_eq!(
            list(&here, "").page(None, Some(&unescaped), Paging::Faithful),
            Err(Refusal::bad_token())
        );
    }

    #[test]
    fn endless_pages_hold_every_item_once_and_never_the_same_token_again() {
        let caller = caller("us-east-1");
        let list = list(&caller, "");
        let (mut tokens, mut seen, mut token) = (Vec::new(), Vec::new(), None);
        for _ in 0..20 {
            let page = list.page(None, token.as_deref(), Paging::Endless).unwrap();
            seen.extend(page.items);
            tokens.push(page.next.clone().unwrap());
            token = page.next;
        }
        assert_eq!(seen, (0..10).collect::<Vec<_>>());
        tokens.sort();
        tokens.dedup();
        assert_eq!(tokens.len(), 20);
    }
}
